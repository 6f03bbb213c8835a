"""Every answer with a day that rests on the calendar shows when the days off beyond its end are not published yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kernel.http.declarations import Operation
from tests.support.functions import load_apps

#: Fields of answers that contain a day or moment computed with the calendar.
DAYS = {"promised_on", "reserved_until", "due_at"}
NOTE = "calendar_known_until"

OPERATIONS = [operation for app in load_apps()[0].values() for operation in app.operations]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def days_without_note(model: type[BaseModel], noted: bool = False) -> Iterator[str]:
    """Yield the days of an answer that neither it nor an answer around it explains."""
    noted = noted or NOTE in model.model_fields
    for name, field in model.model_fields.items():
        if name in DAYS and not noted:
            yield f"{model.__name__}.{name}"
        for inner in models_in(field.annotation):
            yield from days_without_note(inner, noted)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_answer_with_days_of_the_calendar_shows_its_end(operation: Operation) -> None:
    assert list(days_without_note(operation.answer)) == []


def test_days_of_the_calendar_are_in_answers() -> None:
    shown = {name for operation in OPERATIONS for name in DAYS if name in str(operation.answer.model_json_schema())}
    assert shown == DAYS
