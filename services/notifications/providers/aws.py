"""AWS End User Messaging (`pinpoint-sms-voice-v2`). Has no idempotence of its own, so a call is made once."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from kernel.store import aws
from services.notifications.providers import Accepted, Rejected, Result, Unknown
from services.notifications.sms.rules import sms_text

#: What its refusals mean. Anything else it says may have come after the message was on its way.
_REFUSALS = {
    "AccessDeniedException": Rejected("access-denied"),
    "ConflictException": Rejected("number-opted-out-or-not-verified"),
    "ResourceNotFoundException": Rejected("no-origination-identity"),
    "ServiceQuotaExceededException": Rejected("spend-or-quota-reached"),
    "ThrottlingException": Rejected("throttled", passing=True),
    "ValidationException": Rejected("not-valid"),
}
_NEVER_LEFT = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ParamValidationError)


class AwsProvider:
    """Sends the rendered template as a transactional message."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Hand the message over."""
        try:
            answer = aws.client("pinpoint-sms-voice-v2", one_attempt=True).send_text_message(
                DestinationPhoneNumber=phone,
                MessageBody=sms_text(template_key, variables),
                MessageType="TRANSACTIONAL",
                Context={"message_id": message_id},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return _REFUSALS.get(code, Unknown(code))
        except _NEVER_LEFT as error:
            return Rejected(type(error).__name__, passing=True)
        except BotoCoreError as error:
            return Unknown(type(error).__name__)
        return Accepted(answer["MessageId"])
