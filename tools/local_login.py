"""Sign any account of the local run in: a demo user, an imported one, or one with its own password."""

from __future__ import annotations

from pathlib import Path

from tools import aws, identity
from tools.demo.logins import read_logins
from tools.errors import CommandError
from tools.identity import SignIn


def sign_in(stage: str, logins_file: Path, user: str, password: str | None = None) -> str:
    """Return an ID token of an account.

    A user who has not set a password yet gets that of the demo users; the invitation stays open.

    Args:
        password: that of a user who has set one; by default that of the demo users.
    Raises:
        CommandError: there is no such account, it is closed, or it has another password.
    """
    user = user.strip().lower()
    shared = read_logins(logins_file)[0].password
    client = aws.cognito()
    try:
        account = client.admin_get_user(UserPoolId=identity.pool_of(stage).pool_id, Username=user)
    except client.exceptions.UserNotFoundException:
        raise CommandError(
            f"there is no account '{user}': {logins_file.name} lists the demo users; an imported one opens in seconds"
        ) from None
    if not account["Enabled"]:
        raise CommandError(f"the account of {user} is closed: the user is removed, or the dealer suspended")
    if account["UserStatus"] == "FORCE_CHANGE_PASSWORD" and password is None:
        identity.set_password(stage, user, shared)
    try:
        return SignIn(stage, user, password or shared).token()
    except client.exceptions.NotAuthorizedException:
        advice = "the given one is wrong" if password else "give it with --password"
        raise CommandError(f"{user} has another password: {advice}") from None
