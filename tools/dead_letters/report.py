"""Report of dead letters: as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from ulid import ULID

from tools import local
from tools.dead_letters.masking import masked
from tools.dead_letters.queues import (
    DeadLetter,
    DeadLetterQueue,
    WaitingQueue,
    dead_letter_queue,
    dead_letter_queues,
    peek,
    waiting_queues,
)
from tools.dead_letters.redrive import RedriveOutcome, redrive
from tools.errors import CommandError
from tools.screen import bars

#: Messages of a queue that are read to find the oldest, and shown.
_MAX_SHOWN = 100


def show_queues(stage: str | None, *, as_json: bool = False) -> int:
    """Print every dead-letter queue of a stage, the local run by default, and what the other queues still try.

    Returns:
        0 if all are empty, else 1.
    Raises:
        CommandError: the stage cannot be read.
    """
    with _readable(stage) as name:
        queues, waiting = dead_letter_queues(name), waiting_queues(name)
        oldest = {queue.name: _oldest(queue) for queue in queues}
    if as_json:
        _print_json([_queue_fields(queue, oldest[queue.name]) for queue in queues])
    else:
        _print_queues(queues, oldest)
        _print_waiting(waiting)
    return 1 if any(queue.messages for queue in queues) else 0


def show_letters(stage: str | None, queue_name: str, *, body: bool = False, as_json: bool = False) -> int:
    """Print the messages of a dead-letter queue, with `body` also their masked bodies.

    Returns:
        0.
    Raises:
        CommandError: there is no such queue, or the stage cannot be read.
    """
    with _readable(stage) as name:
        queue = dead_letter_queue(name, queue_name)
        letters = peek(queue, _MAX_SHOWN)
    rows = [_letter_fields(letter, body=body) for letter in letters]
    if as_json:
        _print_json(rows)
    else:
        _print_letters(queue, rows)
    return 0


def redrive_letters(
    stage: str | None, queue_name: str, *, ids: Sequence[str], all_letters: bool, as_json: bool = False
) -> int:
    """Send dead letters back to the queue that they failed in, and print the outcome.

    Returns:
        0 if all chosen messages were sent back, else 1.
    Raises:
        CommandError: neither or both of `ids` and `all_letters` are given, or the queue is unknown or unreadable.
    """
    if bool(ids) == all_letters:
        raise CommandError("请用 --id 选择,或用 --all 全选 / choose messages with --id, or take --all")
    with _readable(stage) as name:
        queue = dead_letter_queue(name, queue_name)
        console = Console(stderr=True)
        with bars(console) as bar:
            task = bar.add_task(f"{queue.name} → {queue.source}", total=len(ids) or queue.messages)
            chosen = None if all_letters else frozenset(ids)
            outcome = redrive(queue, chosen, str(ULID()), lambda _: bar.update(task, advance=1))
    if as_json:
        print(json.dumps(asdict(outcome), ensure_ascii=False))
    else:
        _print_outcome(outcome)
    return 0 if outcome.is_done else 1


@contextmanager
def _readable(stage: str | None) -> Iterator[str]:
    """Yield the stage's name; raise errors of AWS as a CommandError."""
    if stage is None:
        local.connect_to_running()
    name = stage or local.STAGE
    try:
        yield name
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"无法读取 / the queues of stage '{name}' cannot be read: {error}") from error


def _oldest(queue: DeadLetterQueue) -> datetime | None:
    if not queue.messages:
        return None
    return min((letter.sent_at for letter in peek(queue, _MAX_SHOWN)), default=None)


# ---- JSON ----


def _queue_fields(queue: DeadLetterQueue, oldest: datetime | None) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(queue).items() if name != "url"}
    seconds = (datetime.now(UTC) - oldest).total_seconds() if oldest else None
    return fields | {"source": None if queue.notes else queue.source, "oldest_seconds": seconds}


def _letter_fields(letter: DeadLetter, *, body: bool) -> dict[str, Any]:
    event = letter.event
    return {
        "id": letter.id,
        "message_id": letter.message_id,
        "type": event.type if event else None,
        "subject": masked(event.subject) if event else None,
        "happened_at": event.time if event else None,
        "group": letter.group,
        "sent_at": letter.sent_at.isoformat(timespec="seconds"),
        "first_received_at": letter.first_received_at.isoformat(timespec="seconds"),
        "receives": letter.receives,
        "sent_back": letter.sent_back,
        "reason": masked(letter.reason) if letter.reason else None,
        "unreadable_because": letter.unreadable_because,
        **({"body": masked(letter.body)} if body else {}),
    }


