"""Access lists for Kafka, deny by default: the writers and readers of each topic.

Writers follow from the table of topics. Readers are listed below, and a test compares the list with
the subscriptions of the services. `python -m deploy.acl` writes docs/acl.md and
deploy/kafka_acls.sh.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERT_DECISIONS,
    ALERTS,
    ASSIGNMENTS,
    CASE_REVIEWS,
    CATALOG,
    CATALOG_REQUESTS,
    COMMAND_REQUESTS,
    COMMANDS,
    CONTACT_TESTS,
    DUTY_COVERAGE,
    DUTY_ENTRIES,
    DUTY_REQUESTS,
    FAULTS,
    GAP_ACCEPTANCES,
    LETTER_ACTS,
    LIMITS,
    LIMITS_ACTS,
    MODE_PROPOSALS,
    MODE_REQUESTS,
    NOTICES,
    PAGE_ANSWERS,
    PAGES,
    PLANS,
    PUSH_DEVICES,
    REACHABILITY,
    READINGS,
    REFUSALS,
    REPORT_DUTIES,
    REPORTS,
    RESPONSE_MODES,
    ROSTER,
    RULES,
    SCORING_STATE,
    SENSOR_HEALTH,
    SILENCE_STATES,
    SILENCES,
    SOURCE_REFUSALS,
    SUPERVISION,
    TOPICS,
    WARNINGS,
    TopicSpec,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "acl.md"
SCRIPT = ROOT / "deploy" / "kafka_acls.sh"

Specs = tuple[TopicSpec, ...]

BY_GROUP: dict[str, Specs] = {
    "scoring": (READINGS,),
    "alerting": (RULES, SILENCES, ALARMS, REPORTS, WARNINGS, ALERT_DECISIONS),
    "command": (ALERTS, REPORTS, ACKNOWLEDGEMENTS, COMMAND_REQUESTS, MODE_REQUESTS),
    "duty": (DUTY_REQUESTS, RESPONSE_MODES),
    "catalog": (CATALOG_REQUESTS,),
    "notify": (
        ALERTS, ASSIGNMENTS, REPORT_DUTIES, SUPERVISION, MODE_PROPOSALS, RESPONSE_MODES,
        DUTY_COVERAGE, PAGE_ANSWERS, CONTACT_TESTS, FAULTS, WARNINGS,
        SILENCE_STATES,
    ),
    "console": (
        ALARMS, SENSOR_HEALTH, ALERTS, SILENCE_STATES, COMMANDS, ASSIGNMENTS, SUPERVISION, PAGES,
        PAGE_ANSWERS, ACKNOWLEDGEMENTS, MODE_PROPOSALS, RESPONSE_MODES, DUTY_ENTRIES,
        DUTY_COVERAGE, REACHABILITY, REPORTS, REPORT_DUTIES, CASE_REVIEWS, WARNINGS,
    ),
    "audit": (
        ALARMS, ALERTS, ALERT_DECISIONS, NOTICES, COMMANDS, COMMAND_REQUESTS, ASSIGNMENTS,
        ACKNOWLEDGEMENTS, SUPERVISION, PAGES, PAGE_ANSWERS, RESPONSE_MODES, MODE_REQUESTS,
        SILENCES, CASE_REVIEWS, REFUSALS, SOURCE_REFUSALS,
        LETTER_ACTS, LIMITS_ACTS, GAP_ACCEPTANCES, CATALOG_REQUESTS, RULES, PLANS,
    ),
}  # fmt: skip
"""What a service reads as the consumer group `fenghuo-<service>`."""

TABLES: dict[str, Specs] = {
    "ingest": (CATALOG,),
    "scoring": (CATALOG, RULES, RESPONSE_MODES),
    "alerting": (RESPONSE_MODES,),
    "command": (CATALOG, PLANS, LIMITS, ROSTER),
    "catalog": (CATALOG,),
    "notify": (CATALOG, ROSTER, RESPONSE_MODES, REACHABILITY, PUSH_DEVICES),
    "console": (CATALOG, ROSTER, RULES, PLANS, LIMITS, PUSH_DEVICES),
    "audit": (CATALOG,),
}
"""Compacted topics that a service holds in memory: read whole, without a group."""

LOOKED_INTO: dict[str, Specs] = {
    **dict.fromkeys(("alerting", "command", "duty", "catalog", "notify"), (GAP_ACCEPTANCES,)),
    "ingest": (SOURCE_REFUSALS,),  # what a source asks about itself
    "scoring": (READINGS, SCORING_STATE, GAP_ACCEPTANCES),  # to go on after a restart, or a gap
    # A sensor's last readings for its chart; acts on dead letters, and what is refused of sources.
    "console": (READINGS, LETTER_ACTS, SOURCE_REFUSALS, GAP_ACCEPTANCES),
    "audit": tuple(TOPIC for TOPIC in TOPICS.values() if TOPIC.contract is not None),
    "deploy": (
        CATALOG,
        RULES,
        PLANS,
        LIMITS,
        ROSTER,
        READINGS,
        ALARMS,
    ),  # seeding; `rules backtest`, `explain`; `limits show`
}
"""What is read besides, without a group. audit reads the dead letters of its topics as well."""

REPLAYED = tuple(TOPIC for TOPIC in TOPICS.values() if TOPIC.dead_letters)
LETTERS_LOOKED_INTO: dict[str, Specs] = {
    "console": REPLAYED,  # the screen of dead letters; what scoring refused is no point of a chart
}
"""Whose dead letters the others read."""

OPERATOR = "operator"
"""Who runs `fenghuo letters`: reads refused records and their letters, and replays them. No service
has this right: the console only asks for a replay."""
PRINCIPALS = ("deploy", OPERATOR, *dict.fromkeys((*TABLES, *BY_GROUP)))
CREATOR = "deploy"
"""Creates the topics, and reads the state of the cluster while it starts."""
WATCHERS = ("audit", OPERATOR)
"""Ask how far every group has come."""

DOOR = "ingest"
"""Asks the nodes how full their volumes are."""


@dataclass(frozen=True)
class Grant:
    """An operation for a principal. `kind` is kafka-acls' option: topic, group, cluster."""

    principal: str
    operation: str
    kind: str
    names: tuple[str, ...] = ()


