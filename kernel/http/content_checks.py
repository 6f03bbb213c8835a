"""Problems of content of a body whose form is partly wrong, so that one answer names both.

Wrong fields are replaced by valid values, once small and once large ones. A problem of content counts only if both
replacements have it and it is not about a wrong field: so it remains when the field is corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from kernel.base.problems import FieldProblem, Invalid, Problem
from kernel.http.field_messages import ROW_NAMES
from kernel.http.field_schemas import stand_in
from kernel.http.models import Body

#: A stand-in may reveal the next fault, such as an entry too few.
_ROUNDS = 4


def content_problems(
    model: type[Body], value: Any, form: Iterable[FieldProblem], check: Callable[[Any], object]
) -> list[FieldProblem]:
    """Return the problems of content that hold however the problems of form are corrected.

    Args:
        value: parsed body, an object.
        form: problems of form in `value`.
        check: raises Invalid for a body whose content is wrong; changes nothing.
    """
    wrong = [problem.field for problem in form]
    small, large = (_problems_of(Completed(model, value, high=high), check) for high in (False, True))
    return [problem for problem in small if problem in large and not _concerns(problem.field, wrong)]


def _concerns(field: str, wrong: Iterable[str]) -> bool:
    """Return True for a field that is wrong, is part of one or has one as its part."""
    return any(field == other or field.startswith(f"{other}.") or other.startswith(f"{field}.") for other in wrong)


def _problems_of(completed: Completed, check: Callable[[Any], object]) -> list[FieldProblem]:
    if completed.body is None:
        return []
    try:
        check(completed.body)
    except Invalid as invalid:
        return [found for problem in invalid.fields if (found := completed.as_sent(problem))]
    except Problem:
        return []  # the answer to the corrected request
    return []


class Completed:
    """A body with valid values in place of wrong ones; rows without a valid name are left out."""

    def __init__(self, model: type[Body], value: Any, *, high: bool) -> None:
        self.body: Body | None = None
        self._model, self._high = model, high
        self._value = deepcopy(value)
        #: The rows that are left, by list: their indexes in the request.
        self._kept: dict[str, list[int]] = {
            name: list(range(len(rows))) for name, rows in self._value.items() if isinstance(rows, list)
        }
        for _ in range(_ROUNDS):
            try:
                self.body = model.model_validate_json(to_json(self._value))
                break
            except ValidationError as error:
                try:
                    self._mend(error)
                except (LookupError, TypeError, AttributeError):
                    break  # the fault is at no value, such as the name of an entry

    def as_sent(self, problem: FieldProblem) -> FieldProblem | None:
        """Return a problem with the index its row has in the request; None if its row is not of the request."""
        name, _, rest = problem.field.partition(".")
        index, dot, field = rest.partition(".")
        if name not in self._kept or not index.isdigit():
            return problem
        if int(index) >= len(self._kept[name]):
            return None
        return problem.model_copy(update={"field": f"{name}.{self._kept[name][int(index)]}{dot}{field}"})

    def _mend(self, error: ValidationError) -> None:
        types = {found["loc"]: found["type"] for found in error.errors(include_url=False, include_input=False)}
        left_out = {
            (str(path[0]), int(path[1]))
            for path in types
            if _is_row(path) or (_is_row(path[:-1]) and path[-1] in ROW_NAMES)
        }
        for path, fault in types.items():
            if path[:2] in left_out:
                continue
            parent = self._value
            for step in path[:-1]:
                parent = parent[step]
            if fault == "extra_forbidden":
                del parent[path[-1]]
            else:
                parent[path[-1]] = stand_in(self._model, path, high=self._high)
                if len(path) == 1:
                    self._kept[str(path[0])] = []
        for name, index in sorted(left_out, key=lambda row: row[1], reverse=True):
            del self._value[name][index]
            del self._kept[name][index]


def _is_row(path: tuple[str | int, ...]) -> bool:
    return len(path) == 2 and isinstance(path[1], int)
