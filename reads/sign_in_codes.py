"""The code to sign in with. It is computed when it is texted and when it is checked, so it is stored nowhere."""

from __future__ import annotations

from contracts.dealers import HOUSE
from kernel.store.cursors import keyed_digest

#: Digits of a code.
CODE_DIGITS = 6


def sign_in_code(dealer_id: str | None, username: str, request: str) -> str:
    """Return the digits of the code that a request made.

    Args:
        dealer_id: None for the head office.
        request: id of the request, which no other request has.
    """
    random = keyed_digest("sign-in-code", dealer_id or HOUSE, username, request)
    # Eight bytes are enough that no code is noticeably more frequent than another.
    return f"{int.from_bytes(random[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