def principal(service: str) -> str:
    """Return the name of a service for sign-in at the broker."""
    return f"User:fenghuo-{service}"


def group(service: str) -> str:
    """Return the consumer group of a service (shared/runtime/platform.py)."""
    return f"fenghuo-{service}"


def written(service: str) -> set[str]:
    """Return a service's own topics, shared topics and the dead letters of its inbound topics."""
    own = {TOPIC.name for TOPIC in TOPICS.values() if service in (TOPIC.owner, *TOPIC.writers)}
    if service == OPERATOR:
        return own | {topic_spec.name for topic_spec in REPLAYED}
    decoded = (*BY_GROUP.get(service, ()), *TABLES.get(service, ()))
    return own | {topic_spec.dlq for topic_spec in decoded if topic_spec.dead_letters}


def without_group(service: str) -> set[str]:
    """Return the topics that a service reads without a consumer group."""
    looked = REPLAYED if service == OPERATOR else LOOKED_INTO.get(service, ())
    names = {TABLE.name for TABLE in (*TABLES.get(service, ()), *looked)}
    refused = looked if service in WATCHERS else LETTERS_LOOKED_INTO.get(service, ())
    return names | {topic_spec.dlq for topic_spec in refused if topic_spec.dead_letters}


def grants() -> Iterator[Grant]:
    """Yield all grants; brokers refuse everything else. Read and Write imply Describe in Kafka."""
    for service in PRINCIPALS:
        by_group = {topic_spec.name for topic_spec in BY_GROUP.get(service, ())}
        read = by_group | without_group(service)
        yield Grant(service, "Write", "topic", _sorted(written(service)))
        yield Grant(service, "Read", "topic", _sorted(read))
        if by_group:
            yield Grant(service, "Read", "group", (group(service),))
    yield Grant(CREATOR, "Create", "cluster")
    yield Grant(CREATOR, "Describe", "cluster")
    yield Grant(DOOR, "Describe", "cluster")
    # The history of sensors ends where scoring has committed.
    yield Grant("console", "Describe", "group", (group("scoring"),))
    for watcher in WATCHERS:
        yield Grant(watcher, "Describe", "group", _sorted(group(name) for name in BY_GROUP))


