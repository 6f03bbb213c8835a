"""Rules for every packaged template: queues with dead letters and alarms, and least privilege."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.packaging.conftest import Json
from tools import paths
from tools.cloudformation import logical_id
from tools.package import Package
from tools.stage import load_app
from tools.template import merge_template


def of_type(resources: Json, kind: str) -> dict[str, Json]:
    """Return the properties of the resources of one type, by logical id."""
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def queues(resources: Json) -> dict[str, Json]:
    return of_type(resources, "AWS::SQS::Queue")


def functions(resources: Json) -> dict[str, Json]:
    return of_type(resources, "AWS::Serverless::Function")


def readers(resources: Json) -> dict[str, tuple[Json, Json]]:
    """Return by queue its consumer and the properties of the event source."""
    declared = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]: (function, event["Properties"])
        for function in functions(resources).values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    further = {
        source["EventSourceArn"]["Fn::GetAtt"][0]: (functions(resources)[source["FunctionName"]["Ref"]], source)
        for source in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    }
    return declared | further


def alarmed_queues(resources: Json, metric: str) -> set[str]:
    """Return the queues with an alarm on this metric that has a recipient."""
    return {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == metric and alarm["AlarmActions"] == [{"Ref": "AlarmTopicArn"}]
    }


def statements(resources: Json) -> list[Json]:
    documents = [
        policy["PolicyDocument"]
        for role in of_type(resources, "AWS::IAM::Role").values()
        for policy in role["Policies"]
    ]
    return [statement for document in documents for statement in document["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_consumed_queue_has_dead_letters_after_at_least_five_attempts(resources: Json) -> None:
    # The function of a retry queue makes dead letters itself: SQS moves none from a standard to a FIFO queue.
    with_redrive = [name for name in readers(resources) if not name.endswith("RetryQueue")]
    for name in with_redrive:
        redrive = queues(resources)[name]["RedrivePolicy"]
        dead_letters = queues(resources)[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert redrive["maxReceiveCount"] >= 5
        assert dead_letters.get("FifoQueue") == queues(resources)[name].get("FifoQueue")


def test_queue_is_consumed_or_contains_dead_letters(resources: Json) -> None:
    targets = [
        queue["RedrivePolicy"]["deadLetterTargetArn"]
        for queue in queues(resources).values()
        if "RedrivePolicy" in queue
    ]
    given_up = [
        event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
        for function in functions(resources).values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]
    dead_letters = {target["Fn::GetAtt"][0] for target in targets + given_up}
    assert set(queues(resources)) == set(readers(resources)) | dead_letters
    assert alarmed_queues(resources, "ApproximateNumberOfMessagesVisible") >= dead_letters


def test_visibility_timeout_is_at_least_six_function_timeouts(resources: Json) -> None:
    for name, (function, _) in readers(resources).items():
        assert queues(resources)[name]["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_only_failed_messages_of_a_batch_return_to_the_queue(resources: Json) -> None:
    for _, source in readers(resources).values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_queue_has_an_age_alarm(resources: Json) -> None:
    assert alarmed_queues(resources, "ApproximateAgeOfOldestMessage") == set(readers(resources))


def test_queue_is_encrypted_and_named_after_stage_and_function(resources: Json) -> None:
    for queue in queues(resources).values():
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["QueueName"]["Fn::Sub"].startswith("qudao-${Stage}-")


def test_rule_fills_one_queue_and_only_that_rule_may(resources: Json) -> None:
    policies = [
        statement
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    for name, rule in of_type(resources, "AWS::Events::Rule").items():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"]["Arn"]
        (own,) = [
            one for one in policies if one["Condition"]["ArnEquals"]["aws:SourceArn"] == {"Fn::GetAtt": [name, "Arn"]}
        ]
        assert target["Arn"] in own["Resource"]
        assert own["Action"] == "sqs:SendMessage"
        assert own["Principal"] == {"Service": "events.amazonaws.com"}


def test_no_policy_action_is_a_wildcard(resources: Json) -> None:
    for statement in statements(resources):
        assert not [action for action in listed(statement["Action"]) if "*" in action], statement


def test_only_tracing_is_allowed_on_all_resources(resources: Json) -> None:
    for statement in statements(resources):
        if "*" in listed(statement["Resource"]):
            assert all(action.startswith("xray:") for action in listed(statement["Action"])), statement


def test_function_has_its_own_role_and_policy(resources: Json) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions(resources).values()]
    assert sorted(roles) == sorted(of_type(resources, "AWS::IAM::Role"))
    assert all(len(role["Policies"]) == 1 for role in of_type(resources, "AWS::IAM::Role").values())


def test_function_has_exactly_one_policy_file(packaged: Package, resources: Json) -> None:
    files = paths.source(packaged.service).joinpath("stack", "policies").glob("*.json")
    handlers = [function["Handler"] for function in functions(resources).values()]
    assert sorted(f"entry_{file.stem}.handler" for file in files) == sorted(handlers)


def test_integration_points_at_the_function_its_route_declares(packaged: Package, resources: Json) -> None:
    declared = {(one.path, one.method.lower()): one.function for one in load_app(packaged.service).operations}
    pointed_at = {
        (path, method): re.findall(
            r"functions/\$\{(\w+)\.Arn\}/invocations$", answer["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        )
        for api in of_type(resources, "AWS::Serverless::Api").values()
        for path, methods in api["DefinitionBody"]["paths"].items()
        for method, answer in methods.items()
    }
    assert pointed_at == {route: [logical_id(function)] for route, function in declared.items()}


def test_every_function_that_serves_routes_is_made_like_api_handler(packaged: Package, resources: Json) -> None:
    serving = {logical_id(one.function) for one in load_app(packaged.service).operations}
    permissions = of_type(resources, "AWS::Lambda::Permission")
    assert permissions.keys() == {f"{name}InvokePermission" for name in serving}
    graphs = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for name in serving:
        like = permissions["APIHandlerInvokePermission"]
        assert permissions[f"{name}InvokePermission"] == like | {"FunctionName": {"Ref": name}}
        function, like = functions(resources)[name], functions(resources)["APIHandler"]
        assert all(function[one] == like[one] for one in ("CodeUri", "Timeout", "MemorySize", "Tracing"))
        assert resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]["Policies"]
        assert resources[f"{name}Logs"]["Type"] == "AWS::Logs::LogGroup"
        assert graphs.count(f'"${{{name}}}"') == 2  # errors and duration


def test_one_alarm_covers_every_function_behind_an_api(resources: Json) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    failing = [one["Dimensions"] for one in alarms if one["MetricName"] == "5XXError" and one["AlarmActions"]]
    # Without a method or resource among its dimensions the metric counts the answers of all of them.
    whole_api = [{"Name": "ApiName", "Value": {"Ref": "AWS::StackName"}}]
    assert failing == [whole_api for _ in of_type(resources, "AWS::Serverless::Api")]


def test_logs_have_a_retention_time(resources: Json) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup").values()
    named = {group["LogGroupName"]["Fn::Sub"] for group in groups}
    assert named == {f"/aws/lambda/${{{name}}}" for name in functions(resources)}
    assert all(group["RetentionInDays"] for group in groups)


def test_api_is_regional_and_answers_unknown_paths_with_a_problem(resources: Json) -> None:
    for api in of_type(resources, "AWS::Serverless::Api").values():
        assert api["EndpointConfiguration"] == "REGIONAL"
        answer = api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]["MISSING_AUTHENTICATION_TOKEN"]
        assert answer["statusCode"] == 404
        assert json.loads(answer["responseTemplates"]["application/json"])["code"] == "not-found"


def test_template_contains_no_secret(packaged: Package, resources: Json) -> None:
    text = packaged.template.read_text()
    assert not re.search(r"AKIA[0-9A-Z]{16}|PRIVATE KEY|\{\{resolve:", text)
    for function in functions(resources).values():
        secret = [
            name for name in function["Environment"]["Variables"] if re.search("SECRET|PASSWORD|TOKEN|_KEY$", name)
        ]
        assert not secret


def test_template_passes_cfn_lint(built: dict[str, Package]) -> None:
    assert_clean([paths.CORE_TEMPLATE, paths.IDENTITY_TEMPLATE, *(one.template for one in built.values())])


def test_stage_with_other_issuer_uses_only_services_of_aws_china(built: dict[str, Package]) -> None:
    china = ["--regions", "cn-north-1", "cn-northwest-1", "--"]
    assert_clean([paths.CORE_TEMPLATE, *(one.template for one in built.values())], *china)


def assert_clean(templates: list[Path], *options: str) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), *options, *map(str, templates)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_body_reaches_its_function_as_bytes() -> None:
    for service in paths.services():
        app = load_app(service)
        if app.operations:
            api = merge_template(app)["Resources"]["RestAPI"]["Properties"]
            described = api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]
            assert api["BinaryMediaTypes"] == described == ["*/*"], service
            assert api["MinimumCompressionSize"] == 1_024, service
