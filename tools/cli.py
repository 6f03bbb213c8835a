"""The `qudao` command. Each command imports its modules when it is called, so `--help` is quick."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    help="渠道 Qudao: package, deploy, run locally, look.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()

Services = Annotated[list[str] | None, typer.Argument(help="names of services; all when none is given")]
Architecture = Annotated[str | None, typer.Option(help="x86_64 or arm64; this machine's by default")]


@app.command()
def run(
    port: Annotated[int, typer.Option(envvar="QUDAO_PORT", help="where to listen on this machine")] = 8080,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    from tools import local

    with _short_errors():
        local.run(port, console)


@app.command()
def login(
    user: Annotated[str, typer.Argument(help="one of .qudao/logins.json, or any other account of the local run")],
    password: Annotated[
        str | None, typer.Option(envvar="QUDAO_PASSWORD", help="of a user who has set one", show_envvar=True)
    ] = None,
    code: Annotated[bool, typer.Option("--code", help="sign in by SMS code instead of a password")] = False,
) -> None:
    """Print an ID token of the local run, for `curl -H "Authorization: Bearer …"`. It is valid for five minutes."""
    from tools import local

    with _short_errors():
        typer.echo(local.token(user, password, by_code=code))


@app.command()
def package(services: Services = None, architecture: Architecture = None) -> None:
    """Build the zip and the template of each service into build/."""
    from tools import package as packaging
    from tools import paths
    from tools.screen import packaging_progress

    with _short_errors():
        names = _service_names(services)
        with packaging_progress(console, len(names)) as done:
            built = packaging.build(names, architecture=architecture, done=done)
        for service in built:
            size = service.archive.stat().st_size / 1_000_000
            console.print(f"{service.archive.relative_to(paths.ROOT)}  {size:.1f} MB", highlight=False)


@app.command()
def deploy(
    stage: Annotated[str, typer.Option(help="name of the copy of Qudao, for example dev or prod")],
    services: Services = None,
    architecture: Architecture = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=VALUE of a template parameter, kept until set anew: AlarmEmail, OidcIssuer ..."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="apply without asking")] = False,
) -> None:
    """Show the changes in AWS, then apply them: core stack, relay, services."""
    from tools import deploy as deploying
    from tools import package as packaging
    from tools.screen import deployment_screen, packaging_progress

    asks = sys.stdin.isatty() and not yes
    with _short_errors():
        names, given = _service_names(services), _settings(settings or [])
        with packaging_progress(console, len(names)) as done:
            built = packaging.build(names, architecture=architecture, done=done)
        with deployment_screen(console, verbose=True, confirm=lambda: not asks or typer.confirm("Apply?")) as screen:
            changed = deploying.deploy(stage, built, screen, given)
        console.print(f"{stage}: {', '.join(changed) if changed else 'nothing to change'}", highlight=False)


@app.command()
def openapi() -> None:
    """Write docs/openapi.json from the routes of the services."""
    from tools import paths
    from tools.openapi import openapi_text

    with _short_errors():
        paths.OPENAPI.parent.mkdir(exist_ok=True)
        paths.OPENAPI.write_text(openapi_text(), encoding="utf-8")


@app.command()
def docs() -> None:
    """Write the generated parts of the documentation, docs/openapi.json included."""
    from tools import docs as documentation
    from tools import paths

    with _short_errors():
        for file in documentation.write():
            console.print(file.relative_to(paths.ROOT), highlight=False)


@app.command()
def tour(
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
    url: Annotated[str | None, typer.Option(help="where Qudao runs; the local run by default")] = None,
) -> None:
    """Walk one 120-line order from submission to the statement, over the running system."""
    from tools import tour as touring

    with _short_errors():
        raise typer.Exit(touring.tour(as_json=as_json, url=url))


@app.command()
def replay(
    file: Annotated[str, typer.Argument(help="a wholesaler's invoices, CSV")],
    stock: Annotated[str, typer.Option(help="enough or scarce")] = "enough",
    day: Annotated[str | None, typer.Option(help="only this day, YYYY-MM-DD")] = None,
    min_lines: Annotated[int, typer.Option(help="only invoices with at least so many lines")] = 1,
    dealers: Annotated[int, typer.Option(help="dealers ordering at the same time")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
    url: Annotated[str | None, typer.Option(help="where Qudao runs; the local run by default")] = None,
) -> None:
    """Replay real invoices through the public API and check every promise against the file."""
    from tools import replay as replaying

    with _short_errors():
        raise typer.Exit(
            replaying.replay(file, stock=stock, day=day, min_lines=min_lines, dealers=dealers, as_json=as_json, url=url)
        )


@app.command()
def audit(
    stage: Annotated[str | None, typer.Option(help="name of the copy of Qudao; the local run by default")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """Check the invariants of stock, orders, ledger and messages in a stage's table and queues."""
    from tools.audit.report import report

    with _short_errors():
        raise typer.Exit(report(stage, as_json=as_json))


