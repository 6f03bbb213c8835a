"""The committed description of the API is valid, and is the one the services declare."""

from __future__ import annotations

import json
from typing import Any

from openapi_spec_validator import validate

from tools import api_pages, paths
from tools.openapi import document, written


def test_the_committed_document_is_what_the_services_declare() -> None:
    assert paths.OPENAPI.read_text(encoding="utf-8") == written(), "run `make openapi` and commit docs/openapi.json"


def test_the_document_is_valid_openapi() -> None:
    validate(json.loads(paths.OPENAPI.read_text(encoding="utf-8")))


def test_the_page_shows_every_operation_event_and_model() -> None:
    described = document()
    page = api_pages.render(described)
    for path, methods in described["paths"].items():
        assert path in page
        assert all(f'id="{operation["operationId"]}"' in page for operation in methods.values())
    assert all(name in page for name in described["webhooks"])
    assert all(f'id="model-{name}"' in page for name in described["components"]["schemas"])


def test_the_page_escapes_whatever_the_document_says() -> None:
    page = api_pages.render(hostile())
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8


def hostile() -> dict[str, Any]:
    """A document with a script in every text that is shown."""
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
