"""Report of an audit: as lines and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools import local
from tools.audit import audit
from tools.errors import CommandError


def report(stage: str | None, *, as_json: bool = False) -> int:
    """Audit a stage, the local run by default, and print the findings.

    Returns:
        0 without a finding, else 1.
    Raises:
        CommandError: there is no such stage.
    """
    if stage is None:
        local.connect_to_running()
    try:
        found = audit(stage or local.STAGE)
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"stage '{stage or local.STAGE}' cannot be read: {error}") from error
    if as_json:
        print(json.dumps({"findings": [asdict(finding) for finding in found]}, ensure_ascii=False))
    for finding in () if as_json else found:
        print(finding)
    if not found and not as_json:
        Console().print("[green]✔[/] 不变量全部成立 / every invariant holds", highlight=False)
    return 1 if found else 0
