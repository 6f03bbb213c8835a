"""What nobody needs to read when looking for a fault: phone numbers and secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from kernel.http.models import masked_phone

_PHONE = re.compile(r"\+[0-9]{8,15}\b|(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_SECRET = re.compile(r"whsec_[\w+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=\bBearer )[^\s\"]+")
_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|api_?key", re.IGNORECASE)
_HIDDEN = "****"


def masked(text: str) -> str:
    """A text, or a JSON document, without phone numbers and secrets."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return _masked_words(text)
    return json.dumps(_masked_value(content), ensure_ascii=False)


def _masked_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _HIDDEN if _SECRET_NAME.search(name) else _masked_value(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked_value(one) for one in value]
    return _masked_words(value) if isinstance(value, str) else value


def _masked_words(text: str) -> str:
    return _SECRET.sub(_HIDDEN, _PHONE.sub(lambda found: masked_phone(found[0]), text))
