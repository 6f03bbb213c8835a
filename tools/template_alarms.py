"""The alarms and the dashboard of one service, as CloudFormation."""

from __future__ import annotations

import json
from typing import Any

from tools.cloudformation import Json, sub

QUEUE_AGE_ALARM_SECONDS = 60


def metric(namespace: str, name: str, statistic: str, **dimensions: Any) -> Json:
    """A CloudWatch metric in the form an alarm takes it."""
    named = [{"Name": one, "Value": value} for one, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": name, "Statistic": statistic, "Dimensions": named}


def queue_metric(name: str, queue: str) -> Json:
    """A metric of the queue with this logical id; its highest value of each minute."""
    return metric("AWS/SQS", name, "Maximum", QueueName={"Fn::GetAtt": [queue, "QueueName"]})


def alarm(description: str, measured: Json, above: int) -> Json:
    """An alarm for the operators when a minute's value is greater than `above`."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            **measured,
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": above,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "AlarmTopicArn"}],
            "OKActions": [{"Ref": "AlarmTopicArn"}],
        },
    }


def dead_letter_alarm(what: str, queue: str) -> Json:
    """An alarm as soon as one message is in the queue of dead letters."""
    return alarm(f"{what}: something was given up on", queue_metric("ApproximateNumberOfMessagesVisible", queue), 0)


def dashboard(names: list[str], queues: list[str], dead_letters: list[str]) -> Json:
    """Graphs of a service's functions and queues; each name is a CloudFormation reference."""
    graphs = [
        _graph("Errors", "AWS/Lambda", "Errors", "FunctionName", names, "Sum"),
        _graph("Duration (ms)", "AWS/Lambda", "Duration", "FunctionName", names, "p95"),
    ]
    if queues:
        oldest, waiting = "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"
        graphs.append(_graph("Oldest message (s)", "AWS/SQS", oldest, "QueueName", queues, "Maximum"))
        graphs.append(_graph("Dead letters", "AWS/SQS", waiting, "QueueName", dead_letters, "Maximum"))
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Ref": "AWS::StackName"},
            "DashboardBody": sub(json.dumps({"widgets": graphs}, separators=(",", ":"))),
        },
    }


def _graph(title: str, namespace: str, metric: str, dimension: str, names: list[str], statistic: str) -> Json:
    lines = [[namespace, metric, dimension, name, {"stat": statistic}] for name in names]
    shown = {"title": title, "region": "${AWS::Region}", "metrics": lines, "period": 60, "view": "timeSeries"}
    return {"type": "metric", "width": 12, "height": 6, "properties": shown}
