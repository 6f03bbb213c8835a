"""Every field and path variable that takes a code: declared as one, and read however the code is written."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from kernel.http.codes import CodeType
from kernel.http.declarations import Operation
from tests.authorization.body_fields import FieldPath
from tests.support.company import SampleCompany
from tests.support.company_data import DEALER_ROLES, OTHER, OWN
from tests.support.declarations import cases, operation_of
from tests.support.functions import load_apps
from tests.support.trigger import Case

#: Fields with text that names nothing by a code. A new field of text is either a code (kernel/http/codes.py) or here.
PLAIN_TEXT = {
    "after", "answer", "assignee", "carrier", "category", "city", "client_secret", "code", "comment",
    "contact_name", "cursor", "description", "district", "event_id", "grade", "internal_note", "label", "month",
    "name", "name_en", "name_zh", "note", "password", "period", "phone", "price_policy", "province",
    "purchase_order", "question", "reason", "result", "site_address", "specs", "street", "territory", "text",
    "title", "types", "url",
}  # fmt: skip
#: Path variables that are no codes: ids that this system made and that contain lower case, and enumerated values.
PLAIN_PATH_NAMES = {
    "draft",
    "endpoint_id",
    "event_id",
    "hold",
    "journal_id",
    "message_id",
    "objection_id",
    "period",
    "shipment_id",
    "username",
    "version",
}

OPERATIONS = [operation for app in load_apps()[0].values() for operation in app.operations]
#: A character and its full-width form.
FULL_WIDTH = {ord(character): ord(character) + 0xFEE0 for character in map(chr, range(0x21, 0x7F))}


def text_fields(annotation: Any, path: FieldPath = (), code: CodeType | None = None) -> Iterator[tuple[FieldPath, Any]]:
    """Yield every field of text within an annotation: its path, with 0 for an entry of a list, and its code type."""
    if get_origin(annotation) is Annotated:
        code = next((one for one in annotation.__metadata__ if isinstance(one, CodeType)), code)
        yield from text_fields(get_args(annotation)[0], path, code)
    elif annotation is str:
        yield path, code
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            found = next((one for one in field.metadata if isinstance(one, CodeType)), None)
            yield from text_fields(field.annotation, (*path, name), found)
    elif get_origin(annotation) in (list, tuple, Union, UnionType):
        step = () if get_origin(annotation) in (Union, UnionType) else (0,)
        for inner in get_args(annotation):
            yield from text_fields(inner, (*path, *step), code)
    elif get_origin(annotation) is dict:
        yield from text_fields(get_args(annotation)[1], path)


def code_paths(model: type[BaseModel] | None) -> list[FieldPath]:
    """Return the paths of all fields of a model that are codes."""
    return [path for path, code in text_fields(model) if code] if model else []


def other_form(text: str) -> str:
    """Return a code as a Chinese input method writes it: lower case, full width, with a blank before and after."""
    return f" {text.lower().translate(FULL_WIDTH)}\u3000"


def rewritten(value: Any, path: FieldPath) -> Any:
    """Return the value with another form of the code at the path, in every entry of a list."""
    if value is None:
        return None
    if not path:
        return ",".join(map(other_form, value.split(",")))
    if path[0] == 0:
        return [rewritten(entry, path[1:]) for entry in value]
    return {**value, path[0]: rewritten(value[path[0]], path[1:])} if path[0] in value else value


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_field_of_text_is_a_code_or_named_as_plain_text(operation: Operation) -> None:
    for model in (operation.body, operation.query):
        for path, code in text_fields(model) if model else ():
            name = next(step for step in reversed(path) if step != 0)
            assert (code is None) == (name in PLAIN_TEXT), f"{path}: use a type of kernel/http/codes.py"
    assert operation.path_codes == set(operation.path_names) - PLAIN_PATH_NAMES


@pytest.mark.parametrize("case", cases(), ids=str)
def test_route_reads_its_codes_however_they_are_written(company: SampleCompany, case: Case) -> None:
    operation, role = operation_of(case), case.first_role
    dealer = OWN if role in DEALER_ROLES else OTHER
    path, query, body = case.path_for(company.ids, role, dealer), case.query_for(dealer), case.body_for(dealer)
    body = copy.deepcopy(body)
    for at in code_paths(operation.body):
        body = rewritten(body, at)
    for at in code_paths(operation.query):
        query = rewritten(query, at)
    template, sent = case.route.split("/"), path.split("/")
    path = "/".join(
        quote(other_form(value)) if name[1:-1] in operation.path_codes else value
        for name, value in zip(template, sent, strict=True)
    )
    answer = company.send(case.service, case.method, path, body, role=role, query=query)
    # The sample company has no open invitation; a public route answers as to the folded codes.
    expected = (
        company.send(case.service, case.method, path, case.body_for(dealer), role=role).status
        if case.public
        else case.status
    )
    assert answer.status == expected, (path, query, body, answer.json)
