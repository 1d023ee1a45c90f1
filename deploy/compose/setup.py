"""`python -m deploy.compose.setup`: topics, plans, limits, schema, roles. Repeatable.

Reads FENGHUO_KAFKA_BOOTSTRAP, FENGHUO_KAFKA_VOLUME_GIB, FENGHUO_REPLICATION_FACTOR,
FENGHUO_ADMIN_DATABASE_URL and one FENGHUO_<SERVICE>_DB_PASSWORD per service with state; ends with
one sentence when one is missing. For the units in FENGHUO_AUDIT_CANARY_UNITS it publishes the
definitions of the canary, and the sources in the file FENGHUO_SOURCES_FILE as entries of the
catalogue. It may run again at any time, and compose runs it again when
Kafka or Postgres was not there.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiokafka.errors import KafkaError

from deploy.example import plans
from deploy.local.database import grant
from deploy.local.errors import StackError
from deploy.local.limits import publish_shipped
from deploy.local.records import is_empty, publish, record
from deploy.local.seed import seed_canary
from deploy.local.sources import publish_absent, read_digests
from deploy.local.start_limits import START_S
from deploy.local.topic_bytes import VARIABLE, stated_volume
from deploy.local.topics import ensure_topics, planned_topics, wait_for_broker
from deploy.migrations.runner import upgrade
from shared.contracts.topics import PLANS, TopicSpec
from shared.runtime.database import CLIENT_ERRORS
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, Transient

CANARY_UNITS = "FENGHUO_AUDIT_CANARY_UNITS"
SOURCES_FILE = "FENGHUO_SOURCES_FILE"
"""A JSON file with the SHA-256 of the token, in hex, by id of each source."""
STATEFUL = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
_PASSWORD = re.compile(r"[A-Za-z0-9_\-]{24,}")


def need(name: str) -> str:
    """An environment variable; raises StackError when it is missing."""
    value = os.environ.get(name, "")
    if not value:
        raise StackError(f"set {name}: `python -m deploy.compose.secrets` writes it.")
    return value


def password(service: str) -> str:
    """Return the service's database password: 24 or more URL-safe characters for SQL text."""
    value = need(f"FENGHUO_{service.upper()}_DB_PASSWORD")
    if not _PASSWORD.fullmatch(value):
        raise StackError(f"the password of {service} must be 24 or more of A-Z a-z 0-9 _ -.")
    return value


async def prepare(bootstrap: str, replication: int, volume_gib: int) -> int:
    """Wait for Kafka and create absent topics; returns the number of new topics."""
    await wait_for_broker(bootstrap, START_S)
    return await ensure_topics(bootstrap, planned_topics(replication, volume_gib))


async def publish_plans(bootstrap: str, spec: TopicSpec = PLANS) -> int:
    """Write the example plans to a topic without plans; returns their number.

    Plans of an office stay.
    """
    if not await is_empty(bootstrap, spec):
        return 0
    result = plans.definitions(datetime.now(UTC))
    await publish(
        bootstrap,
        spec,
        [record(plan_definition.plan_id, plan_definition) for plan_definition in result],
    )
    return len(result)


def main() -> int:
    """Run the set-up; returns 0, or after one sentence on stderr 64 (settings) or 69 (servers)."""
    try:
        passwords = {service: password(service) for service in STATEFUL}
        replication = int(need("FENGHUO_REPLICATION_FACTOR"))
        admin = need("FENGHUO_ADMIN_DATABASE_URL")
        bootstrap = need("FENGHUO_KAFKA_BOOTSTRAP")
        volume_gib = stated_volume({VARIABLE: need(VARIABLE)})
        print(f"topics: {asyncio.run(prepare(bootstrap, replication, volume_gib))} created")
        print(f"plans: {asyncio.run(publish_plans(bootstrap))} published")
        print(f"limits: {asyncio.run(publish_shipped(bootstrap))} published")
        if file := os.environ.get(SOURCES_FILE):
            digests = read_digests(Path(file))
            names = asyncio.run(publish_absent(bootstrap, digests, datetime.now(UTC)))
            print(f"sources: {len(names)} published")
        if units := tuple(filter(None, os.environ.get(CANARY_UNITS, "").split(","))):
            asyncio.run(seed_canary(bootstrap, units))
            print(f"canary: {len(units)} units")
        upgrade(admin)
        asyncio.run(grant(admin, passwords))
        print("schema and roles are up to date")
    except (KafkaError, Transient, OSError, *CLIENT_ERRORS) as problem:
        print(f"fenghuo setup: {str(problem) or 'Kafka does not answer'}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except (StackError, ValueError) as problem:
        print(f"fenghuo setup: {problem}", file=sys.stderr)
        return EXIT_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
