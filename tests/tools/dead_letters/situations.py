"""Dead letters for tests: a system whose consumers are broken on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from moto.backends import get_backend
from typer.testing import CliRunner

from kernel.time.clock import business_date
from tests.fast_aws.cloud import ACCOUNT, REGION
from tests.support.fixtures import WAREHOUSE, open_shop, order_of, sku
from tests.support.functions import STAGE
from tests.support.world import World
from tools.audit import Snapshot, findings
from tools.cli import app
from tools.dead_letters.queues import DeadLetterQueue, dead_letter_queue

RESERVE, CREDIT = f"qudao-{STAGE}-reserve-stock-dlq.fifo", f"qudao-{STAGE}-update-credit-dlq"


@contextmanager
def broken(*names: str) -> Iterator[None]:
    """The functions of orders that consume these queues fail."""

    def fail(*_: Any) -> None:
        raise RuntimeError("not today")

    targets = {
        "reserve-stock": "services.orders.warehouse_queue.decide_stock_of_order",
        "update-credit": "services.orders.credit.update_credit.update_credit",
    }
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(patch(targets[name], fail))
        yield


def trade(world: World, orders: int = 1, payments: int = 1) -> None:
    """Receive goods, submit orders and post payments."""
    open_shop(products=3, stock=None)

    def post(service: str, path: str, body: dict[str, Any], *, role: str, key: str) -> None:
        dealer = "D0001" if role.startswith("dealer") else None
        response = world.call(service, "POST", path, body=body, token=world.token(role=role, dealer_id=dealer), key=key)
        assert response.status < 300, response.json

    receipt = {"warehouse": WAREHOUSE, "reference": "DN", "lines": [{"sku": sku(1), "quantity": 100}]}
    post("orders", "/stock/goods-receipts", receipt, role="warehouse", key="in")
    for number in range(orders):
        post("orders", "/orders", order_of((1, 2)), role="dealer_buyer", key=f"order-{number}")
    for number in range(payments):
        payment = {"dealer_id": "D0001", "amount_fen": 100, "bank_reference": f"B-{number}"}
        payment["received_on"] = business_date(world.clock.moment).isoformat()
        post("reconciliation", "/payments", payment, role="finance", key=f"paid-{number}")


def trade_with_broken(world: World, *names: str, orders: int = 1, payments: int = 1) -> None:
    """Trade while these functions fail, so that their messages become dead letters."""
    with broken(*names):
        trade(world, orders, payments)
        world.drain(may_fail=True)


def make_all_messages_visible() -> None:
    """Let the visibility timeout of every received message end."""
    for queue in get_backend("sqs")[ACCOUNT][REGION].queues.values():
        queue.pending_message_groups.clear()
        queue._pending_messages.clear()
        for message in queue._messages:
            message.visible_at = 0


def broken_invariants(world: World) -> list[str]:
    """Return the audit's findings, except what notifications would have written: that service is not running."""
    found = findings(Snapshot.of(raw for _, raw in world.cloud.rows()), patience=timedelta(0))
    return [str(finding) for finding in found if finding.rule not in {"message-missing", "log-missing"}]


def queue_of(name: str) -> DeadLetterQueue:
    return dead_letter_queue(STAGE, name)


def run(*arguments: str) -> tuple[int, str]:
    """Return exit code and output of a command; with --json only its standard output."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["dlq", *arguments, "--stage", STAGE])
    return result.exit_code, result.stdout if "--json" in arguments else result.output
