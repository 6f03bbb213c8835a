"""Every route: its answer has the id of its request, and a problem document repeats it."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.authorization.sending import send_as_first_role
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases
from tests.support.trigger import Case


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_answer_and_problem_have_the_id_of_their_request(company: SampleCompany, case: Case) -> None:
    saved = company.world.save()
    answers = [
        send_as_first_role(company, case, query=case.query_for(OWN), body=case.body_for(OWN)),
        send_as_first_role(company, case, query={"unknown": "x"}, body={}),
    ]
    company.world.restore(saved)
    ids = [answer.request_ids[0] for answer in answers]
    assert all(map(UUID, ids))
    assert len(set(ids)) == 2
    assert answers[1].status >= 400
    for answer, request_id in zip(answers, ids, strict=True):
        if answer.status >= 400:
            assert answer.request_ids[1] == request_id
