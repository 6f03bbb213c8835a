"""Bases and field types of request and answer models.

Models are built at their first use (`defer_build`): an invocation needs one or two of those that a function imports.
Modules of models and routes do without `from __future__ import annotations`: pydantic and the routes read annotations
at import, and postponed ones would be compiled once more.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from kernel.base.codes import fold
from kernel.base.phones import phone_in_one_form
from kernel.base.problems import FieldProblem
from kernel.http.codes import AddressId as AddressId
from kernel.http.codes import BankAccount as BankAccount
from kernel.http.codes import BankReference as BankReference
from kernel.http.codes import DealerId as DealerId
from kernel.http.codes import DocumentNumber as DocumentNumber
from kernel.http.codes import PriceListId as PriceListId
from kernel.http.codes import PrintedSku as PrintedSku
from kernel.http.codes import Reference as Reference
from kernel.http.codes import Sku as Sku
from kernel.http.codes import SkuList as SkuList
from kernel.http.codes import Username as Username
from kernel.http.codes import WarehouseId as WarehouseId


class Body(BaseModel):
    """Request body. Unknown fields are refused and no value is coerced (no "5" for 5, no true for 1)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @classmethod
    def problems_across(cls, value: Any) -> list[FieldProblem]:
        """Return problems between several fields, which are answered together with those of single fields.

        Args:
            value: parsed JSON of any shape.
        """
        return []


class Answer(BaseModel):
    """Answer body."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Return the schema for the API document; moments and days have their format."""
        from kernel.http.field_formats import with_formats  # only documents need it

        described = handler(schema)
        with_formats(handler.resolve_ref_schema(described))
        return dict(described)


class Query(BaseModel):
    """Query parameters. Numbers and flags are parsed from text; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def _require_day_of_our_time(day: date) -> date:
    """Refuse a day that is a typing error, such as the year 0202: no business has it, and sums of days overflow."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise PydanticCustomError(
            "day-out-of-range",
            "日期须在 2000-01-01 至 2099-12-31 之间,如 2026-11-28 / name a day from 2000-01-01 to 2099-12-31, such as "
            "2026-11-28",
        )
    return day


#: Day that a request names.
Day = Annotated[date, AfterValidator(_require_day_of_our_time)]


#: Unicode categories that are invisible or break a line: control, format, surrogate, private, unassigned, separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Most characters of a code that a refusal repeats.
_MAX_SHOWN = 60
#: Two format characters that are allowed: some scripts and emoji need them.
_JOINERS = "\u200c\u200d"


def _refuse_hidden(text: str, *, except_for: str = _JOINERS) -> str:
    if any(category(character) in _HIDDEN and character not in except_for for character in text):
        raise ValueError("不可含控制字符 / control characters are not allowed")
    return text


def _line(text: str) -> str:
    if not text.strip(_JOINERS):
        raise ValueError("不可为空 / must not be empty")
    return _refuse_hidden(text)


def _paragraph(text: str) -> str:
    return _refuse_hidden(text.replace("\r\n", "\n"), except_for=_JOINERS + "\n\t").strip()


def _plain_decimal(value: Decimal) -> Decimal:
    if value.is_nan() or value.is_infinite():
        raise ValueError("应为数字 / not a number")
    return value


def rows_with_paths(value: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return path and content of the rows in a list of an unchecked body: ("users.3", {…}), without other values."""
    values = value.get(name) if isinstance(value, dict) else None
    rows = values if isinstance(values, list) else []
    return [(f"{name}.{index}", row) for index, row in enumerate(rows) if isinstance(row, dict)]


def problems_of_repeated_names(named: Iterable[tuple[str, Any]]) -> list[FieldProblem]:
    """Return a problem for every field whose code an earlier field already has, however it is written.

    Args:
        named: (field path, value) in the order of the request.
    """
    first: dict[str, tuple[str, str]] = {}
    problems = []
    for field, value in named:
        if not isinstance(value, str):
            continue
        earlier, written = first.setdefault(fold(value), (field, value))
        if earlier != field:
            where = f"{earlier}({written[:_MAX_SHOWN]})"
            detail = f"{value[:_MAX_SHOWN]} 与 {where} 重复 / the same as {where}"
            problems.append(FieldProblem(field=field, code="repeated", detail=detail))
    return problems


def one_of(values: Callable[[], Iterable[str]]) -> Any:
    """Return the annotation of a text in an answer that is one of these values: the API document lists them.

    They are computed for the document only. An answer is not checked: what is stored may be of a former release.
    """
    return Field(json_schema_extra=lambda schema: schema.update({"enum": [*sorted(values())]}))


#: For mappings of plain values: the key order is ignored, so two bodies that differ only in it are the same request.
IGNORE_KEY_ORDER = PlainSerializer(lambda values: dict(sorted(values.items())), when_used="json")
#: Pieces on one order line.
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
#: Pieces counted, possibly none.
QuantityOrZero = Annotated[int, Field(ge=0, le=1_000_000)]
#: An amount in fen, zero to one billion yuan.
FenOrZero = Annotated[int, Field(ge=0, le=100_000_000_000)]
#: A positive amount in fen, at most one billion yuan.
Fen = Annotated[int, Field(ge=1, le=100_000_000_000)]
#: Satisfaction from 1 to 5, 5 is best.
Score = Annotated[int, Field(ge=1, le=5)]
#: A tax-inclusive price in yuan for one piece, exact, sent as text: "12.5".
UnitPrice = Annotated[
    Decimal,
    Field(ge=0, max_digits=15, decimal_places=6),
    AfterValidator(_plain_decimal),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
]
#: One line of text.
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_line)]
#: Text of several lines.
Text = Annotated[str, Field(max_length=2_000), AfterValidator(_paragraph)]
#: A telephone number, stored in E.164.
Phone = Annotated[str, AfterValidator(phone_in_one_form)]


def mask_phone(phone: str) -> str:
    """Return a phone number in E.164 without its middle digits: `+8613812345678` becomes `+86138****5678`."""
    return f"{phone[:-8]}****{phone[-4:]}"
