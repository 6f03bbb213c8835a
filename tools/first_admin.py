"""`qudao admin invite`: make the first administrator of a stage, with the code of the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tools import local
from tools.errors import CommandError
from tools.stage_settings import settings_of

if TYPE_CHECKING:
    from services.dealers.api import InvitationView


def invite_first_administrator(stage: str, username: str, name: str) -> InvitationView:
    """Return the invitation of the administrator, with its code. A repetition makes a new one.

    Args:
        stage: "local" for the running local Qudao.
    Raises:
        CommandError: the stage has another administrator, trusts another issuer, cannot be read, or the user name
            cannot be used.
    """
    if stage == local.STAGE:
        local.connect_to_running()
    try:
        return _invite(stage, username, name)
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"{stage} cannot be read: {error}; is it deployed, with these AWS credentials?") from error


def _invite(stage: str, username: str, name: str) -> InvitationView:
    from pydantic import ValidationError

    from kernel.base.ids import new_id
    from kernel.base.problems import Problem
    from kernel.http.idempotency import IdempotencyKey
    from services.dealers import identity
    from services.dealers.api import StaffRow
    from services.dealers.invite_person import invite_first_administrator as invite

    try:
        row = StaffRow(username=username, name=name, roles=["admin"])
    except ValidationError:
        raise CommandError(f"'{username}' is no user name: 2 to 63 small letters, digits, '.', '_' or '-'") from None
    request = new_id("cli")
    key = IdempotencyKey.of(who="user:operator", route="admin invite", key=request, path={}, body=row, status=200)
    try:
        with settings_of(stage):
            if identity.identity_provider() is None:
                raise CommandError(f"{stage} trusts another issuer: open the account there")
            invitation = invite(row.username, row.name, key)
    except Problem as problem:
        raise CommandError(f"refused: {problem.detail}") from None
    if invitation is None:
        raise CommandError(f"{stage} has an administrator already, who can invite others: POST /dealers/HOUSE/people")
    return invitation
