"""A partner's TypeScript client has every operation of the API, and the compiler finds wrong calls."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.support.npm_packages import npm_commands
from tests.tools import typescript_proof
from tests.tools.typescript_proof import Json
from tools import paths
from tools.openapi import document

DOCUMENT = document()
EXAMPLE = (paths.TYPESCRIPT_CLIENT / "example.ts").read_text(encoding="utf-8")
_ERROR = re.compile(r"^([\w-]+)\.ts\((\d+),\d+\): error (TS\d+): (.*)$", re.MULTILINE)


class WrongCall(NamedTuple):
    """A mistake in the example: the text that it replaces, and the compiler's code for it."""

    before: str
    after: str
    error: str


WRONG_CALLS = {
    "unknown-field": WrongCall('shortage_policy: "ship', 'colour: "red", shortage_policy: "ship', "TS2353"),
    "unknown-field-of-a-line": WrongCall("quantity: 100", "quantity: 100, colour: 1", "TS2353"),
    "missing-field": WrongCall("{ version } satisfies", "{} satisfies", "TS1360"),
    "wrong-type": WrongCall("{ version } satisfies", '{ version: "1" } satisfies', "TS2322"),
    "unknown-choice": WrongCall('"ship_available"', '"ship_all"', "TS2322"),
    "missing-idempotency-key": WrongCall('params: { header: { "Idempotency-Key": key } },', "", "TS2345"),
    "unknown-parameter": WrongCall("{ text, limit: 10 }", "{ text, limit: 10, words: text }", "TS2353"),
    "missing-path-variable": WrongCall("path: { dealer_id, address_id }", "path: { dealer_id }", "TS2741"),
    "unknown-path": WrongCall('"/api/orders/orders"', '"/api/orders/order"', "TS2345"),
    "unknown-method": WrongCall("client.DELETE(", "client.PATCH(", "TS2345"),
    "unknown-field-of-answer": WrongCall("data.endpoint_id", "data.endpoint", "TS2339"),
    "unknown-field-of-problem": WrongCall("problem.request_id", "problem.request", "TS2339"),
    "unread-problem": WrongCall(
        "if (error) throw new Refused(error);\n  return data.endpoint_id", "return data.endpoint_id", "TS18048"
    ),
}

_ORDERS = "/api/orders/orders"


def _submit(change: Callable[[Json], object]) -> str:
    return typescript_proof.operation_proof(_changed(DOCUMENT["paths"][_ORDERS]["post"], change))


def _orders(change: Callable[[Json], object]) -> str:
    return typescript_proof.operation_proof(_changed(DOCUMENT["paths"][_ORDERS]["get"], change))


def _model(name: str, change: Callable[[Json], object]) -> str:
    return typescript_proof.model_proof(name, _changed(DOCUMENT["components"]["schemas"][name], change))


def _changed(part: Json, change: Callable[[Json], object]) -> Json:
    changed = copy.deepcopy(part)
    change(changed)
    return changed


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


#: Proofs that a generator must not pass, because they differ from the document.
FALSE_PROOFS = {
    "operation": typescript_proof.names_proof({**DOCUMENT, "webhooks": {}}),
    "path": typescript_proof.path_proof(_ORDERS, {"get": DOCUMENT["paths"][_ORDERS]["get"]}),
    "parameter": _orders(lambda it: it["parameters"].pop()),
    "parameter-type": _orders(lambda it: it["parameters"][0].update(schema={"type": "integer"})),
    "required-parameter": _orders(lambda it: it["parameters"][0].update(required=True)),
    "place-of-parameter": _submit(lambda it: it["parameters"][0].update({"in": "query"})),
    "body": _submit(
        lambda it: it["requestBody"]["content"]["application/json"].update(schema=_reference("QuoteOrder"))
    ),
    "no-body": _submit(lambda it: it.pop("requestBody")),
    "answer": _submit(
        lambda it: it["responses"]["202"]["content"]["application/json"].update(schema=_reference("Order"))
    ),
    "status": _submit(lambda it: it["responses"].pop("409")),
    "problem": _submit(
        lambda it: it["responses"]["409"].update(
            content={"application/json": {"schema": _reference("ProblemDocument")}}
        )
    ),
    "example": _submit(lambda it: it["requestBody"]["content"]["application/json"]["example"].update(colour="red")),
    "field": _model("SubmitOrder", lambda it: it["properties"].pop("note")),
    "required-field": _model("SubmitOrder", lambda it: it["required"].append("note")),
    "choice": _model("ShortagePolicy", lambda it: it["enum"].append("never")),
}