dead_letters = typer.Typer(
    help="Dead letters: show messages that failed all attempts, and send them back.", no_args_is_help=True
)
app.add_typer(dead_letters, name="dlq")

Stage = Annotated[str | None, typer.Option(help="name of the copy of Qudao; the local run by default")]
DeadLetterQueue = Annotated[str, typer.Argument(help="a queue as `dlq list` names it, or the queue it belongs to")]


@dead_letters.command("list")
def list_dead_letters(
    stage: Stage = None, as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False
) -> None:
    """List the dead-letter queues with owner, number and age of their messages. Exits with 1 if there is a message."""
    from tools.dead_letters import report

    with _short_errors():
        raise typer.Exit(report.show_queues(stage, as_json=as_json))


@dead_letters.command("show")
def show_dead_letters(
    queue: DeadLetterQueue,
    stage: Stage = None,
    body: Annotated[bool, typer.Option("--body", help="also the bodies, phones and secrets masked")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
) -> None:
    """Show the messages of a dead-letter queue: events and number of attempts."""
    from tools.dead_letters import report

    with _short_errors():
        raise typer.Exit(report.show_letters(stage, queue, body=body, as_json=as_json))


@dead_letters.command("redrive")
def redrive_dead_letters(
    queue: DeadLetterQueue,
    stage: Stage = None,
    ids: Annotated[list[str] | None, typer.Option("--id", help="of an event or a message; may be repeated")] = None,
    all_letters: Annotated[bool, typer.Option("--all", help="all messages of the queue")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the outcome as JSON")] = False,
) -> None:
    """Send dead letters back to their queue. Twice does no harm: every consumer applies a message once."""
    from tools.dead_letters import report

    with _short_errors():
        raise typer.Exit(report.redrive_letters(stage, queue, ids=ids or [], all_letters=all_letters, as_json=as_json))


administrators = typer.Typer(help="The first administrator of a stage.", no_args_is_help=True)
app.add_typer(administrators, name="admin")


@administrators.command("invite")
def invite_administrator(
    user: Annotated[str, typer.Argument(help="user name, such as li.wei")],
    stage: Annotated[str, typer.Option(help="name of the copy of Qudao")],
    name: Annotated[str | None, typer.Option(help="name of the person; the user name by default")] = None,
) -> None:
    """Invite the first administrator and print the code, once. A repetition replaces the code."""
    from tools.first_admin import invite_first_administrator

    with _short_errors():
        invitation = invite_first_administrator(stage, user, name or user)
        console.print(f"用户名 / user name  {invitation.username}", highlight=False)
        console.print(f"邀请码 / code       {invitation.code}", highlight=False)
        console.print(f"有效至 / valid to   {invitation.valid_until}", highlight=False)


@administrators.callback()
def _administrators() -> None:
    """Keep `invite` a separate command."""


def _service_names(services: list[str] | None) -> list[str]:
    """Return these services, or all.

    Raises:
        CommandError: there is no service of that name.
    """
    from tools import paths
    from tools.errors import CommandError

    known = paths.services()
    if unknown := [name for name in services or [] if name not in known]:
        raise CommandError(f"there is no service '{unknown[0]}': choose from {', '.join(known)}")
    return services or known


def _settings(given: list[str]) -> dict[str, str]:
    """Return values by name from `NAME=VALUE`.

    Raises:
        CommandError: a setting has no `=`.
    """
    from tools.errors import CommandError

    if wrong := [setting for setting in given if "=" not in setting]:
        raise CommandError(f"--set takes NAME=VALUE, not '{wrong[0]}'")
    return dict(setting.split("=", 1) for setting in given)


@contextmanager
def _short_errors() -> Iterator[None]:
    """Print expected failures as one sentence, without a trace."""
    from tools.errors import CommandError

    try:
        yield
    except CommandError as failure:
        _fail(str(failure))


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
