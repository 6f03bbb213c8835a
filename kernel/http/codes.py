"""Field types of codes. However a code is written, it is read as its folded form (kernel/base/codes.py).

A field of a body or query, or a variable of a path, has one of these types exactly if it names something by a code. The
forms are those that cartons, documents and ERP systems print.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from kernel.base.codes import fold, fold_text, is_letter_or_digit, printed_form
from kernel.base.problems import FieldProblem
from kernel.http.field_messages import MALFORMED

#: Longest text that is read as a code at all; much of it may be blanks.
MAX_TEXT = 200
#: Results of each type that a process keeps. The same SKUs come again and again; a look-up takes no Python code.
_REMEMBERED = 4_096
#: Signs with which no code begins: these texts would be options, paths or formulas elsewhere.
_NEVER_FIRST = frozenset("-_./*+):")


class CodeType:
    """Form of a code: its letters, digits and signs. As part of an annotation it makes a field fold its text.

    Args:
        example: shown in refusals and in the API document.
        signs: allowed besides letters, digits and blanks.
        longest: most characters of the folded form.
        ascii_only: allow no letters and digits but those of ASCII.
        as_printed: keep the printed form for people; who stores or compares the code folds it.
    """

    def __init__(
        self,
        example: str,
        signs: str,
        longest: int,
        shortest: int = 1,
        *,
        ascii_only: bool = False,
        as_printed: bool = False,
    ) -> None:
        self.example = example
        self.longest_text = MAX_TEXT
        self._signs = signs
        self._longest = longest
        self._shortest = shortest
        self._ascii_only = ascii_only
        self._as_printed = as_printed
        self.read = lru_cache(maxsize=_REMEMBERED)(self._read)

    def _read(self, text: str) -> str:
        """Return the folded form of a code, or its printed form.

        Raises:
            ValueError: the text is no such code; the message names what is allowed.
        """
        code = fold(text) if len(text) <= MAX_TEXT else text
        if not self._shortest <= len(code) <= self._longest:
            raise PydanticCustomError(MALFORMED, self._advice("长度不对", "has another length"))
        printed = printed_form(text)
        wrong = next((one for one in printed if not self._may_contain(one)), None)
        if wrong is not None:
            shown = wrong if wrong.isprintable() else f"U+{ord(wrong):04X}"
            raise PydanticCustomError(MALFORMED, self._advice(f"不可含“{shown}”", f"must not contain “{shown}”"))
        if code[0] in _NEVER_FIRST or not any(map(is_letter_or_digit, code)):
            raise PydanticCustomError(
                MALFORMED, self._advice("须以字母或数字开头", "must begin with a letter or digit")
            )
        return printed if self._as_printed else code

    def _may_contain(self, character: str) -> bool:
        """Return True for a blank, and for a character whose folded form consists of allowed ones."""
        return all(
            one in self._signs or (is_letter_or_digit(one) and (one.isascii() or not self._ascii_only))
            for one in fold(character).replace("＃", "#")
        )

    def _advice(self, chinese: str, english: str) -> str:
        letters = "字母、数字" if self._ascii_only else "字母、汉字、数字"
        signs = f" {' '.join(self._signs)}" if self._signs else ""
        return (
            f"{chinese};应为 {self._shortest}–{self._longest} 个{letters}{signs},如 {self.example} / {english}; use "
            f"{self._shortest} to {self._longest} letters, digits{signs}, such as {self.example}"
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Return the schema of the annotated text, folded after its own checks."""
        return core_schema.no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        """Return the schema for the API document."""
        return {**handler(schema), "maxLength": self.longest_text, "examples": [self.example]}


class CodeListType(CodeType):
    """Form of a text with several codes, separated by commas. It is read as their folded forms, each once."""

    def __init__(self, of: CodeType, longest_text: int) -> None:
        super().__init__(f"{of.example},{of.example}", "", longest_text)
        self.longest_text = longest_text
        self._of = of

    def _read(self, text: str) -> str:
        if len(text) > self.longest_text:
            raise PydanticCustomError(
                MALFORMED, f"最多 {self.longest_text} 个字符 / at most {self.longest_text} characters"
            )
        codes = [code for code in fold_text(text).replace("、", ",").split(",") if code.strip()]
        if not codes:
            raise PydanticCustomError(MALFORMED, f"请列出编码,如 {self.example} / list codes, such as {self.example}")
        return ",".join(dict.fromkeys(map(self._of.read, codes)))


#: Signs that cartons and documents bear in codes.
_PRINTED_SIGNS = "-_./*+()#"
_SKU = CodeType("QP3-03-E2730", _PRINTED_SIGNS, longest=40)

#: A product code as printed on the carton.
Sku = Annotated[str, _SKU]
#: A product code whose printed form is kept: of the product itself.
PrintedSku = Annotated[str, CodeType("QP3-03-E2730", _PRINTED_SIGNS, longest=40, as_printed=True)]
#: Product codes, separated by commas.
SkuList = Annotated[str, CodeListType(_SKU, longest_text=2_000)]
#: Number of a document on paper or of another system: delivery note, count, waybill; also of a piece or a lot.
Reference = Annotated[str, CodeType("SN 2026/01 #3", _PRINTED_SIGNS, longest=40)]
BankAccount = Annotated[str, CodeType("MAIN", "-_.", longest=16, shortest=2)]
#: Number of a payment at the bank, as printed on the dealer's statement; ERP systems print a note there.
BankReference = Annotated[str, CodeType("电汇20261127", _PRINTED_SIGNS + ":", longest=60, as_printed=True)]
DealerId = Annotated[str, CodeType("01.0001", "-_.", longest=16, shortest=2)]
PriceListId = Annotated[str, CodeType("A-2026", "-_.", longest=24)]
#: ASCII, because it is the message group of the warehouse's queues.
WarehouseId = Annotated[str, CodeType("GZ", "", longest=10, shortest=2, ascii_only=True)]
#: Number that this system gave a delivery address of a dealer.
AddressId = Annotated[str, CodeType("A1", "", longest=8, shortest=2, ascii_only=True)]
#: Number that this system gave an order, a ticket or a statement; it contains the dealer id.
DocumentNumber = Annotated[str, CodeType("D0001-000123", "-_.", longest=40)]
#: ASCII in lower case, for the identity provider.
Username = Annotated[
    str, CodeType("zhang.san", "-_.", longest=63, shortest=2, ascii_only=True), AfterValidator(str.lower)
]


def malformed_problem(annotation: Any, field: str, text: str) -> FieldProblem | None:
    """Return the problem of a text of a path that cannot be a code of this field type; None if it can be one."""
    code_type = code_type_of(annotation)
    assert code_type is not None
    try:
        code_type.read(text)
    except PydanticCustomError as error:
        return FieldProblem(field=field, code=MALFORMED, detail=error.message())
    return None


def code_type_of(annotation: Any) -> CodeType | None:
    """Return the form of an annotated code, or None for any other annotation."""
    return next((one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, CodeType)), None)
