"""AWS End User Messaging (`pinpoint-sms-voice-v2`). Has no idempotency key, so each call is made once."""

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
from services.notifications.sms.providers.provider import Accepted, Rejected, Result, Unknown
from services.notifications.sms.rules import sms_text

#: Result by error code. After any other error the message may already have been sent.
_REFUSALS = {
    "AccessDeniedException": Rejected("access-denied"),
    "ConflictException": Rejected("number-opted-out-or-not-verified"),
    "ResourceNotFoundException": Rejected("no-origination-identity"),
    "ServiceQuotaExceededException": Rejected("spend-or-quota-reached"),
    "ThrottlingException": Rejected("throttled", temporary=True),
    "ValidationException": Rejected("not-valid"),
}
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ParamValidationError)


class AwsProvider:
    """Provider that sends the rendered template as a transactional message."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Send the message; see `Provider.send`."""
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
        except _NOT_SENT as error:
            return Rejected(type(error).__name__, temporary=True)
        except BotoCoreError as error:
            return Unknown(type(error).__name__)
        return Accepted(answer["MessageId"])
