"""Make a folder that is an ordinary Chalice project of one service and nothing else.

Chalice ships `app.py` and `vendor/` only, and caches by content. So every service is staged into an emptied folder.
What is not copied here cannot be reached in the cloud.
"""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer

from kernel.http.app import ServiceApp
from kernel.http.declarations import API_HANDLER
from tools import cloudformation, paths, template
from tools.errors import CommandError

SHARED = ("contracts", "kernel", "reads")
API_TIMEOUT_SECONDS = 25
API_MEMORY_MB = 1024
#: Chalice makes a function for each handler that it finds. That of a further function that serves routes is the app.
_ROUTE_FUNCTION = """

@app.lambda_function(name="{name}")
def {name}(event, context):
    return app(event, context)
"""
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "stack", "invariants*", "*.md", "requirements.*")


class NotPackageable(CommandError):
    """Declarations and files of a service do not fit together; the message names the fault and the mend."""


def load_app(service: str) -> ServiceApp:
    """Import a service and return its app.

    Raises:
        NotPackageable: it cannot be imported, or there is no such app.
    """
    try:
        app = importlib.import_module(f"{paths.module(service)}.app").app
    except Exception as error:
        raise NotPackageable(f"{service}: its app.py cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(app, ServiceApp):
        raise NotPackageable(f"{service}: 'app' in its app.py must be a ServiceApp")
    return app


def copy_chalice_project(service: str, folder: Path, *, architecture: str, root: Path = paths.ROOT) -> ServiceApp:
    """Empty `folder` and make it the Chalice project of `service`, without third-party packages.

    Raises:
        NotPackageable: a function without a policy, a policy without a function, or two functions of one name.
    """
    app = load_app(service)
    _check_names(service, app)
    shutil.rmtree(folder, ignore_errors=True)
    vendor, hidden = folder / "vendor", folder / ".chalice"
    hidden.mkdir(parents=True)
    _copy_code(service, vendor, root)
    (folder / "app.py").write_text(_declared_functions(service, app))
    for function in template.function_names(app):
        (vendor / f"{template.entry_module(function)}.py").write_text(_entry(app, function))
    # Locked packages are put into vendor/ by hash; Chalice must not resolve any by itself.
    (folder / "requirements.txt").touch()
    for function, policy in _policies(service, app, root).items():
        _write_json(hidden / f"policy-{function}.json", policy)
    _write_json(hidden / "config.json", _chalice_config(app, architecture))
    _write_json(folder / "merge.json", _merged(service, app, root))
    return app


def _copy_code(service: str, vendor: Path, root: Path) -> None:
    for package in SHARED:
        shutil.copytree(root / package, vendor / package, ignore=_NOT_SHIPPED)
    source = paths.source(service, root)
    shutil.copytree(source, vendor / source.relative_to(root), ignore=_NOT_SHIPPED)
    shutil.copy(source.parent / "__init__.py", vendor / source.parent.name / "__init__.py")


def _declared_functions(service: str, app: ServiceApp) -> str:
    """The module in which Chalice finds every function of a service. Lambda does not load it."""
    background = template.background_triggers(app)
    declared = template.route_functions(app)
    names = ["app", *(spec.function for spec in background), *declared]
    imports = [f"from {paths.module(service)}.app import app\n"]
    imports += [f"from {spec.module} import {spec.function}\n" for spec in background]
    return "".join([*imports, f"\n__all__ = {names!r}\n", *(_ROUTE_FUNCTION.format(name=name) for name in declared)])


def _entry(app: ServiceApp, function: str) -> str:
    """The module that Lambda loads for a function: it imports the modules that declare its triggers and no other."""
    first, *others = template.modules_of(app, function)
    background = {spec.function for spec in template.background_triggers(app)}
    handler = function if function in background else "app"
    return "".join(f"import {module}\n" for module in others) + f"from {first} import {handler} as handler\n"


def _check_names(service: str, app: ServiceApp) -> None:
    for spec in template.background_triggers(app):
        if spec.function in {API_HANDLER, *template.route_functions(app)}:
            raise NotPackageable(f"{service}: {spec.function} cannot serve routes too; name another function for them")


def _policies(service: str, app: ServiceApp, root: Path) -> dict[str, Any]:
    """Per function: what its file in stack/policies grants, and what its trigger needs."""
    folder = paths.source(service, root) / "stack" / "policies"
    written = {file.stem: file for file in folder.glob("*.json")}
    wanted = template.function_names(app)
    if missing := [name for name in wanted if name not in written]:
        files = ", ".join(
            f"{paths.source(service).relative_to(paths.ROOT)}/stack/policies/{name}.json" for name in missing
        )
        raise NotPackageable(f"{service}: no policy for {', '.join(missing)}; run make policies and review {files}")
    if orphaned := sorted(written.keys() - set(wanted)):
        raise NotPackageable(
            f"{service}: stack/policies/{orphaned[0]}.json belongs to no function; delete or rename it"
        )
    return {
        name: {
            "Version": "2012-10-17",
            "Statement": json.loads(written[name].read_text())["Statement"] + template.trigger_permissions(app, name),
        }
        for name in wanted
    }


def _chalice_config(app: ServiceApp, architecture: str) -> dict[str, Any]:
    timeouts = {spec.function: spec.timeout_seconds for spec in template.background_triggers(app)}
    memory = {spec.function: spec.memory_mb for spec in app.consumers}
    return {
        "version": "2.0",
        "app_name": app.app_name,
        "stages": {
            "any": {
                "api_gateway_stage": "api",
                "api_gateway_endpoint_type": "REGIONAL",
                "autogen_policy": False,
                "lambda_architecture": architecture,
                "xray": True,
                "lambda_functions": {
                    name: {
                        "iam_policy_file": f"policy-{name}.json",
                        "lambda_timeout": timeouts.get(name, API_TIMEOUT_SECONDS),
                        "lambda_memory_size": memory.get(name, API_MEMORY_MB),
                    }
                    for name in template.function_names(app)
                },
            }
        },
    }


def _merged(service: str, app: ServiceApp, root: Path) -> dict[str, Any]:
    """The generated template, and over it what the service adds by hand, if anything."""
    generated = template.merge_template(app)
    by_hand = paths.source(service, root) / "stack" / "template.yaml"
    if by_hand.is_file():
        cloudformation.deep_update(generated, YAMLTemplateSerializer().load_template(by_hand.read_text(), by_hand.name))
    return generated


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1))
