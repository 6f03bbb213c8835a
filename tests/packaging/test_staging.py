"""A service with inconsistent files and declarations is refused before the build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import orders
from kernel.http.app import ServiceApp
from kernel.messaging.events import Envelope
from tools import cloudformation, paths, template
from tools.stage import NotPackageable, copy_chalice_project, load_app


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Copy of the packaged sources, for tests to change."""
    for name in ("contracts", "infra", "kernel", "reads", "services"):
        shutil.copytree(paths.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path


def test_function_without_policy_is_refused(checkout: Path) -> None:
    (checkout / "services/orders/stack/policies/reserve_stock.json").unlink()
    with pytest.raises(NotPackageable, match="no policy for reserve_stock"):
        copy_chalice_project("orders", checkout / "build" / "orders", architecture="x86_64", root=checkout)


def test_policy_without_function_is_refused(checkout: Path) -> None:
    policies = checkout / "services/orders/stack/policies"
    shutil.copy(policies / "reserve_stock.json", policies / "reserve_stok.json")
    with pytest.raises(NotPackageable, match=r"reserve_stok\.json belongs to no function"):
        copy_chalice_project("orders", checkout / "build" / "orders", architecture="x86_64", root=checkout)


def test_route_function_without_a_policy_is_refused(checkout: Path) -> None:
    (checkout / "services/orders/stack/policies/stock_api.json").unlink()
    with pytest.raises(NotPackageable, match="no policy for stock_api"):
        copy_chalice_project("orders", checkout / "build" / "orders", architecture="x86_64", root=checkout)


def test_route_function_named_like_a_consumer_is_refused(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = load_app("orders")
    first, *others = app.operations
    monkeypatch.setattr(app, "operations", [first._replace(function="reserve_stock"), *others])
    with pytest.raises(NotPackageable, match="reserve_stock cannot serve routes too"):
        copy_chalice_project("orders", checkout / "build" / "orders", architecture="x86_64", root=checkout)


def test_staging_removes_files_of_an_earlier_stage(checkout: Path) -> None:
    folder = checkout / "build" / "orders"
    (folder / "vendor" / "services" / "orders").mkdir(parents=True)
    (folder / "vendor" / "services" / "orders" / "renamed.py").touch()
    copy_chalice_project("orders", folder, architecture="x86_64", root=checkout)
    assert not (folder / "vendor" / "services" / "orders" / "renamed.py").exists()


def test_fifo_queue_cannot_subscribe_to_the_bus() -> None:
    app = ServiceApp("orders")

    @app.consumer(fifo=True, subscribes=[orders.OrderSubmitted])
    def listen(_message: Envelope) -> None: ...

    with pytest.raises(ValueError, match="listen: a FIFO queue takes commands"):
        template.merge_template(app)


def test_additional_template_replaces_whole_references() -> None:
    generated = {"Variables": {"A": {"Ref": "Generated"}, "B": {"Ref": "Kept"}}}
    cloudformation.deep_update(generated, {"Variables": {"A": {"Fn::If": ["Yes", "1", "0"]}}})
    assert generated == {"Variables": {"A": {"Fn::If": ["Yes", "1", "0"]}, "B": {"Ref": "Kept"}}}
