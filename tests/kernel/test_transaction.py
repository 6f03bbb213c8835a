"""Transactions: all or nothing, labelled refusals, retried conflicts, no effect twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition, size

from kernel.base.problems import Busy
from kernel.store.items import Item
from kernel.store.read import fetch, fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from tests.kernel.sample_items import JarItem, jar, pieces, subtract
from tests.support import faults
from tests.support.world import World


@contextmanager
def failing_transactions(
    monkeypatch: pytest.MonkeyPatch, *failures: ClientError | ReadTimeoutError | None
) -> Iterator[list[dict[str, Any]]]:
    """Fail the next transactions with these errors, None to let one pass; yield the requests."""
    client = Item._get_connection().connection.client
    real = client._make_api_call
    sent: list[dict[str, Any]] = []
    left = list(failures)

    def call(operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems":
            sent.append(parameters)
            failure = left.pop(0) if left else None
            if failure is not None:
                raise failure
        return real(operation, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(client, "_make_api_call", call)
        patched.setattr(time, "sleep", lambda seconds: None)
        yield sent


def cancelled(*codes: str | None) -> ClientError:
    reasons = [{"Code": code or "None", **({"Message": code} if code else {})} for code in codes]
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": f"[{', '.join(str(code) for code in codes)}]"},
        "CancellationReasons": reasons,
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r"},
    }
    return ClientError(response, "TransactWriteItems")


def failure(code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "TransactWriteItems")


def test_transaction_writes_all_of_its_actions(world: World) -> None:
    jar("a", 5).save()
    jar("c").save()
    transaction = Transaction()
    transaction.create(jar("b", 1), "b")
    subtract(transaction, "a", 2)
    transaction.delete(JarItem, ("JARS", "c"), None, "c")
    assert len(transaction) == 3
    transaction.commit()
    assert [pieces(name) for name in "abc"] == [3, 1, None]


def test_transaction_writes_nothing_when_one_condition_fails(world: World) -> None:
    jar("a", 5).save()
    jar("b", 1).save()
    before = world.snapshot()
    transaction = Transaction()
    subtract(transaction, "a", 2)
    subtract(transaction, "b", 2)
    transaction.create(jar("c"), "c")
    with pytest.raises(TransactionRefused):
        transaction.commit()
    assert world.snapshot() == before


def test_refusal_has_every_failed_label_with_the_stored_item(world: World) -> None:
    for name, number in (("a", 5), ("b", 1), ("d", 0), ("e", 3)):
        jar(name, number).save()
    transaction = Transaction()
    subtract(transaction, "b", 2)
    transaction.put(jar("e", 9), "put e", JarItem.pieces == 4)
    transaction.delete(JarItem, ("JARS", "d"), JarItem.pieces > 0, "drop d")
    transaction.check(JarItem, ("JARS", "a"), JarItem.pieces > 5, "check a")
    transaction.create(jar("f"), "make f")
    transaction.create(jar("g"), "make g")
    with pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert set(refused.value.reasons) == {"subtract b", "put e", "drop d", "check a"}
    assert "check a" in refused.value
    assert "make f" not in refused.value
    stored = refused.value.reasons["subtract b"].item
    assert stored is not None
    assert stored["pieces"] == {"N": "1"}


def test_create_is_refused_when_item_exists(world: World) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    transaction.create(jar("a", 9), "a")
    with pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert "a" in refused.value
    assert pieces("a") == 5


def test_update_writes_kind_when_it_creates_the_item(world: World) -> None:
    transaction = Transaction()
    transaction.update_fields(JarItem, ("JARS", "new"), {"pieces": 4}, label="new")
    transaction.commit()
    assert isinstance(fetch([("JARS", "new")])[("JARS", "new")], JarItem)


def test_update_sets_and_removes_fields_when_expected_values_are_stored(world: World) -> None:
    jar("a", 3, label="plums").save()

    def set_as_of(pieces: int) -> None:
        transaction = Transaction()
        values = {"pieces": 5, "label": None, "notes": [1]}
        transaction.update_fields(JarItem, ("JARS", "a"), values, expected={"pieces": pieces}, label="a")
        transaction.commit()

    before = world.snapshot()
    with pytest.raises(TransactionRefused) as refused:
        set_as_of(4)
    assert (refused.value.reasons["a"].item or {})["label"] == {"S": "plums"}
    assert world.snapshot() == before
    set_as_of(3)
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found and (found.pieces, found.label, found.notes) == (5, None, [1])


def test_update_increments_counters_and_expects_absent_fields(world: World) -> None:
    def first_label(more: int) -> None:
        transaction = Transaction()
        transaction.update_fields(
            JarItem, ("JARS", "a"), {"label": "plums"}, expected={"label": None}, increments={"pieces": more}, label="a"
        )
        transaction.commit()

    first_label(3)
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found and (found.pieces, found.label) == (3, "plums")
    with pytest.raises(TransactionRefused):
        first_label(3)
    transaction = Transaction()
    transaction.update_fields(JarItem, ("JARS", "a"), {}, increments={"pieces": -1}, label="a")
    transaction.commit()
    assert pieces("a") == 2


def _set_label(condition: Condition, *, expected: dict[str, Any] | None = None) -> None:
    transaction = Transaction()
    transaction.update_fields(
        JarItem, ("JARS", "a"), {"label": "figs"}, expected=expected, condition=condition, label="a"
    )
    transaction.commit()


@pytest.mark.parametrize(
    "condition",
    [
        JarItem.pieces < 4,
        JarItem.label.is_in("plums", "pears"),
        size("label") == 5,
        JarItem.notes.does_not_exist() | (JarItem.pieces > 9),
        JarItem.pk.exists() & (JarItem.pieces == 3),
    ],
    ids=["comparison", "choice", "size", "alternative", "combination"],
)
def test_update_obeys_condition_in_addition_to_expected_values(world: World, condition: Condition) -> None:
    jar("a", 3, label="plums").save()
    before = world.snapshot()
    for refused_condition, expected in ((~condition, {"pieces": 3}), (condition, {"pieces": 4})):
        with pytest.raises(TransactionRefused):
            _set_label(refused_condition, expected=expected)
    assert world.snapshot() == before
    _set_label(condition, expected={"pieces": 3})
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found and (found.pieces, found.label) == (3, "figs")


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_commit_retries_transient_conflicts_under_new_tokens(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    subtract(transaction, "a", 2)
    with failing_transactions(monkeypatch, cancelled(code), cancelled(code)) as sent:
        transaction.commit()
    assert pieces("a") == 3
    assert len(sent) == 3
    tokens = [parameters["ClientRequestToken"] for parameters in sent]
    assert len(set(tokens)) == 3, "a cancelled attempt's token is spent"


def test_commit_raises_busy_after_its_last_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    subtract(transaction, "a", 2)
    with failing_transactions(monkeypatch, *[cancelled("TransactionConflict")] * 20) as sent, pytest.raises(Busy):
        transaction.commit()
    assert pieces("a") == 5
    assert 3 <= len(sent) <= 10


def test_commit_repeats_an_attempt_in_progress_under_the_same_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    subtract(transaction, "a", 2)
    with failing_transactions(monkeypatch, failure("TransactionInProgressException"), None) as sent:
        transaction.commit()
    assert sent[0]["ClientRequestToken"] == sent[1]["ClientRequestToken"], "another token would write twice"
    assert pieces("a") == 3


def test_commit_is_refused_when_a_condition_fails_beside_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    transaction.create(jar("b"), "b")
    reasons = cancelled("TransactionConflict", "ConditionalCheckFailed")
    with failing_transactions(monkeypatch, reasons) as sent, pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert set(refused.value.reasons) == {"b"}
    assert len(sent) == 1


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"])
def test_commit_raises_other_cancellations_without_retry(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    with failing_transactions(monkeypatch, cancelled(code)) as sent, pytest.raises(TransactWriteError):
        transaction.commit()
    assert len(sent) == 1


def test_commit_raises_original_error_when_no_response_arrives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = ReadTimeoutError(endpoint_url="https://dynamodb.test")
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    with failing_transactions(monkeypatch, silence), pytest.raises(TransactWriteError) as raised:
        transaction.commit()
    assert raised.value.cause is silence


def test_transaction_takes_effect_once_when_its_response_is_lost(world: World) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    transaction.update_fields(JarItem, ("JARS", "a"), {}, increments={"pieces": -1}, label="unconditional")
    with faults.watched(faults.Run(kind=faults.Kind.ANSWER_LOST, at=0)) as run:
        transaction.commit()
    assert run.fired
    assert pieces("a") == 4
