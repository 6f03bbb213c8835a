"""Forms of texts that follow a pattern, in words: a refusal contains the form and an example, never the pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import Field


class TextForm(NamedTuple):
    """Words for what a text may consist of, in Chinese and in English, and a valid example."""

    chinese: str
    english: str
    example: str


def text_form(pattern: str, chinese: str, english: str, *, example: str) -> Any:
    """Return the field of a text that follows a pattern, with the words that a refusal uses instead of it.

    The words are the field's description in the JSON schema, so that the API's description has them too.

    Args:
        chinese: what is allowed, as the object of 应为, without " / ".
        english: the same, as the object of "must be".
    """
    return Field(pattern=pattern, description=f"{chinese} / {english}", examples=[example])


def form_of(schema: Mapping[str, Any]) -> TextForm | None:
    """Return the words of a text's JSON schema; None for one that was declared without them."""
    if "pattern" not in schema or not schema.get("examples"):
        return None
    chinese, _, english = schema.get("description", "").partition(" / ")
    return TextForm(chinese, english, str(schema["examples"][0]))
