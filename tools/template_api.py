"""The REST API of one service, as CloudFormation: what Chalice's own template leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kernel.http.declarations import API_HANDLER, Operation
from tools.cloudformation import Json, logical_id, ref, sub
from tools.template_alarms import alarm, metric

_EVERY_TYPE = ["*/*"]
#: Answers from so many bytes on are compressed for clients that accept it; smaller ones gain nothing.
COMPRESSED_FROM_BYTES = 1_024


def api_resources(service: str, operations: Iterable[Operation]) -> Json:
    """The API's answers, integrations and alarm."""
    problem = {"type": "urn:qudao:problem:not-found", "title": "Not Found", "status": 404, "code": "not-found"}
    problem["detail"] = "未找到 / there is no such thing here; check the address"
    problem["request_id"] = "$context.requestId"
    no_such_path = {
        "statusCode": 404,
        "responseParameters": {
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
            "gatewayresponse.header.X-Request-Id": "context.requestId",
        },
        "responseTemplates": {"application/json": json.dumps(problem, ensure_ascii=False)},
    }
    return {
        "RestAPI": {
            "Properties": {
                "TracingEnabled": True,
                # Every body reaches its function as it was sent. As text, the API would replace each byte that is not
                # UTF-8, and the function would take damaged text for the client's. Answers stay text.
                "BinaryMediaTypes": _EVERY_TYPE,
                "MinimumCompressionSize": COMPRESSED_FROM_BYTES,
                "DefinitionBody": {
                    # Metrics name an API by its title, so the title contains the stage.
                    "info": {"title": {"Ref": "AWS::StackName"}},
                    "x-amazon-apigateway-binary-media-types": _EVERY_TYPE,
                    "x-amazon-apigateway-gateway-responses": {"MISSING_AUTHENTICATION_TOKEN": no_such_path},
                    "paths": _integrations(operations),
                },
            }
        },
        "IssuerAway": alarm(
            "the keys of the sign-in service cannot be read; after a day nobody can be let in",
            metric("Qudao", "IssuerAway", "Sum", stage={"Ref": "Stage"}, service=service),
            0,
        ),
        "ApiFailing": alarm(
            "the API answers with server errors",
            metric("AWS/ApiGateway", "5XXError", "Sum", ApiName={"Ref": "AWS::StackName"}),
            0,
        ),
    }


def _integrations(operations: Iterable[Operation]) -> Json:
    """Integrations of the routes that `api_handler` does not serve; Chalice points every route at it."""
    paths: Json = {}
    for operation in operations:
        if operation.function != API_HANDLER:
            uri = (
                "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                f"{ref(f'{logical_id(operation.function)}.Arn')}/invocations"
            )
            method = {"x-amazon-apigateway-integration": {"uri": sub(uri)}}
            paths.setdefault(operation.path, {})[operation.method.lower()] = method
    return paths


def invoke_permission(function: str) -> Json:
    """Permission of the API to invoke a function, as Chalice writes it for `api_handler`."""
    name = logical_id(function)
    api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPIId}/*"
    allowed = {
        "FunctionName": {"Ref": name},
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": [api, {"RestAPIId": {"Ref": "RestAPI"}}]},
    }
    return {f"{name}InvokePermission": {"Type": "AWS::Lambda::Permission", "Properties": allowed}}
