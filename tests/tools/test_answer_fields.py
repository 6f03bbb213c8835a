"""Every field of every answer follows one rule of its kind: formats, enums, labels in two languages, names by codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.openapi import document
from tools.openapi.schema_names import PREFIX

DOCUMENT = document()
SCHEMAS: Mapping[str, Any] = DOCUMENT["components"]["schemas"]

#: Fields with a value of a closed set.
_CLOSED = frozenset(
    {
        "account",
        "action",
        "actions",
        "band",
        "change",
        "currency",
        "delivery",
        "disabled_reason",
        "event",
        "event_type",
        "hold",
        "holds",
        "kind",
        "move",
        "outcome",
        "role",
        "roles",
        "rule",
        "shortage_policy",
        "state",
        "status",
        "step",
        "types",
    }
)
#: The fields that an answer has beside a code: all of one of the groups.
_NAMES_BESIDE: Mapping[str, tuple[frozenset[str], ...]] = {
    "dealer_id": (frozenset({"dealer_name"}), frozenset({"name", "territory"})),
    "warehouse": (frozenset({"warehouse_name_zh", "warehouse_name_en"}), frozenset({"name_zh", "name_en"})),
    "to_warehouse": (frozenset({"to_warehouse_name_zh", "to_warehouse_name_en"}),),
    "sku": (frozenset({"name_zh"}), frozenset({"product_name_zh"})),
    "username": (frozenset({"name"}), frozenset({"user_name"})),
    "user_id": (frozenset({"name"}),),
}
#: Names in Chinese only: the pages of many products have no English ones, which are optional.
_CHINESE_ONLY = frozenset({"name_zh", "product_name_zh"})
#: Labels that a dealer gives to its own addresses, in its own words.
_OWN_WORDS = frozenset({("AddressView", "label"), ("OrderAddress", "label")})
#: Answers that only confirm a write repeat what the request named, and no name is read for them: the order path may not
#: get dearer, and a recorded answer is replayed as it was.
_WITHOUT_NAMES = frozenset(
    {
        "OrderConfirmation",  # POST /orders
        "OrderSummary",  # approve and the other actions; the dealer reads the order itself with names
        "ShipmentConfirmation",  # ship
        "VoidedShipment",
        "InvitationView",  # an import of 500 dealers names its users itself
    }
)


def test_moments_and_days_of_answers_have_their_format() -> None:
    wrong = []
    for schema, name, field in fields():
        wanted = "date" if _is_day(name) else "date-time" if _is_moment(name) else None
        for one in _alternatives(field):
            if wanted and one.get("type") == "string" and one.get("format") != wanted:
                wrong.append(f"{schema}.{name}: {wanted}")
            if not wanted and one.get("format") in {"date", "date-time"}:
                wrong.append(f"{schema}.{name} has a format that its name does not show")
    assert wrong == []


def test_closed_sets_of_answers_are_enums() -> None:
    wrong = [
        f"{schema}.{name}"
        for schema, name, field in fields()
        if name in _CLOSED and not all(_is_enum(one) for one in _alternatives(field))
    ]
    assert wrong == []


def test_labels_of_answers_come_in_two_languages() -> None:
    wrong = []
    for schema, name, _ in fields():
        named = set(SCHEMAS[schema]["properties"])
        if (name == "label" or name.endswith("_label")) and (schema, name) not in _OWN_WORDS:
            wrong.append(f"{schema}.{name}: not label_zh and label_en")
        for here, there in (("_zh", "_en"), ("_en", "_zh")):
            if name.endswith(here) and name[:-3] + there not in named and name not in _CHINESE_ONLY:
                wrong.append(f"{schema}.{name} without {name[:-3]}{there}")
    assert wrong == []


def test_examples_of_answers_have_no_text_in_two_languages() -> None:
    """Except in advice, which is for people and as a whole."""
    wrong = [
        f"{schema}.{name}"
        for schema, name, field in fields()
        for one in [field.get("example"), *field.get("enum", [])]
        if isinstance(one, str) and " / " in one and name != "detail"
    ]
    assert wrong == []


def test_answers_name_what_they_show_by_a_code() -> None:
    wrong = []
    for schema, name, _ in fields():
        groups = _NAMES_BESIDE.get(name, ())
        if groups and schema not in _WITHOUT_NAMES and not any(group <= _names_in(schema) for group in groups):
            wrong.append(f"{schema}.{name} without {' or '.join(', '.join(sorted(group)) for group in groups)}")
    assert wrong == []


def test_exceptions_are_answers_that_lack_names() -> None:
    lacking = {
        schema
        for schema, name, _ in fields()
        for group in _NAMES_BESIDE.get(name, ())[:1]
        if not group <= _names_in(schema)
    }
    assert lacking >= _WITHOUT_NAMES
    assert {(schema, name) for schema, name, _ in fields()} >= _OWN_WORDS


def fields() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (schema, name of the field, its schema) of everything that an operation answers when it succeeds."""
    for schema in sorted(_answered()):
        for name, field in SCHEMAS[schema].get("properties", {}).items():
            yield schema, name, field


def _answered() -> set[str]:
    found: set[str] = set()
    waiting = [
        answer["content"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status < "300"
    ]
    while waiting:
        for name in set(_references(waiting.pop())) - found:
            found.add(name)
            waiting.append(SCHEMAS[name])
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(PREFIX)
        for name, inner in value.items():
            if name != "example":
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _alternatives(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the schemas of which a value follows one: without null, of a list those of its items."""
    if "anyOf" in field:
        return [inner for one in field["anyOf"] if one.get("type") != "null" for inner in _alternatives(one)]
    if field.get("type") == "array":
        return _alternatives(field["items"])
    if "$ref" in field:
        return [SCHEMAS[field["$ref"].removeprefix(PREFIX)]]
    return [field]


def _is_enum(field: Mapping[str, Any]) -> bool:
    return "enum" in field or "const" in field or "properties" in field or field.get("type") in {"integer", "boolean"}


def _is_moment(name: str) -> bool:
    return name in {"at", "as_of"} or name.endswith(("_at", "_since", "_until", "_time"))


def _is_day(name: str) -> bool:
    return name in {"day", "from", "to", "valid_from", "valid_to", "calendar_known_until", "document_date"} or (
        name.endswith(("_on", "_day"))
    )


def _names_in(schema: str) -> set[str]:
    return set(SCHEMAS[schema]["properties"])
