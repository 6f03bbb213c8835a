"""The queues of a consumer as CloudFormation: its own, the retry queue of a FIFO queue, dead letters, rule, alarms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kernel.http.declarations import ConsumerSpec
from kernel.messaging.retries import DEAD_LETTER_SUFFIX, RETRY_SECONDS, RETRY_SUFFIX
from tools.cloudformation import Json, allow, arn, deep_update, logical_id, sub
from tools.template_alarms import QUEUE_AGE_ALARM_SECONDS, alarm, dead_letter_alarm, queue_metric

_DAY = 86_400
DEAD_LETTER_SECONDS = 14 * _DAY
#: A message that its function returned so often has failed its last attempt. SQS itself moves those whose function was
#: stopped each time.
MAX_RECEIVES = len(RETRY_SECONDS) + 1
#: Lambda asks for a visibility timeout of at least six times the function's own.
VISIBILITY_FACTOR = 6


def consumer_permissions(spec: ConsumerSpec) -> list[Json]:
    """Return the rights to read the consumer's queues, and to send on what failed."""
    reading = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
    ]
    retry = [_retry_queue_id(spec)] if spec.fifo else []
    sending = ["sqs:SendMessage", "sqs:GetQueueUrl"]
    elsewhere = [*retry, f"{logical_id(spec.function)}DeadLetters"]
    return [
        *(allow(reading, arn(one)) for one in (queue_id(spec), *retry)),
        *(allow(sending, arn(one)) for one in elsewhere),
    ]


def consumer_resources(spec: ConsumerSpec) -> Json:
    name, queue = logical_id(spec.function), queue_id(spec)
    made: Json = {
        queue: queue_resource(
            spec.queue,
            spec.fifo,
            VisibilityTimeout=VISIBILITY_FACTOR * spec.timeout_seconds,
            MessageRetentionPeriod=4 * _DAY,
            RedrivePolicy={"deadLetterTargetArn": arn(f"{name}DeadLetters"), "maxReceiveCount": MAX_RECEIVES},
        ),
        f"{name}DeadLetters": queue_resource(
            f"{spec.queue}{DEAD_LETTER_SUFFIX}", spec.fifo, MessageRetentionPeriod=DEAD_LETTER_SECONDS
        ),
        f"{name}Late": alarm(
            f"{spec.queue}: the oldest message has waited too long",
            queue_metric("ApproximateAgeOfOldestMessage", queue),
            QUEUE_AGE_ALARM_SECONDS,
        ),
        f"{name}DeadLettersFound": dead_letter_alarm(spec.queue, f"{name}DeadLetters"),
        name: {
            "Properties": {
                "Events": {
                    f"{name}SqsEventSource": {
                        "Properties": {"Queue": arn(queue), "FunctionResponseTypes": ["ReportBatchItemFailures"]}
                    }
                }
            }
        },
    }
    if spec.fifo:
        deep_update(made, _retry_queue(spec))
    if spec.subscribes:
        if spec.fifo:
            raise ValueError(
                f"{spec.function}: a FIFO queue takes commands by name and cannot receive events from the bus"
            )
        made |= _rule(name, queue, spec.subscribes)
    return made


def _retry_queue(spec: ConsumerSpec) -> Json:
    """The queue of a FIFO consumer's failed messages: standard, so that none waits for another, and one at a time."""
    name, queue = logical_id(spec.function), _retry_queue_id(spec)
    return {
        queue: queue_resource(
            f"{spec.queue}{RETRY_SUFFIX}",
            False,
            VisibilityTimeout=VISIBILITY_FACTOR * spec.timeout_seconds,
            MessageRetentionPeriod=4 * _DAY,
        ),
        f"{name}Retries": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": arn(queue),
                "FunctionName": {"Ref": name},
                "BatchSize": 1,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
        f"{name}RetriesLate": alarm(
            f"{spec.queue}: a message has failed for too long",
            queue_metric("ApproximateAgeOfOldestMessage", queue),
            QUEUE_AGE_ALARM_SECONDS,
        ),
    }


def queue_resource(name: str, fifo: bool, **properties: Any) -> Json:
    """An encrypted queue of this stage."""
    ordered = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": sub(f"qudao-${{Stage}}-{name}{'.fifo' if fifo else ''}"),
            "SqsManagedSseEnabled": True,
            **(ordered if fifo else {}),
            **properties,
        },
    }


def _rule(name: str, queue: str, subscribes: Iterable[str]) -> Json:
    rule, policy = f"{name}Rule", f"{name}QueuePolicy"
    said_by_us = {"source": [{"prefix": "qudao."}], "detail-type": sorted(subscribes)}
    from_this_rule = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": [arn(queue), arn(f"{name}DeadLetters")],
        "Condition": {"ArnEquals": {"aws:SourceArn": arn(rule)}},
    }
    return {
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "BusName"},
                "EventPattern": said_by_us,
                "Targets": [{"Id": "queue", "Arn": arn(queue), "DeadLetterConfig": {"Arn": arn(f"{name}DeadLetters")}}],
            },
        },
        policy: {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": queue}, {"Ref": f"{name}DeadLetters"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [from_this_rule]},
            },
        },
    }


def queue_id(spec: ConsumerSpec) -> str:
    """CloudFormation name of the queue of a consumer."""
    return f"{logical_id(spec.function)}Queue"


def _retry_queue_id(spec: ConsumerSpec) -> str:
    return f"{logical_id(spec.function)}RetryQueue"
