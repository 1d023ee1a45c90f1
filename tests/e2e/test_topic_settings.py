"""The topics of a real Kafka have the settings of the table, whichever broker of a list answers."""

from __future__ import annotations

import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.topics import planned_topics, wait_for_broker
from tests.support.infrastructure import Infrastructure

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


async def test_every_topic_has_the_settings_of_the_table(infrastructure: Infrastructure) -> None:
    planned = {topic.name: topic.topic_configs for topic in planned_topics()}
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in planned]
        )
    finally:
        await admin.close()
    for _, _, _, name, entries in answer.resources:
        configs = {key: value for key, value, *_ in entries}
        assert {key: configs[key] for key in planned[name]} == planned[name]
    assert len(answer.resources) == len(planned)


async def test_a_dead_first_broker_holds_up_no_start(infrastructure: Infrastructure) -> None:
    begun_at = time.monotonic()
    await wait_for_broker(f"127.0.0.1:1,{infrastructure.bootstrap}", 30)
    assert time.monotonic() - begun_at < 30
