"""Labels: words of closed sets as users read them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Label(NamedTuple):
    """A word in Chinese and in English."""

    zh: str
    en: str

    @property
    def fields(self) -> dict[str, Any]:
        """The label as fields of an answer."""
        return {"label_zh": self.zh, "label_en": self.en}