class Compiled(NamedTuple):
    """Errors of the compiler by file, each as its code and the line with the message."""

    errors: dict[str, list[tuple[str, str]]]
    status: int


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Generate the types once, and compile everything against them in one run of the compiler."""
    commands, folder = npm_commands(), tmp_path_factory.mktemp("typescript")
    scripts = json.loads((paths.TYPESCRIPT_CLIENT / "package.json").read_text())["scripts"]
    program, _, *options, _ = shlex.split(scripts["generate"])
    generate = [str(commands / program), str(paths.OPENAPI), *options, str(folder / "schema.ts")]
    subprocess.run(generate, capture_output=True, text=True, timeout=120, check=True)
    (folder / "node_modules").symlink_to(paths.TYPESCRIPT_CLIENT / "node_modules")
    (folder / "tsconfig.json").write_bytes((paths.TYPESCRIPT_CLIENT / "tsconfig.json").read_bytes())
    sources = {"example": EXAMPLE, "proof": typescript_proof.proof(DOCUMENT)}
    sources |= {f"wrong-{name}": EXAMPLE.replace(wrong.before, wrong.after) for name, wrong in WRONG_CALLS.items()}
    sources |= {f"false-{name}": typescript_proof.PRELUDE + claims for name, claims in FALSE_PROOFS.items()}
    for name, source in sources.items():
        (folder / f"{name}.ts").write_text(source, encoding="utf-8")
    compile_all = [str(commands / "tsc"), "--noEmit", "--strict", "--pretty", "false", "--project", str(folder)]
    done = subprocess.run(compile_all, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    errors = defaultdict(list)
    for file, line, code, message in _ERROR.findall(done.stdout):
        source = sources[file].splitlines()[int(line) - 1] if file in sources else ""
        errors[file].append((code, f"{source.strip()[:300]}: {message}"))
    return Compiled(dict(errors), done.returncode)


def test_generated_types_have_every_operation(compiled: Compiled) -> None:
    assert "proof" not in compiled.errors, compiled.errors["proof"][:5]
    assert "schema" not in compiled.errors, compiled.errors["schema"][:5]


def test_example_compiles(compiled: Compiled) -> None:
    assert "example" not in compiled.errors, compiled.errors["example"]


def test_example_calls_an_operation_of_every_method() -> None:
    methods = {method.upper() for methods in DOCUMENT["paths"].values() for method in methods}
    assert set(re.findall(r"client\.([A-Z]+)\(", EXAMPLE)) == methods


@pytest.mark.parametrize("name", sorted(WRONG_CALLS))
def test_compiler_finds_a_wrong_call(compiled: Compiled, name: str) -> None:
    assert EXAMPLE.count(WRONG_CALLS[name].before) == 1
    errors = compiled.errors.get(f"wrong-{name}", [])
    assert WRONG_CALLS[name].error in {code for code, _ in errors}, errors


@pytest.mark.parametrize("name", sorted(FALSE_PROOFS))
def test_proof_that_differs_from_the_document_fails(compiled: Compiled, name: str) -> None:
    codes = {code for code, _ in compiled.errors.get(f"false-{name}", [])}
    assert "TS2344" in codes or "TS2353" in codes
