"""Formats of moments and days in answers, by the name of the field: a client reads them without looking at values."""

from __future__ import annotations

from typing import Any

MOMENT, DAY = "date-time", "date"

_DAYS = frozenset({"day", "calendar_known_until"})
_MOMENTS = frozenset({"at", "as_of"})
_MOMENT_ENDINGS = ("_at", "_since", "_until", "_time")


def format_of(name: str) -> str | None:
    """Return the format of a text field: of a moment (ISO 8601, UTC), of a day (Asia/Shanghai), or None for others."""
    if name in _DAYS or name.endswith(("_on", "_day")):
        return DAY
    return MOMENT if name in _MOMENTS or name.endswith(_MOMENT_ENDINGS) else None


def with_formats(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a model with the format of every moment and day."""
    for name, field in schema.get("properties", {}).items():
        if found := format_of(name):
            for one in field.get("anyOf", [field]):
                if one.get("type") == "string":
                    one.setdefault("format", found)
    return schema
