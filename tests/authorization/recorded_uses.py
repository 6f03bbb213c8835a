"""AWS calls of every function, recorded while everything declared is done once."""

from __future__ import annotations

from kernel.messaging.retries import DEAD_LETTER_SUFFIX, RETRY_SUFFIX, base_name
from tests.authorization.rare_paths import RARE_PATHS
from tests.fault_injection.scenario import scenarios
from tests.fault_injection.trial import prepared
from tests.support import calls
from tests.support.caches import clear_process_caches
from tests.support.calls import Use
from tests.support.company import SampleCompany, public_webhook_hosts, restored_company, uses_of_build
from tests.support.company_data import ALL_ROLES, OWN
from tests.support.declarations import cases, operation_of
from tests.support.functions import STAGE
from tests.support.trigger import Case
from tests.support.world import World


def record_uses(world: World) -> list[Use]:
    """Return the distinct AWS calls of every function.

    They come from the build of the sample company, each case as each role and about a missing object, each declared
    situation, and the rare paths.
    The world must be fast.
    """
    with public_webhook_hosts(), calls.recorded() as uses:
        company = restored_company(world)
        built = uses_of_build(world)
        saved = world.save()
        for case in cases():
            if case.missing:
                _send_about_missing_object(company, case)
            for role in (role for role in ALL_ROLES if role in case.roles):
                _send_twice(company, case, role)
                if case.method != "GET":
                    world.restore(saved)
        for step in RARE_PATHS:
            step(company)
            world.restore(saved)
        for scenario in scenarios():
            with prepared(restored_company(world, settled=True), scenario):
                pass  # the undisturbed run is all that is needed
    return [use for use in dict.fromkeys((*built, *uses)) if not _is_granted_by_declaration(use)]


def _is_granted_by_declaration(use: Use) -> bool:
    """Return True for the calls that try a failed message again or give it up: the queues' declaration grants them."""
    name = use.resource.rpartition(":")[2]
    own = f"qudao-{STAGE}-{str(use.function).rpartition('.')[2].replace('_', '-')}"
    if base_name(name) == own and not name.endswith(RETRY_SUFFIX):
        return use.action in {"sqs:ChangeMessageVisibility", "sqs:GetQueueUrl"}
    return base_name(name).removesuffix(DEAD_LETTER_SUFFIX) == own


def _send_about_missing_object(company: SampleCompany, case: Case) -> None:
    """Send the request about an object that does not exist: the refusal may read what exists."""
    clear_process_caches()
    role = case.first_role
    path, query = case.path_for(company.ids, role, OWN, missing=True), case.query_for(OWN, missing=True)
    company.send(case.service, case.method, path, case.body_for(OWN), role=role, query=query, key="k-missing")


def _send_twice(company: SampleCompany, case: Case, role: str) -> None:
    """Send the request twice under one key as a new process, and deliver every message twice."""
    clear_process_caches()
    path, body = case.path_for(company.ids, role, OWN), case.body_for(OWN)
    query_model = operation_of(case).query
    pages = {"limit": 1} if case.method == "GET" and query_model and "limit" in query_model.model_fields else {}
    for _ in range(2):
        query = case.query_for(OWN) | pages
        answer = company.send(case.service, case.method, path, body, role=role, query=query, key=f"k-{role}")
        assert answer.status == case.status or case.method != "GET", answer.json
        if case.method != "GET":
            company.world.drain()
    if case.method != "GET":
        company.world.redeliver_everything()
