"""One plain name for each model of the document.

pydantic names two models of one class name by their modules: `services__tickets__api__TimelineEntry`. Generators of
clients cut such names at `__` or take them apart, and lose every operation that refers to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

PREFIX = "#/components/schemas/"
_DIVIDER = "__"
#: Folders that contain services and do not describe a model.
_PLACES = frozenset({"services", "api"})


def with_plain_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with letters and digits only in the names of its schemas.

    Raises:
        ValueError: two models would have the same name.
    """
    schemas = document["components"]["schemas"]
    names = plain_names(schemas)
    renamed = {
        **document,
        "components": {
            **document["components"],
            "schemas": {names[name]: {**schema, "title": names[name]} for name, schema in schemas.items()},
        },
    }
    result: dict[str, Any] = _with_references(renamed, lambda reference: names[reference])
    return result


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Return the plain name of each name: a model whose class name is not unique gets its service as prefix.

    Where a service has two models of the name, the names of their rooms come between: `OrdersTrackingTimelineEntry`.

    Raises:
        ValueError: two models would have the same name.
    """
    written = list(names)
    short = {name: _name_from(name, whole=False) for name in written}
    used = Counter(short.values())
    plain = {name: one if used[one] == 1 else _name_from(name, whole=True) for name, one in short.items()}
    doubled = sorted(one for one, number in Counter(plain.values()).items() if number > 1)
    if doubled:
        raise ValueError(f"two models are named {doubled[0]}: rename one of the classes")
    return plain


def _name_from(name: str, *, whole: bool) -> str:
    *modules, model = name.split(_DIVIDER)
    places = [place for place in modules if place not in _PLACES]
    return "".join(map(_capitalised, [*(places if whole else places[:1]), model]))


def _capitalised(name: str) -> str:
    parts = "".join(one if one.isalnum() else " " for one in name).split()
    return "".join(part[0].upper() + part[1:] for part in parts)


def _with_references(value: Any, name_of: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: PREFIX + name_of(inner.removeprefix(PREFIX))
            if key == "$ref" and isinstance(inner, str) and inner.startswith(PREFIX)
            else _with_references(inner, name_of)
            for key, inner in value.items()
        }
    return [_with_references(inner, name_of) for inner in value] if isinstance(value, list) else value
