"""CloudFormation stacks: plan a change, apply it, and name in one sentence the reason of a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError, WaiterError

from tools import aws
from tools.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

_CAPABILITIES: Any = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
#: Called with stack, number of finished resources and total.
Progress = Callable[[str, int, int], None]


class DeployFailed(CommandError):
    """A stack could not be changed; the message names the resource and the reason."""


@dataclass(frozen=True)
class Change:
    """One line of a change set."""

    action: str
    resource: str
    kind: str
    replaces: bool


@dataclass(frozen=True)
class Plan:
    """A change set that is not applied yet."""

    stack: str
    change_set: str
    changes: tuple[Change, ...]


def plan(
    stack: str, template: Mapping[str, str], parameters: Mapping[str, str], declared: Iterable[str] = ()
) -> Plan | None:
    """Create a change set; return None if nothing would change.

    Args:
        template: `TemplateBody` or `TemplateURL` with its value.
        declared: parameters of the template; those without a value here keep their present value.
    Raises:
        DeployFailed: CloudFormation refuses the template or the parameters.
    """
    client = aws.cloudformation()
    existing = describe(stack)
    if existing and existing["StackStatus"] == "ROLLBACK_COMPLETE":
        # A failed first creation leaves an empty stack that can only be deleted.
        client.delete_stack(StackName=stack)
        client.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 2})
        existing = None
    known = {parameter["ParameterKey"] for parameter in existing.get("Parameters", [])} if existing else set()
    values: list[Any] = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    unchanged = (set(declared) & known) - set(parameters)
    values += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(unchanged)]
    is_new = existing is None or existing["StackStatus"] == "REVIEW_IN_PROGRESS"
    arguments: dict[str, Any] = dict(template)
    try:
        created = client.create_change_set(
            StackName=stack,
            ChangeSetName=f"qudao-{uuid4()}",
            ChangeSetType="CREATE" if is_new else "UPDATE",
            Capabilities=_CAPABILITIES,
            Parameters=values,
            **arguments,
        )
        change_set = created["Id"]
        client.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, StackName=stack, WaiterConfig={"Delay": _delay(), "MaxAttempts": 300}
        )
    except WaiterError:
        _discard_empty(stack, change_set)
        return None
    except ClientError as error:
        raise DeployFailed(f"{stack}: {error.response['Error'].get('Message', error)}") from None
    return Plan(stack, change_set, _changes(stack, change_set))


def apply(planned: Plan, progress: Progress) -> None:
    """Apply a plan and wait for its end.

    Raises:
        DeployFailed: a resource failed; CloudFormation rolls back.
    """
    client = aws.cloudformation()
    before = _latest_event(planned.stack)
    client.execute_change_set(ChangeSetName=planned.change_set, StackName=planned.stack)
    wanted = {change.resource for change in planned.changes}
    while True:
        stack = describe(planned.stack)
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        done = _finished_since(planned.stack, before) & wanted
        progress(planned.stack, len(done), len(wanted))
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"):
            progress(planned.stack, len(wanted), len(wanted))
            return
        if not status.endswith("_IN_PROGRESS") or "ROLLBACK" in status:
            raise DeployFailed(f"{planned.stack}: {_first_failure(planned.stack, before)}")
        time.sleep(_delay())


def describe(stack: str) -> StackTypeDef | None:
    """Return the stack as CloudFormation describes it, None if there is none."""
    try:
        return aws.cloudformation().describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a stack by name; empty without a stack."""
    found = describe(stack)
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])} if found else {}


def parameters(stack: str) -> dict[str, str]:
    """Return the parameters of a stack by name; empty without a stack."""
    found = describe(stack)
    values = found.get("Parameters", []) if found else []
    return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in values}


def resources(stack: str, kind: str) -> dict[str, str]:
    """Return physical ids by logical id of the stack's resources of one type."""
    pages = aws.cloudformation().get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == kind
    }


def _delay() -> Any:
    return 0.05 if aws.emulated() else 2


def _discard_empty(stack: str, change_set: str) -> None:
    """Delete a failed change set; raise unless it failed because nothing would change."""
    client = aws.cloudformation()
    reason = client.describe_change_set(ChangeSetName=change_set, StackName=stack).get("StatusReason", "")
    client.delete_change_set(ChangeSetName=change_set, StackName=stack)
    if "didn't contain changes" not in reason and "No updates are to be performed" not in reason:
        raise DeployFailed(f"{stack}: {reason}")


def _changes(stack: str, change_set: str) -> tuple[Change, ...]:
    pages = (
        aws.cloudformation().get_paginator("describe_change_set").paginate(ChangeSetName=change_set, StackName=stack)
    )
    listed = (entry["ResourceChange"] for page in pages for entry in page["Changes"] if "ResourceChange" in entry)
    return tuple(
        Change(
            str(change.get("Action", "")),
            change.get("LogicalResourceId", ""),
            change.get("ResourceType", ""),
            change.get("Replacement") == "True",
        )
        for change in listed
    )


def _latest_event(stack: str) -> datetime | None:
    """Return the time of the stack's newest event; a stack that is only planned has none."""
    try:
        events = aws.cloudformation().describe_stack_events(StackName=stack)["StackEvents"]
    except ClientError:
        return None
    return events[0]["Timestamp"] if events else None


def _events_since(stack: str, moment: datetime | None) -> list[Any]:
    """Return the events of a stack after a moment, newest first."""
    found: list[Any] = []
    for page in aws.cloudformation().get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            if moment is not None and event["Timestamp"] <= moment:
                return found
            found.append(event)
    return found


def _finished_since(stack: str, moment: datetime | None) -> set[str]:
    events = _events_since(stack, moment)
    return {event["LogicalResourceId"] for event in events if event.get("ResourceStatus", "").endswith("_COMPLETE")}


def _first_failure(stack: str, moment: datetime | None) -> str:
    for event in reversed(_events_since(stack, moment)):
        reason = event.get("ResourceStatusReason", "")
        if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason:
            return f"{event['LogicalResourceId']} ({event['ResourceType']}) failed: {reason or 'no reason given'}"
    found = describe(stack)
    return (found.get("StackStatusReason", "") if found else "") or "it was rolled back without a reason given"
