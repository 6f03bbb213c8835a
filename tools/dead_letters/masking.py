"""Masking of phone numbers and secrets in messages that an operator reads."""

from __future__ import annotations

import json
import re
from typing import Any

from kernel.http.models import mask_phone

_PHONE = re.compile(r"\+[0-9]{8,15}\b|(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_SECRET = re.compile(r"whsec_[\w+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=\bBearer )[^\s\"]+")
_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|api_?key", re.IGNORECASE)
_HIDDEN = "****"


def masked(text: str) -> str:
    """Return a text or JSON document with its phone numbers and secrets hidden."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return _masked_text(text)
    return json.dumps(_masked_value(content), ensure_ascii=False)


def _masked_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _HIDDEN if _SECRET_NAME.search(name) else _masked_value(field) for name, field in value.items()}
    if isinstance(value, list):
        return [_masked_value(element) for element in value]
    return _masked_text(value) if isinstance(value, str) else value


def _masked_text(text: str) -> str:
    return _SECRET.sub(_HIDDEN, _PHONE.sub(lambda found: mask_phone(found[0]), text))
