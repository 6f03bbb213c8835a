"""Repairs of what MiniStack 1.5.33 leaves out when it deploys our templates, through the same public APIs.

Each was needed, and none is needed on AWS. Delete one when a later MiniStack makes it unnecessary. Repairs of its
saved state are in emulator_server.py.
"""

from __future__ import annotations

from tools import aws


def create_what_emulator_skips(stage: str) -> None:
    """Put right what a deployment left out. Safe to repeat."""
    _expire_items(aws.parameter(stage, "core", "table-name"))


def _expire_items(table: str) -> None:
    """The template's TimeToLiveSpecification is dropped; UpdateTimeToLive is honoured."""
    client = aws.dynamodb()
    described = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if described["TimeToLiveStatus"] == "DISABLED":
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
        )
