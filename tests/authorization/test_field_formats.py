"""Every moment and day of every answer has its format, in the API document and in its value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kernel.http.field_formats import DAY, MOMENT, format_of
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases
from tests.support.functions import load_apps
from tests.support.trigger import Case

ANSWERS: list[type[BaseModel]] = list(
    dict.fromkeys(operation.answer for app in load_apps()[0].values() for operation in app.operations)
)
READS = [case for case in cases() if case.method == "GET"]


def text_fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield model, name and schema of every field of text in an answer or in a model within one."""
    _, document = models_json_schema([(answer, "serialization") for answer in ANSWERS])
    for model, schema in document["$defs"].items():
        for name, field in schema.get("properties", {}).items():
            for one in field.get("anyOf", [field]):
                if one.get("type") == "string" and "enum" not in one:
                    yield model, name, one


def test_every_moment_and_day_has_its_format() -> None:
    wrong = [
        f"{model}.{name}" for model, name, one in text_fields() if format_of(name) not in {None, one.get("format")}
    ]
    assert not wrong


def values(answer: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every field within an answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield name, value
            yield from values(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from values(value)


@pytest.mark.parametrize("case", READS, ids=str)
def test_moments_and_days_of_answers_have_their_format(company: SampleCompany, case: Case) -> None:
    path = case.path_for(company.ids, case.first_role, OWN)
    answer = company.send(case.service, "GET", path, role=case.first_role, query=case.query_for(OWN))
    for name, value in values(answer.json):
        if isinstance(value, str) and format_of(name) == MOMENT:
            assert datetime.fromisoformat(value).tzinfo, (name, value)
        if isinstance(value, str) and format_of(name) == DAY:
            assert date.fromisoformat(value), (name, value)
