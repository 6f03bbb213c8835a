"""OpenAPI document of all services, made from the declared routes and the published events.

document           paths, parameters, bodies and answers
schema_names       one plain name for each model
examples           a value for each body and answer
refusals           the problem codes that an operation can answer
webhooks           what an endpoint receives, with its signature
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from functools import cache
from typing import Any

import contracts
from tools import paths
from tools.openapi.document import build_document
from tools.stage import load_app


@cache
def openapi_text() -> str:
    """Return the text of docs/openapi.json."""
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        importlib.import_module(module.name)
    built = build_document(load_app(name) for name in paths.services() if name != paths.RELAY)
    return json.dumps(built, ensure_ascii=False, indent=1) + "\n"


def document() -> dict[str, Any]:
    """Return every route and every public event as one OpenAPI 3.1 document."""
    parsed: dict[str, Any] = json.loads(openapi_text())
    return parsed
