"""Routes of delivery addresses, declared once for all tests of every handler."""

from __future__ import annotations

from typing import Any

from tests.dealers.steps import NO_DEALER, OF_DEALER, OTHER_DEALER
from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, address_row
from tests.support.trigger import BUYERS, STAFF, Situation, Trigger

ADDRESSES = "/dealers/{dealer_id}/addresses"
EDITORS = BUYERS | {"assistant", "admin"}
#: Version of the address book that the sample company's dealers have.
VERSION = 2
SECOND = OF_DEALER | {"address_id": "=A2"}
OF_OTHER = OTHER_DEALER | {"address_id": "=A2"}
NO_ADDRESS = NO_DEALER | {"address_id": "A99"}


def row(label: str = "新仓", **fields: Any) -> dict[str, Any]:
    return address_row(OWN, label, version=VERSION, **fields)


def choose_second_default(company: SampleCompany) -> None:
    path = f"/dealers/{OTHER}/addresses/A2/default"
    answer = company.send("dealers", "PUT", path, {"version": VERSION}, role="admin")
    assert answer.status == 200, answer.json


TRIGGERS = [
    Trigger(f"GET {ADDRESSES}", roles=BUYERS | STAFF, path=OF_DEALER, missing=NO_DEALER, of_dealer=True),
    Trigger(
        f"POST {ADDRESSES}",
        roles=EDITORS,
        status=201,
        path=OF_DEALER,
        missing=NO_DEALER,
        of_dealer=True,
        body=row(),
        situations=[
            Situation("the default", path=OTHER_DEALER, body=row(make_default=True), role="admin"),
            Situation(
                "contended: changed meanwhile",
                path=OTHER_DEALER,
                role="admin",
                rival=choose_second_default,
                statuses=(412,),
            ),
        ],
    ),
    Trigger(
        f"PUT {ADDRESSES}/{{address_id}}",
        roles=EDITORS,
        path=SECOND,
        missing=NO_ADDRESS,
        of_dealer=True,
        body=row("门店"),
        situations=[
            Situation(
                "contended: changed meanwhile",
                path=OF_OTHER,
                role="admin",
                rival=choose_second_default,
                statuses=(412,),
            )
        ],
    ),
    Trigger(
        f"PUT {ADDRESSES}/{{address_id}}/default",
        roles=EDITORS,
        path=SECOND,
        missing=NO_ADDRESS,
        of_dealer=True,
        body={"version": VERSION},
    ),
    Trigger(
        f"POST {ADDRESSES}/{{address_id}}/remove",
        roles=EDITORS,
        path=SECOND,
        missing=NO_ADDRESS,
        of_dealer=True,
        body={"version": VERSION, "new_default": "A1"},
        situations=[
            Situation(
                "the default",
                path=OTHER_DEALER | {"address_id": "=A1"},
                body={"version": VERSION, "new_default": "A2"},
                role="admin",
            ),
            Situation(
                "contended: changed meanwhile",
                path=OF_OTHER,
                role="admin",
                rival=choose_second_default,
                statuses=(412,),
            ),
        ],
    ),
]
