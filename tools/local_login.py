"""Sign any account of the local run in: a demo user, an imported one, or one with its own password."""

from __future__ import annotations

from pathlib import Path

from tools import aws, identity
from tools.demo.logins import read_logins
from tools.errors import CommandError
from tools.identity import SignIn
from tools.stage_settings import settings_of


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


def sign_in_by_code(stage: str, user: str) -> str:
    """Return an ID token of a user, who signs in by SMS code. The code is computed: no text leaves this machine.

    Raises:
        CommandError: the user gets no code, now or ever.
    """
    from kernel.base.problems import Problem
    from kernel.store.read import fetch_one
    from reads.sign_in_codes import sign_in_code
    from services.dealers import request_sign_in_code, sign_in_by_code
    from services.dealers.sign_in_api import RequestSignInCode, SignInByCode
    from services.dealers.sign_in_codes import SignInCodeItem, sign_in_code_key, user_with_code

    username = user.strip().lower()
    with settings_of(stage):
        found = user_with_code(username)
        if found is None:
            raise CommandError(f"{username} gets no code: no such user, no mobile phone, or the dealer is suspended")
        request_sign_in_code.request_sign_in_code(RequestSignInCode(username=username))
        item = fetch_one(SignInCodeItem, sign_in_code_key(username))
        code = sign_in_code(found.dealer_id, username, item.request) if item else ""
        try:
            request = SignInByCode(username=username, code=code)
            return sign_in_by_code.sign_in_by_code(request).id_token
        except (Problem, ValueError):
            raise CommandError(
                f"{username} gets no code now: a phone gets 1 a minute, 5 an hour and 10 a day; or it is closed"
            ) from None
