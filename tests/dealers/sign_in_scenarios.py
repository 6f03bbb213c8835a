"""Routes of signing in by code, declared once for all tests of every handler."""

from __future__ import annotations

from unittest.mock import patch

from kernel.store import cursors
from kernel.time import clock
from reads.sign_in_codes import sign_in_code
from services.dealers.sign_in_codes import MAX_WRONG_TRIES, VALID_FOR, SignInCodeItem, phone_digest, sign_in_code_key
from tests.dealers.steps import import_dealers, other_dealer, user
from tests.dealers.user_pool import user_pool
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER
from tests.support.functions import SEALING_KEY, function_running
from tests.support.steps import request
from tests.support.trigger import Situation, Step, Trigger, variant

SIGN_IN_REQUEST = "sic_01KNOWNREQUESTOFATEST"
with patch.object(cursors, "_keys", lambda: [SEALING_KEY]):
    SIGN_IN_CODE = sign_in_code(OTHER, "newcomer", SIGN_IN_REQUEST)


WRONG_CODE = f"{(int(SIGN_IN_CODE) + 1) % 1_000_000:06d}"


def open_newcomer(company: SampleCompany) -> None:
    """Import a user with a phone and open the account."""
    import_dealers(other_dealer(users=[user("newcomer", "dealer_buyer")]))(company)
    company.world.drain()


ASK = request("dealers", "/sign-in/codes", {"username": "newcomer"}, role="admin")


def ask_and_deliver(company: SampleCompany) -> None:
    """Ask for another code, and deliver all messages."""
    ASK(company)
    company.world.drain()


def known_code_to_sign_in(wrong_tries: int = 0) -> Step:
    """Return a step that stores a code to sign in with that a declared body can name."""

    def act(company: SampleCompany) -> None:
        open_newcomer(company)
        # The service is the owner of the item, also here.
        with function_running("dealers.api_handler"):
            SignInCodeItem(
                *sign_in_code_key("newcomer"),
                owner=OTHER,
                request=SIGN_IN_REQUEST,
                phone_digest=phone_digest("+8613712345678"),
                valid_until=clock.stamp(clock.now() + VALID_FOR),
                wrong_tries=wrong_tries,
            ).save()

    return act


TRIGGERS = [
    Trigger(
        "POST /sign-in/codes",
        public=True,
        status=202,
        body={"username": "newcomer"},
        # A minute later the request makes another code; a repetition within it changes nothing.
        usual=variant(around=user_pool, prepare=open_newcomer, later=ask_and_deliver),
        situations=[
            Situation("of nobody", body={"username": "no-such-user"}, around=user_pool),
            Situation(
                "contended: another code was made meanwhile",
                around=user_pool,
                prepare=open_newcomer,
                rival=ASK,
                later=ask_and_deliver,
            ),
        ],
    ),
    Trigger(
        "POST /sign-in",
        public=True,
        body={"username": "newcomer", "code": SIGN_IN_CODE},
        # A repeat after a lost answer is refused: a code is used once, and the user asks for another.
        usual=variant(around=user_pool, prepare=known_code_to_sign_in(), statuses=(200, 422)),
        situations=[
            Situation(
                "the last wrong try",
                body={"username": "newcomer", "code": WRONG_CODE},
                around=user_pool,
                prepare=known_code_to_sign_in(wrong_tries=MAX_WRONG_TRIES - 1),
                statuses=(422,),
            )
        ],
    ),
]
