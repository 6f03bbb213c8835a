"""Grades of dealers with their service terms: one closed table, the master of every field that names a grade."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NamedTuple, NoReturn

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError


class Grade(StrEnum):
    """Code of a dealer's grade, as it is stored."""

    A = "A"
    B = "B"
    PROJECT = "P"
    C = "C"


class GradeTerms(NamedTuple):
    """Names and service terms of a grade.

    `tier`: rules by grade serve tier 1 first; `hours_in_review`, `hours_confirmed`: hours that a reservation lasts in
    each state, day and night; `urgent_per_week`: urgent orders in a week.
    """

    name_zh: str
    name_en: str
    tier: int
    hours_in_review: int
    hours_confirmed: int
    urgent_per_week: int


#: A project is planned: it takes its goods late, so its reservation lasts long, and dealers who resell come before it.
GRADES: Mapping[Grade, GradeTerms] = {
    Grade.A: GradeTerms("一级", "grade A", 1, hours_in_review=72, hours_confirmed=240, urgent_per_week=5),
    Grade.B: GradeTerms("二级", "grade B", 2, hours_in_review=48, hours_confirmed=168, urgent_per_week=3),
    Grade.PROJECT: GradeTerms("工程", "project", 3, hours_in_review=48, hours_confirmed=240, urgent_per_week=2),
    Grade.C: GradeTerms("三级", "grade C", 4, hours_in_review=24, hours_confirmed=120, urgent_per_week=1),
}

_BY_CODE: Mapping[str, Grade] = {grade.value: grade for grade in Grade}
_BY_NAME: Mapping[str, Grade] = {terms.name_zh: grade for grade, terms in GRADES.items()}
_KNOWN_ZH = "、".join(f"{grade} {terms.name_zh}" for grade, terms in GRADES.items())
_KNOWN_EN = ", ".join(f"{grade} ({terms.name_en})" for grade, terms in GRADES.items())


def grade_names(code: str) -> tuple[str, str]:
    """Return the Chinese and English name of a grade; the code itself if there is no such grade: the audit finds it."""
    terms = GRADES.get(_BY_CODE[code]) if code in _BY_CODE else None
    return (terms.name_zh, terms.name_en) if terms else (code, code)


def grade_code(value: object) -> Grade:
    """Return the grade with this code.

    Raises:
        PydanticCustomError: there is none; names the known ones.
    """
    return _BY_CODE[value] if isinstance(value, str) and value in _BY_CODE else _refuse_unknown()


def grade_code_or_name(value: object) -> Grade:
    """Return the grade with this code or Chinese name, blanks around it aside.

    Raises:
        PydanticCustomError: there is none; names the known ones.
    """
    text = value.strip() if isinstance(value, str) else value
    return _BY_NAME[text] if isinstance(text, str) and text in _BY_NAME else grade_code(text)


def _refuse_unknown() -> NoReturn:
    # The advice is constant: what was sent may be long, or no text.
    detail = f"没有此级别,可选:{_KNOWN_ZH} / no such grade; known: {_KNOWN_EN}; example: {Grade.A}"
    raise PydanticCustomError("unknown-grade", "{detail}", {"detail": detail})


#: Field that names a grade by its code.
GradeCode = Annotated[Grade, BeforeValidator(grade_code)]
#: Field that names a grade by its code or Chinese name.
GradeCodeOrName = Annotated[Grade, BeforeValidator(grade_code_or_name)]
