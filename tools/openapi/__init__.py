"""OpenAPI document of all services."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import contracts
from kernel.http.openapi import build_document
from tools import paths
from tools.stage import load_app


def document() -> dict[str, Any]:
    """Return every route and every published event as one OpenAPI 3.1 document."""
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        importlib.import_module(module.name)
    return build_document(load_app(name) for name in paths.services() if name != paths.RELAY)


def openapi_text() -> str:
    """Return the text of docs/openapi.json."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
