"""Dead letters are shown and sent back to their queue: none is lost, none has two effects."""

from __future__ import annotations

import json

import pytest

from tests.support.fixtures import WAREHOUSE
from tests.support.functions import STAGE, load_apps
from tests.support.world import World
from tests.tools.dead_letters.situations import (
    CREDIT,
    RESERVE,
    broken,
    queue_of,
    run,
    trade,
    trade_with_broken,
)
from tools import aws
from tools.dead_letters.masking import masked
from tools.dead_letters.queues import dead_letter_queues, peek
from tools.dead_letters.redrive import redrive
from tools.errors import CommandError

# ---- showing ----


def test_list_has_every_dead_letter_queue_with_its_owner(world: World) -> None:
    apps, _ = load_apps()
    declared = {spec.queue for app in apps.values() for spec in app.consumers}
    found = dead_letter_queues(STAGE)
    assert {queue.source.removeprefix(f"qudao-{STAGE}-").removesuffix(".fifo") for queue in found} == declared
    owners = {queue.name: queue.owner for queue in found}
    assert owners[RESERVE] == "orders.reserve_stock"
    assert owners[CREDIT] == "orders.update_credit"


def test_list_exits_with_0_without_dead_letters(world: World) -> None:
    code, output = run("list")
    assert code == 0 and "没有死信" in output and "no dead letters" in output


def test_list_has_number_and_age_of_dead_letters_and_exits_with_1(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    code, output = run("list")
    assert code == 1 and "update-credit" in output and "orders" in output and "reserve-stock" not in output
    code, listed = run("list", "--json")
    rows = {row["name"]: row for row in json.loads(listed)}
    assert (code, rows[CREDIT]["messages"], rows[CREDIT]["source"]) == (1, 3, CREDIT.removesuffix("-dlq"))
    assert 0 <= rows[CREDIT]["oldest_seconds"] < 600
    assert rows[RESERVE]["messages"] == 0 and rows[RESERVE]["oldest_seconds"] is None


def test_show_has_the_event_and_number_of_receives(world: World) -> None:
    trade_with_broken(world, "reserve-stock")
    code, output = run("show", "reserve-stock", "--json")
    (letter,) = json.loads(output)
    assert code == 0
    assert (letter["id"], letter["type"]) == ("evt_D0001-000001_1", "order.submitted.v1")
    assert (letter["subject"], letter["group"], letter["sent_back"]) == ("D0001-000001", WAREHOUSE, 0)
    assert letter["receives"] >= 5
    assert letter["reason"] == "RuntimeError: not today"
    assert "body" not in letter
    _, output = run("show", "reserve-stock")
    assert "last error: RuntimeError: not today" in output
    assert "evt_D0001-000001_1" in output and "order.submitted.v1" in output and "came back" not in output


def test_list_names_the_queues_whose_messages_are_tried_again(world: World) -> None:
    trade(world)
    world.relay_once()
    with broken("reserve-stock"):
        world.consume_once("orders", "reserve_stock")
    code, output = run("list")
    assert code == 0
    (line,) = (line for line in output.splitlines() if line.startswith("reserve-stock-retry"))
    assert line.endswith("0 waiting, 1 being handled or tried again later")


def test_peek_leaves_all_messages_visible(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    before = world.dead_letters()
    assert [len(peek(queue_of(CREDIT), 100)) for _ in range(3)] == [3, 3, 3]
    assert world.dead_letters() == before


def test_unreadable_letter_is_shown_and_can_be_sent_back(world: World) -> None:
    url = aws.sqs().get_queue_url(QueueName=CREDIT)["QueueUrl"]
    sent = aws.sqs().send_message(QueueUrl=url, MessageBody="{broken, +8613812345678")
    code, output = run("show", CREDIT, "--body")
    assert code == 0 and "unreadable" in output and "+8613812345678" not in output and "+86138****5678" in output
    outcome = redrive(queue_of(CREDIT), frozenset({sent["MessageId"]}), "run")
    assert outcome.sent == [sent["MessageId"]]
    assert world.waiting("update-credit") == ["{broken, +8613812345678"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{broken", "it is not JSON"),
        ("[]", "it is no event"),
        ('{"type": "payment.posted.v1"}', "fields missing or wrong: id, source, subject"),
        ("unknown type", "no such event type: payment.lost.v1"),
        ("wrong content", "fields missing or wrong: payment_id, dealer_id, amount_fen, received_on"),
    ],
)
def test_unreadable_letter_is_shown_with_its_reason(world: World, body: str, reason: str) -> None:
    envelope = {"id": "e", "source": "s", "subject": "x", "time": "t", "sequence": 1, "data": {}}
    types = {"unknown type": "payment.lost.v1", "wrong content": "payment.posted.v1"}
    url = aws.sqs().get_queue_url(QueueName=CREDIT)["QueueUrl"]
    text = json.dumps(envelope | {"type": types[body]}) if body in types else body
    aws.sqs().send_message(QueueUrl=url, MessageBody=text)
    assert reason in run("show", CREDIT)[1]
    [letter] = json.loads(run("show", CREDIT, "--json")[1])
    assert reason in letter["unreadable_because"]


def test_unknown_queue_is_refused_with_the_known_names(world: World) -> None:
    code, output = run("show", "update-debit")
    assert code == 1 and "update-debit" in output and "update-credit" in output and "Traceback" not in output


@pytest.mark.parametrize("name", ["update-credit", "update-credit-dlq", CREDIT, CREDIT.removesuffix("-dlq")])
def test_queue_is_found_by_each_of_its_names(world: World, name: str) -> None:
    assert queue_of(name).name == CREDIT


def test_queue_of_another_stage_is_refused(world: World) -> None:
    with pytest.raises(CommandError, match="qudao-prod-update-credit-dlq"):
        queue_of("qudao-prod-update-credit-dlq")


def test_fifo_queue_is_found_by_each_of_its_names(world: World) -> None:
    for name in ("reserve-stock", "reserve-stock.fifo", "reserve-stock-dlq", RESERVE):
        assert queue_of(name).name == RESERVE


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('{"phone":"+8613812345678"}', "13812345678"),
        ("call 13812345678 now", "13812345678"),
        ('{"secret":"abc","nested":[{"api_key":"abcd1234"}]}', "abc"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9"),
        ('{"said":"Bearer eyJhbGciOi.eyJzdWIi.sig"}', "eyJzdWIi"),
    ],
)
def test_phones_and_secrets_are_masked(text: str, hidden: str) -> None:
    assert hidden not in masked(text)


def test_numbers_that_are_no_phones_are_not_masked(world: World) -> None:
    for text in ("D0001-000123", "evt_rcp_01M8323BGSTYG7EYXD9TX0G2JB_1", "1795399200433.dealer.evt", "123450"):
        assert masked(text) == text
