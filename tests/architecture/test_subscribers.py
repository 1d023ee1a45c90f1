"""Every subscriber of every service has our policy, parser, reset and reply setting."""

from __future__ import annotations

import importlib
from typing import Any, cast

import pytest
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.middlewares import AckPolicy

from shared.contracts.topics import TOPICS
from shared.runtime.broker import raw_records, wrap_batch
from tests.support.services import SERVICES, built_broker


def closure_of(function: Any) -> list[Any]:
    """What FastStream's wrappers close over, all the way down."""
    found = [function]
    for cell in getattr(function, "__closure__", None) or ():
        found += closure_of(cell.cell_contents)
    inner = getattr(function, "__wrapped__", None)
    return found + (closure_of(inner) if inner is not None else [])


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
        parser, decoder = subscriber._get_parser_and_decoder()
        assert wrap_batch in closure_of(parser)
        assert raw_records in closure_of(decoder)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_only_its_own_topics(service: str, tmp_path: Any) -> None:
    broker = built_broker(service, tmp_path)
    written = {cast("Any", publisher).topic for publisher in broker.publishers}
    owned = {name for name, spec in TOPICS.items() if spec.owner == service}
    assert written <= owned


def test_every_topic_has_one_known_owner() -> None:
    owners = {spec.owner for spec in TOPICS.values()}
    assert owners <= {*SERVICES, "deploy"}
    for service in SERVICES:
        importlib.import_module(f"services.{service}")
