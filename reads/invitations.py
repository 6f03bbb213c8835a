"""The code of an invitation. It is computed when it is shown or sent, so it is stored nowhere."""

from __future__ import annotations

from contracts.dealers import HOUSE
from kernel.store.cursors import keyed_digest

#: Digits and capitals without I, L, O and U, which are read as others (Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Characters of a code: 60 bits.
CODE_LENGTH = 12


def invitation_code(dealer_id: str | None, username: str, number: int) -> str:
    """Return the code of a user's invitation in three groups: `7K3M-Q9TZ-04WB`.

    Args:
        dealer_id: None for the head office.
        number: number of the invitation, which no other invitation of this user has.
    """
    random = keyed_digest("invitation", dealer_id or HOUSE, username, str(number))
    code = "".join(ALPHABET[byte % 32] for byte in random[:CODE_LENGTH])
    return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))
