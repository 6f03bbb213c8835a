"""Rows of imports: a row changes the fields that it names.

A field that a row leaves out leaves the stored value unchanged. `null` clears it, where the type of the field allows
null. A new thing needs every field without an entry in `WHEN_NEW`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_serializer

from kernel.base.problems import FieldProblem
from kernel.http.models import Body

#: Marks a field that a row may leave out. A row is used through `PartialRow.applied_to`, which never shows this value.
LEFT_OUT: Any = Field(default_factory=lambda: None)


class PartialRow(Body):
    """Base of the rows of every import.

    `WHEN_NEW`: what a new thing gets for the fields that its row leaves out, and what null stores. `NAME`: the field
    that names the thing.
    """

    WHEN_NEW: ClassVar[Mapping[str, Any]] = {}
    NAME: ClassVar[str]

    @property
    def changes(self) -> dict[str, Any]:
        """Return the values that the row names, by field. A null is replaced by what clears its field."""
        sent = {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}
        return {name: self.WHEN_NEW.get(name) if value is None else value for name, value in sent.items()}

    def applied_to(self, stored: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the fields of a stored thing after the row, or those of a new thing if `stored` is None.

        A required field that a new thing lacks is None: `missing_fields` has its problem.
        """
        before = dict.fromkeys(type(self).model_fields) | dict(self.WHEN_NEW) if stored is None else stored
        return {**before, **self.changes}

    def missing_fields(self, path: str, stored: object | None) -> list[FieldProblem]:
        """Return a problem for every required field that the row of a new thing leaves out.

        Args:
            path: path of the row, such as `products.3`.
            stored: the thing that the row changes; None if it is new.
        """
        if stored is not None:
            return []
        named = getattr(self, self.NAME)
        detail = f"{named} 是新的,此项必填 / {named} is new: required; a row of an existing one may leave it out"
        required = (name for name in type(self).model_fields if name not in self.WHEN_NEW)
        return [
            FieldProblem(field=f"{path}.{name}", code="missing", detail=detail)
            for name in required
            if name not in self.model_fields_set
        ]

    @model_serializer(mode="wrap")
    def _only_what_is_sent(self, serialize: Any) -> dict[str, Any]:
        """Return the fields that the row names, null included: without them, it is another request."""
        values = serialize(self)
        return {name: values.get(name) for name in type(self).model_fields if name in self.model_fields_set}
