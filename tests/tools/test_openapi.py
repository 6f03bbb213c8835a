"""The committed OpenAPI document is valid and matches the routes; its page escapes every text."""

from __future__ import annotations

import json
from typing import Any

from openapi_spec_validator import validate

from tools import api_pages, paths
from tools.openapi import document, openapi_text


def test_committed_document_matches_the_declared_routes() -> None:
    assert paths.OPENAPI.read_text(encoding="utf-8") == openapi_text(), "run make docs and commit docs/openapi.json"


def test_committed_document_is_valid_openapi() -> None:
    validate(json.loads(paths.OPENAPI.read_text(encoding="utf-8")))


def test_page_shows_every_operation_event_and_model() -> None:
    openapi = document()
    page = api_pages.render(openapi)
    for path, methods in openapi["paths"].items():
        assert path in page
        assert all(f'id="{operation["operationId"]}"' in page for operation in methods.values())
    assert all(name in page for name in openapi["webhooks"])
    assert all(f'id="model-{name}"' in page for name in openapi["components"]["schemas"])


def test_page_escapes_every_text_of_the_document() -> None:
    page = api_pages.render(document_with_scripts())
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8


def document_with_scripts() -> dict[str, Any]:
    """Return a document with a script in every shown text."""
    script = "<script>alert(1)</script>"
    schema = {"type": "object", "description": script, "properties": {script: {"enum": [script], "pattern": script}}}
    operation = {
        "operationId": script,
        "tags": [script],
        "summary": script,
        "description": script,
        "parameters": [{"name": script, "in": "query", "schema": {"type": script}}],
        "responses": {"200": {"description": script}},
    }
    event = {"summary": script, "requestBody": {"content": {"x": {"schema": {"properties": {"data": schema}}}}}}
    return {
        "info": {"title": script, "description": script},
        "paths": {script: {"get": operation}},
        "webhooks": {script: {"post": event}},
        "components": {"schemas": {script: schema}},
    }