def _print_json(rows: list[dict[str, Any]]) -> None:
    print(json.dumps(rows, ensure_ascii=False, indent=1))


# ---- tables ----


def _print_queues(queues: Sequence[DeadLetterQueue], oldest: dict[str, datetime | None]) -> None:
    console = Console()
    filled = [queue for queue in queues if queue.messages]
    if not filled:
        console.print(f"[green]✔[/] 没有死信 / no dead letters in {len(queues)} queues", highlight=False)
        return
    table = Table(box=None)
    for column in ("队列 / queue", "归属 / work of", "条数 / messages", "最早 / oldest"):
        table.add_column(column)
    for queue in filled:
        hidden = f" ({queue.hidden} 在处理 / in hand)" if queue.hidden else ""
        service = queue.owner.partition(".")[0]
        table.add_row(queue.short_name, service, f"{queue.messages}{hidden}", _age(oldest[queue.name]))
    console.print(table)
    console.print(
        f"其余 {len(queues) - len(filled)} 个为空 / the other {len(queues) - len(filled)} are empty", highlight=False
    )


def _print_waiting(queues: Sequence[WaitingQueue]) -> None:
    """Print the queues whose messages wait, or failed and are tried again within a minute or two."""
    console = Console()
    for queue in queues:
        console.print(
            f"{queue.short_name}: {queue.waiting} 条待处理,{queue.hidden} 条处理中或将重试 / "
            f"{queue.waiting} waiting, {queue.hidden} being handled or tried again later",
            highlight=False,
            soft_wrap=True,
        )


def _age(moment: datetime | None) -> str:
    if moment is None:
        return "?"
    return f"{timedelta(seconds=int((datetime.now(UTC) - moment).total_seconds()))}"


def _print_letters(queue: DeadLetterQueue, rows: Sequence[dict[str, Any]]) -> None:
    console = Console()
    console.print(
        f"{queue.name}: {queue.messages} 条,来自 {queue.owner} / {queue.messages} messages of {queue.owner}",
        highlight=False,
        soft_wrap=True,
    )
    for number, row in enumerate(rows, 1):
        again = f"  [yellow]重投 {row['sent_back']} 次后又回来 / came back, sent back {row['sent_back']}×[/]"
        title = f"{row['type']}  {row['subject']}" if row["type"] else "[red]无法读取 / unreadable[/]"
        console.print(f"\n{number}. {title}{again if row['sent_back'] else ''}", highlight=False, soft_wrap=True)
        console.print(f"   id {row['id']}   message {row['message_id']}", highlight=False, soft_wrap=True)
        console.print(
            f"   首次处理 / first received {row['first_received_at']}   次数 / receives {row['receives']}",
            highlight=False,
            soft_wrap=True,
        )
        if row["reason"]:
            console.print(f"   最后一次出错 / last error: {escape(row['reason'])}", highlight=False, soft_wrap=True)
        if row["unreadable_because"]:
            console.print(f"   [red]{escape(row['unreadable_because'])}[/]", highlight=False, soft_wrap=True)
        if "body" in row:
            console.print(f"   {row['body']}", highlight=False, soft_wrap=True, markup=False)
    if len(rows) < queue.messages:
        rest = queue.messages - len(rows)
        console.print(f"\n还有 {rest} 条未列出 / {rest} more are not shown: behind others, or being processed")


def _print_outcome(outcome: RedriveOutcome) -> None:
    console = Console()
    console.print(f"已重投 / sent back: {len(outcome.sent)}", highlight=False)
    problems = {
        "未能重投,仍在此 / not sent back, still here": outcome.failed,
        "已重投,未删除,再发无害 / sent back, not deleted here; sent again next time, which does no harm": outcome.kept,
        "重投后又失败,请先查原因 / came back already: find the reason first": outcome.returned,
        "未找到 / not found": outcome.missing,
    }
    if outcome.unseen:
        number = outcome.unseen
        unseen = f"另有 {number} 条正被处理,请稍后再试 / {number} more are being processed: try later"
        console.print(f"[red]{unseen}[/]", highlight=False)
    for problem, ids in problems.items():
        if ids:
            console.print(f"[red]{problem}[/]: {', '.join(ids)}", highlight=False, soft_wrap=True)