def script() -> str:
    """Return a shell script that installs the list; a repeated call changes nothing."""
    lines = [_SCRIPT_HEAD]
    for grant in grants():
        options = " ".join(f"--{grant.kind} {name}" for name in grant.names) or f"--{grant.kind}"
        lines.append(
            f"allow --allow-principal {principal(grant.principal)} "
            f"--operation {grant.operation} {options}\n"
        )
    return "".join(lines)


def page() -> str:
    """Return the table by topic, for people."""
    rows = [
        f"| `{spec.name}` | {_writers(spec.name)} | {_cell(_by_group(spec))} "
        f"| {_cell(_alone(spec.name))} | {_writers(spec.dlq)} |\n"
        for spec in TOPICS.values()
    ]
    return _PAGE_HEAD + "".join(rows)


def _writers(topic: str) -> str:
    return _cell(writers(topic))


def writers(topic: str) -> Iterator[str]:
    """Yield who writes a topic, without the operator who replays a record of it."""
    for name in PRINCIPALS:
        is_own = name != OPERATOR or (topic in TOPICS and TOPICS[topic].owner == OPERATOR)
        if is_own and topic in written(name):
            yield name


def _by_group(spec: TopicSpec) -> Iterator[str]:
    return (name for name, specs in BY_GROUP.items() if spec in specs)


def _alone(topic: str) -> Iterator[str]:
    return (
        PRINCIPAL
        for PRINCIPAL in PRINCIPALS
        if PRINCIPAL != OPERATOR and topic in without_group(PRINCIPAL)
    )


def _cell(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


_SCRIPT_HEAD = """#!/usr/bin/env bash
# Written by `python -m deploy.acl`; do not edit.
# Usage: deploy/kafka_acls.sh BOOTSTRAP ADMIN.properties
# For brokers with authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# and allow.everyone.if.no.acl.found=false. kafka-acls.sh is Kafka's own and must be on the PATH.
set -euo pipefail
bootstrap=$1 admin=$2
allow() { kafka-acls.sh --bootstrap-server "$bootstrap" --command-config "$admin" --add "$@"; }
"""

_PAGE_HEAD = """# Who may write and read which topic

Written by `python -m deploy.acl` from the table of topics; do not edit. Brokers refuse everything
else: they run with `StandardAuthorizer` and `allow.everyone.if.no.acl.found=false`, each service
signs in as `User:fenghuo-<service>`, and `deploy/kafka_acls.sh BOOTSTRAP ADMIN.properties` sets the
list up. A group is `fenghuo-<service>` and is read by its service alone; audit and operator may ask
how far all of them are, console how far scoring is, ingest how full the volumes are, deploy creates
the topics. `operator` runs `fenghuo letters` ([dead-letters.md](dead-letters.md)) and may write
every topic that has dead letters, to replay their records; the table does not repeat it. No
idempotent producer needs more than Write (Kafka 3.0 and later).

**What is missing.** The services cannot sign in yet: they have no settings for SASL or TLS, and
neither the local stack nor docker-compose.yml has an authorizer. Until then anybody who reaches a
broker may do everything, so the brokers belong in a closed network. The script has been checked as
text, not run against a broker. Integrators are not in the list: an integrator that writes readings
to Kafka instead of over HTTP needs a principal of its own with Write on `sensing.readings.v1` and
Read on `sensing.readings.v1.dlq`, granted beside the list.

| Topic | Written by | Read by group | Read without a group | Dead letters written by |
|---|---|---|---|---|
"""


def main() -> None:
    """Write both files."""
    PAGE.write_text(page(), encoding="utf-8")
    SCRIPT.write_text(script(), encoding="utf-8")
    SCRIPT.chmod(0o755)


if __name__ == "__main__":
    main()
