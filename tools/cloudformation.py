"""Small words of CloudFormation templates."""

from __future__ import annotations

from typing import Any

from kernel.http.declarations import API_HANDLER

Json = dict[str, Any]


def sub(text: str) -> Json:
    """Text in which CloudFormation replaces `${Name}`."""
    return {"Fn::Sub": text}


def ref(name: str) -> str:
    """`${Name}`, for use within `sub`."""
    return f"${{{name}}}"


def arn(resource: str) -> Json:
    """The ARN of a resource of the same template."""
    return {"Fn::GetAtt": [resource, "Arn"]}


def allow(actions: list[str], resource: Any) -> Json:
    """A statement of an IAM policy."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def deep_update(into: Json, more: Json) -> None:
    """Merge `more` over `into`: mappings are joined, everything else replaced, `Ref` and `Fn::` as a whole."""
    for key, value in more.items():
        if _is_plain(value) and _is_plain(into.get(key)):
            deep_update(into[key], value)
        else:
            into[key] = value


def _is_plain(value: Any) -> bool:
    return isinstance(value, dict) and not any(key == "Ref" or key.startswith("Fn::") for key in value)


def logical_id(function: str) -> str:
    """Chalice's CloudFormation name of a function: `reserve_stock` becomes `ReserveStock`."""
    return "APIHandler" if function == API_HANDLER else "".join(word.title() for word in function.split("_"))
