"""Imports between the parts of the repository: services share kernel, contracts and reads; rules have no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import paths

SERVICES = sorted(folder.name for folder in (paths.ROOT / "services").iterdir() if (folder / "app.py").is_file())
SHIPPED = ["kernel", "contracts", "reads", "infra/relay", *(f"services/{name}" for name in SERVICES)]

#: What each part may import of ours; itself, always.
MAY_IMPORT = {
    "kernel": set[str](),
    # Contracts are models, keys and versions: they read and write nothing.
    "contracts": {"kernel.messaging.events", "kernel.store.items"},
    "reads": {"kernel", "contracts"},
    "infra/relay": {"kernel"},
    **{f"services/{name}": {"kernel", "contracts", "reads"} for name in SERVICES},
}
OURS = {"kernel", "contracts", "reads", "infra", "services", "tools", "tests"}

#: Rules decide from what they are given: no AWS, no clock, no environment, no chance, no network, no files.
WORLDLY = {
    "boto3",
    "botocore",
    "pynamodb",
    "chalice",
    "os",
    "time",
    "random",
    "secrets",
    "uuid",
    "socket",
    "http",
    "urllib.request",
    "pathlib",
    "subprocess",
    "threading",
    "logging",
    "kernel.store.aws",
    "kernel.time.clock",
    "kernel.http.app",
    "kernel.messaging.consumer",
    "kernel.base.ids",
    "kernel.http.idempotency",
    "kernel.http.requests",
    "kernel.http.responses",
    "kernel.store.items",
    "kernel.base.observability",
    "kernel.messaging.outbox",
    "kernel.store.cursors",
    "kernel.base.settings",
    "kernel.store.read",
    "kernel.store.transaction",
    "kernel.store.write",
    "reads",
}
#: What computes with moments but reads no clock.
RECKONS = {
    "kernel.time.clock.stamp",
    "kernel.time.clock.business_date",
    "kernel.time.clock.business_date_after",
    "kernel.time.clock.parse_stamp",
    "kernel.time.clock.BUSINESS_ZONE",
}
ASKS_THE_CLOCK = {"now", "utcnow", "today", "time", "monotonic"}


def modules(part: str) -> list[Path]:
    return sorted((paths.ROOT / part).rglob("*.py"))


def imports(module: Path) -> Iterator[str]:
    """Every module imported anywhere in the file, as `a.b` and, for `from a import b`, also as `a.b`."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("part", SHIPPED)
def test_a_part_imports_of_ours_only_what_it_may(part: str) -> None:
    own = part.replace("/", ".")
    wrong = {
        f"{module.relative_to(paths.ROOT)} imports {name}"
        for module in modules(part)
        for name in imports(module)
        if name.partition(".")[0] in OURS
        and not is_within(name, own)
        and not any(is_within(name, allowed) for allowed in MAY_IMPORT[part])
        and not is_within(own, name)  # `from services import orders` inside orders
    }
    assert not wrong


def test_every_shipped_part_is_looked_at() -> None:
    found = {"kernel", "contracts", "reads", "infra/relay"} | {f"services/{name}" for name in SERVICES}
    assert found == set(MAY_IMPORT)
    assert all(len(modules(part)) > 1 for part in SHIPPED)
    assert {"catalog", "dealers", "notifications", "orders", "reconciliation", "tickets"} <= set(SERVICES)


RULES = [
    *sorted(paths.ROOT.glob("services/**/rules.py")),
    *sorted(paths.ROOT.glob("services/**/lifecycle.py")),
    paths.ROOT / "services/orders/service_terms.py",
    paths.ROOT / "services/orders/ship_days.py",
    paths.ROOT / "services/tickets/service_clock.py",
    paths.ROOT / "kernel/time/calendar.py",
]


@pytest.mark.parametrize("module", RULES, ids=lambda module: f"{module.parent.name}.{module.stem}")
def test_rules_know_nothing_of_the_world(module: Path) -> None:
    names = set(imports(module))
    reckoning = {"kernel.time.clock"} if names & RECKONS and "kernel.time.clock.now" not in names else set()
    wrong = {name for name in names - RECKONS - reckoning if any(is_within(name, worldly) for worldly in WORLDLY)}
    assert not wrong


@pytest.mark.parametrize("module", RULES, ids=lambda module: f"{module.parent.name}.{module.stem}")
def test_rules_get_the_time_as_argument(module: Path) -> None:
    asked = [
        node.lineno
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS_THE_CLOCK
    ]
    assert not asked, f"{module}: lines {asked}"


def _time_readers(module: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date")
    ]


@pytest.mark.parametrize("part", SHIPPED)
def test_there_is_one_source_of_time(part: str) -> None:
    wrong = {
        str(module): lines for module in modules(part) if (lines := _time_readers(module)) and module.name != "clock.py"
    }
    assert not wrong


@pytest.mark.parametrize("part", SHIPPED)
def test_there_is_one_reader_of_the_environment(part: str) -> None:
    wrong = {
        str(module)
        for module in modules(part)
        for name in imports(module)
        if name in ("os", "os.environ", "os.getenv") and module.name != "settings.py"
    }
    assert not wrong


@pytest.mark.parametrize("part", SHIPPED)
def test_nothing_uses_boto3_or_a_scan(part: str) -> None:
    wrong = set()
    for module in modules(part):
        wrong |= {f"{module}: {name}" for name in imports(module) if is_within(name, "boto3")}
        for node in ast.walk(ast.parse(module.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("scan", "rate_limited_scan")
            ):
                wrong.add(f"{module}:{node.lineno}: scan")
    assert not wrong
