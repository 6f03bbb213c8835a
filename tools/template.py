"""The CloudFormation around one service, generated from what its app declares.

A consumer is declared once, in the service's app.py. Its queue, dead letters, rule, permissions, alarms and event
source follow from that declaration here, so none of them can be forgotten or drift. What Chalice generates (functions,
roles, the REST API) is not repeated: this is the template merged over it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kernel.http.app import ServiceApp
from kernel.http.declarations import API_HANDLER, ConsumerSpec, PeriodicSpec, StreamSpec
from tools.cloudformation import Json, allow, arn, deep_update, logical_id, ref, sub
from tools.template_alarms import QUEUE_AGE_ALARM_SECONDS, alarm, dashboard, dead_letter_alarm, metric, queue_metric
from tools.template_api import api_resources, invoke_permission

LOG_RETENTION_DAYS = 30
_DAY = 86_400
MAX_RECEIVES = 5
#: Lambda asks for a visibility timeout of at least six times the function's own.
VISIBILITY_FACTOR = 6

#: Facts of the core stack every service may use, also in its policies: ${TableName}, ${BusName} and so on.
CORE_PARAMETERS = {
    "TableName": "table-name",
    "TableStreamArn": "table-stream-arn",
    "BusName": "bus-name",
    "AlarmTopicArn": "alarm-topic-arn",
    "OidcIssuer": "oidc-issuer",
    "OidcAudience": "oidc-audience",
    "OidcJwksUrl": "oidc-jwks-url",
    "UserPoolId": "user-pool-id",
}


def function_names(app: ServiceApp) -> list[str]:
    """Every Lambda function of a service by its Python name, those that serve routes first."""
    routes = [API_HANDLER] if app.operations else []
    return [*routes, *route_functions(app), *(spec.function for spec in background_triggers(app))]


def route_functions(app: ServiceApp) -> list[str]:
    """Functions beside `api_handler` that serve routes, in the order of their first route."""
    return list(dict.fromkeys(one.function for one in app.operations if one.function != API_HANDLER))


def modules_of(app: ServiceApp, function: str) -> list[str]:
    """Modules that declare the triggers of a function. It loads nothing else of its service."""
    declared = [(one.function, one.module) for one in (*app.operations, *background_triggers(app))]
    return list(dict.fromkeys(module for name, module in declared if name == function))


def entry_module(function: str) -> str:
    """Module of the package in which Lambda finds the `handler` of a function."""
    return f"entry_{function}"


def background_triggers(app: ServiceApp) -> list[ConsumerSpec | PeriodicSpec | StreamSpec]:
    """Everything that runs without a caller waiting for it."""
    return [*app.consumers, *app.periodics, *app.streams]


def trigger_permissions(app: ServiceApp, function: str) -> list[Json]:
    """Return the rights a function needs to be called: its logs, its traces, and its own queue or stream."""
    granted = [
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*"
            ),
        ),
        # X-Ray knows no resources to narrow this to.
        allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    ]
    for consumer in app.consumers:
        if consumer.function == function:
            reading = [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
            ]
            granted.append(allow(reading, arn(_queue_id(consumer))))
    for stream in app.streams:
        if stream.function == function:
            reading = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
            granted.append(allow(reading, {"Ref": "TableStreamArn"}))
            table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}"
            granted.append(allow(["dynamodb:ListStreams"], sub(f"{table}/stream/*")))
            granted.append(allow(["sqs:SendMessage"], arn(f"{logical_id(function)}Missed")))
    return granted


def merge_template(app: ServiceApp) -> Json:
    """Return the template that is merged over the one `chalice package` makes for this service."""
    resources: Json = {}
    for function in function_names(app):
        resources |= _function(app.service, function)
    for consumer in app.consumers:
        deep_update(resources, _consumer(consumer))
    for stream in app.streams:
        deep_update(resources, _stream(stream))
    for function in route_functions(app):
        resources |= invoke_permission(function)
    if app.operations:
        resources |= api_resources(app.operations)
    resources["Dashboard"] = dashboard(
        [ref(logical_id(function)) for function in function_names(app)],
        [ref(f"{_queue_id(spec)}.QueueName") for spec in app.consumers],
        [ref(f"{logical_id(spec.function)}DeadLetters.QueueName") for spec in app.consumers],
    )
    return {
        "Description": f"Qudao service {app.service}: generated by `qudao package {app.service}`",
        "Parameters": _parameters(),
        "Resources": resources,
    }


def _parameters() -> Json:
    from_core = {
        name: {"Type": "AWS::SSM::Parameter::Value<String>", "Description": f"name of the parameter {fact} of core"}
        for name, fact in CORE_PARAMETERS.items()
    }
    return {
        "Stage": {"Type": "String", "AllowedPattern": "[a-z][a-z0-9]{1,15}"},
        "SealingKeyName": {"Type": "String", "Description": "name of the secret that seals cursors"},
        "LogLevel": {"Type": "String", "Default": "INFO", "AllowedValues": ["DEBUG", "INFO", "WARNING", "ERROR"]},
        **from_core,
    }


# ---- one function ----


def _function(service: str, function: str) -> Json:
    name = logical_id(function)
    environment = {
        "QUDAO_STAGE": {"Ref": "Stage"},
        "QUDAO_TABLE": {"Ref": "TableName"},
        "QUDAO_BUS": {"Ref": "BusName"},
        "QUDAO_OIDC_ISSUER": {"Ref": "OidcIssuer"},
        "QUDAO_OIDC_AUDIENCE": {"Ref": "OidcAudience"},
        "QUDAO_OIDC_JWKS_URL": {"Ref": "OidcJwksUrl"},
        "QUDAO_SEALING_KEY_NAME": {"Ref": "SealingKeyName"},
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": "Qudao",
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }
    log_group = {"LogGroupName": sub(f"/aws/lambda/{ref(name)}"), "RetentionInDays": LOG_RETENTION_DAYS}
    return {
        name: {
            "Properties": {
                "Handler": f"{entry_module(function)}.handler",
                "Environment": {"Variables": environment},
            }
        },
        f"{name}Logs": {"Type": "AWS::Logs::LogGroup", "Properties": log_group},
    }


# ---- one consumer: queue, dead letters, rule, alarms ----


def _consumer(spec: ConsumerSpec) -> Json:
    name, queue = logical_id(spec.function), _queue_id(spec)
    made: Json = {
        queue: _queue(
            spec.queue,
            spec.fifo,
            VisibilityTimeout=VISIBILITY_FACTOR * spec.timeout_seconds,
            MessageRetentionPeriod=4 * _DAY,
            RedrivePolicy={"deadLetterTargetArn": arn(f"{name}DeadLetters"), "maxReceiveCount": MAX_RECEIVES},
        ),
        f"{name}DeadLetters": _queue(f"{spec.queue}-dlq", spec.fifo, MessageRetentionPeriod=14 * _DAY),
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
    if spec.subscribes:
        if spec.fifo:
            raise ValueError(
                f"{spec.function}: a FIFO queue takes commands by name and cannot hear events from the bus"
            )
        made |= _rule(name, queue, spec.subscribes)
    return made


def _queue(name: str, fifo: bool, **properties: Any) -> Json:
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


# ---- the table's stream ----


def _stream(spec: StreamSpec) -> Json:
    name = logical_id(spec.function)
    source = {
        "Stream": {"Ref": "TableStreamArn"},
        "StartingPosition": "TRIM_HORIZON",
        # Only events wake the function, not every write to the table.
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(_UNSENT, separators=(",", ":"))}]},
        "ParallelizationFactor": 4,
        "MaximumRetryAttempts": 10,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": arn(f"{name}Missed")}},
    }
    return {
        name: {"Properties": {"Events": {f"{name}DynamodbEventSource": {"Properties": source}}}},
        # Lambda records here what it gave up on. The sweep sends those events all the same.
        f"{name}Missed": _queue(f"{spec.function.replace('_', '-')}-dlq", False, MessageRetentionPeriod=14 * _DAY),
        f"{name}MissedFound": dead_letter_alarm(spec.function.replace("_", "-"), f"{name}Missed"),
        f"{name}Late": alarm(
            f"{spec.function}: the stream is read too slowly",
            metric("AWS/Lambda", "IteratorAge", "Maximum", FunctionName={"Ref": name}),
            QUEUE_AGE_ALARM_SECONDS * 1000,
        ),
    }


_UNSENT = {"dynamodb": {"NewImage": {"gsi1pk": {"S": [{"prefix": "UNSENT#"}]}}}}


def _queue_id(spec: ConsumerSpec) -> str:
    return f"{logical_id(spec.function)}Queue"
