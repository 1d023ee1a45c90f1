"""Every subscriber of every service has our policy, parser, reset and reply setting."""

from __future__ import annotations

import importlib
from typing import Any, cast

import pytest
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.middlewares import AckPolicy

from deploy.acl import OPERATOR
from shared.contracts.topics import TOPICS
from shared.runtime.broker import raw_records, wrap_batch
from tests.support.services import SERVICES, built_broker, built_platform

_FETCHED = {"command": 4}
"""Services that fetch more than one batch at once."""


@pytest.mark.parametrize("service", SERVICES)
def test_subscribers_have_our_options(service: str, tmp_path: Any) -> None:
    broker = built_broker(service, tmp_path)
    subscribers = list(broker.subscribers)
    if service == "ingest":
        assert not subscribers
        return
    assert subscribers
    for subscriber in subscribers:
        assert isinstance(subscriber, BatchSubscriber)
        assert subscriber.ack_policy is AckPolicy.MANUAL
        assert subscriber._no_reply is True
        assert subscriber._connection_args["auto_offset_reset"] == "earliest"
        assert subscriber._connection_args["enable_auto_commit"] is False
        # As much of a partition as its largest batch: less would not fetch it, more lies in memory
        # eight times. Who reads ahead needs that many: a fetch of two thousand steps is one
        # transaction's.
        assert subscriber._connection_args["max_partition_fetch_bytes"] == _FETCHED.get(
            service, 1
        ) * max(TOPICS[topic.name].max_bytes for topic in cast("Any", subscriber).topics)
        parser, decoder = cast("Any", subscriber)._get_parser_and_decoder()
        assert parser.custom_func is wrap_batch
        assert decoder.custom_func is raw_records


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_topics_and_no_others(service: str, tmp_path: Any) -> None:
    traffic = built_platform(service, tmp_path).traffic
    written = {
        operation.address
        for operation in traffic.operations()
        if operation.action == "send" and not operation.letters
    }
    owned = {
        name
        for name, spec in TOPICS.items()
        if service in (spec.owner, *spec.writers) and spec.contract is not None
    }
    assert written == owned, "a topic that nobody writes is a promise that nobody keeps"


def test_every_topic_has_one_known_owner() -> None:
    owners = {spec.owner for spec in TOPICS.values()}
    assert owners <= {*SERVICES, "deploy", OPERATOR}
    for service in SERVICES:
        importlib.import_module(f"services.{service}")
