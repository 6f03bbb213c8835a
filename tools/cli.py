"""The `qudao` command. Each command imports what it needs when it is called, so `--help` is quick."""

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

    with _plainly():
        local.run(port, console)


@app.command()
def login(user: Annotated[str, typer.Argument(help="one of .qudao/logins.json")]) -> None:
    """Print an ID token of the local run, for `curl -H "Authorization: Bearer …"`."""
    from tools import local

    with _plainly():
        typer.echo(local.token(user))


@app.command()
def package(services: Services = None, architecture: Architecture = None) -> None:
    """Build the zip and the template of each service into build/."""
    from tools import package as packaging
    from tools import paths
    from tools.screen import packaging_progress

    with _plainly():
        names = _chosen(services)
        with packaging_progress(console, len(names)) as done:
            built = packaging.build(names, architecture=architecture, done=done)
        for one in built:
            size = one.archive.stat().st_size / 1_000_000
            console.print(f"{one.archive.relative_to(paths.ROOT)}  {size:.1f} MB", highlight=False)


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
    """Show what would change in AWS, then change it: the core stack, the relay, the services."""
    from tools import deploy as deploying
    from tools import package as packaging
    from tools.screen import deployment_screen, packaging_progress

    asks = sys.stdin.isatty() and not yes
    with _plainly():
        names, given = _chosen(services), _settings(settings or [])
        with packaging_progress(console, len(names)) as done:
            built = packaging.build(names, architecture=architecture, done=done)
        with deployment_screen(console, verbose=True, confirm=lambda: not asks or typer.confirm("Apply?")) as screen:
            changed = deploying.deploy(stage, built, screen, given)
        console.print(f"{stage}: {', '.join(changed) if changed else 'nothing to change'}", highlight=False)


@app.command()
def openapi() -> None:
    """Write docs/openapi.json from what the services declare."""
    from tools import paths
    from tools.openapi import written

    with _plainly():
        paths.OPENAPI.parent.mkdir(exist_ok=True)
        paths.OPENAPI.write_text(written(), encoding="utf-8")


@app.command()
def tour(
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
    url: Annotated[str | None, typer.Option(help="where Qudao runs; the local run by default")] = None,
) -> None:
    """Walk one 120-line order from submission to the statement, over the running system."""
    from tools import tour as touring

    with _plainly():
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

    with _plainly():
        raise typer.Exit(
            replaying.replay(file, stock=stock, day=day, min_lines=min_lines, dealers=dealers, as_json=as_json, url=url)
        )


@app.command()
def audit(
    stage: Annotated[str | None, typer.Option(help="name of the copy of Qudao; the local run by default")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """Check stock, orders, ledger and delivery against what really stands in a stage's table and queues."""
    from tools.audit.report import report

    with _plainly():
        raise typer.Exit(report(stage, as_json=as_json))


dead_letters = typer.Typer(help="Dead letters: what was given up on, and sending it back.", no_args_is_help=True)
app.add_typer(dead_letters, name="dlq")

Stage = Annotated[str | None, typer.Option(help="name of the copy of Qudao; the local run by default")]
DeadLetterQueue = Annotated[str, typer.Argument(help="a queue as `dlq list` names it, or the queue it belongs to")]


@dead_letters.command("list")
def list_dead_letters(
    stage: Stage = None, as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False
) -> None:
    """List the queues of dead letters: whose work, how much, since when. Exits with 1 if anything lies there."""
    from tools.dead_letters import report

    with _plainly():
        raise typer.Exit(report.overview(stage, as_json=as_json))


@dead_letters.command("show")
def show_dead_letters(
    queue: DeadLetterQueue,
    stage: Stage = None,
    body: Annotated[bool, typer.Option("--body", help="also the messages, phones and secrets masked")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
) -> None:
    """Show the messages in a queue of dead letters: what they tell, how often they were tried."""
    from tools.dead_letters import report

    with _plainly():
        raise typer.Exit(report.contents(stage, queue, body=body, as_json=as_json))


@dead_letters.command("redrive")
def redrive_dead_letters(
    queue: DeadLetterQueue,
    stage: Stage = None,
    ids: Annotated[list[str] | None, typer.Option("--id", help="of an event or a message; may be repeated")] = None,
    everything: Annotated[bool, typer.Option("--all", help="all that lie there")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print what became of them as JSON")] = False,
) -> None:
    """Send dead letters back to the queue they came from. Twice does no harm: every consumer counts a message once."""
    from tools.dead_letters import report

    with _plainly():
        raise typer.Exit(report.redrive(stage, queue, ids=ids or [], everything=everything, as_json=as_json))


def _chosen(services: list[str] | None) -> list[str]:
    """These services, or all.

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
    """`NAME=VALUE` by name.

    Raises:
        CommandError: one has no `=`.
    """
    from tools.errors import CommandError

    if wrong := [one for one in given if "=" not in one]:
        raise CommandError(f"--set takes NAME=VALUE, not '{wrong[0]}'")
    return dict(one.split("=", 1) for one in given)


@contextmanager
def _plainly() -> Iterator[None]:
    """Say expected failures in one sentence, without a trace."""
    from tools.errors import CommandError

    try:
        yield
    except CommandError as failure:
        _fail(str(failure))


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
