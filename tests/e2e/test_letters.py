"""Dead letters are replayed by the command: applied once, nothing doubled, nothing forged."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from deploy.commands.letters.cli import main
from services.console.features.letters.letter_source import KafkaLetterSource
from shared.contracts.dead_letter import REPLAY_HEADER, DeadLetter, Reason
from shared.contracts.ids import dead_letter_id
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import LETTER_ACTS, REPORTS, RULES, TopicSpec
from shared.domain.letters.history import LetterState
from shared.domain.letters.places import RefusedPlace
from shared.runtime.clock import SystemClock
from shared.runtime.database import Transaction
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.tables import CompactedTable
from tests.e2e.test_inbox import Service, report, send
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce, read_all
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
LATER = "its subject comes later"
LOG_LINE = re.compile(r"(\x1b\[\d+m)?20\d\d-\d\d-\d\d")


class RefusingService(Service):
    """A service that refuses one headline until `subject_known` is set."""

    def __init__(self, infrastructure: Infrastructure, topic: TopicSpec, schema: str) -> None:
        super().__init__(infrastructure, topic, schema=schema)
        self.subject_known = False
        self.handler = self.refuse

    async def refuse(self, _: Transaction, messages: Sequence[InboundMessage]) -> None:
        headlines = {inbound.message.headline for inbound in messages}
        if not self.subject_known and LATER in headlines:
            raise Reject(Reason.UNKNOWN_SUBJECT, "no such \x1b[31msubject\u202e yet")


class Letters:
    """The command as operators type it, against one Kafka."""

    def __init__(self, infrastructure: Infrastructure, capsys: pytest.CaptureFixture[str]) -> None:
        self._bootstrap = infrastructure.bootstrap
        self._capsys = capsys

    async def __call__(self, verb: str, *words: str, code: int = 0) -> Any:
        """Return the JSON document of a call with this exit code, None where it refuses."""
        line = [verb, *words, "--json", "--kafka", self._bootstrap]
        if verb not in ("list", "show"):
            line += ["--why", "the cause is fixed", "--by", "op-1"]
        assert await asyncio.to_thread(main, line) == code
        return json.loads(self._output() or "null")

    async def text(self, *words: str) -> str:
        """Return what a person reads."""
        assert await asyncio.to_thread(main, [*words, "--kafka", self._bootstrap]) == 0
        return self._output()

    def _output(self) -> str:
        """Return what was written, without the log lines of the services beside the command."""
        lines = self._capsys.readouterr().out.splitlines()
        return "\n".join(line for line in lines if not LOG_LINE.match(line))


@pytest.fixture
def letters(infrastructure: Infrastructure, capsys: pytest.CaptureFixture[str]) -> Letters:
    return Letters(infrastructure, capsys)


async def _refused(infrastructure: Infrastructure, topic: TopicSpec, count: int) -> None:
    async def all_written() -> bool:
        return len(await read_all(infrastructure.bootstrap, topic, dead=True)) == count

    while not await all_written():
        await asyncio.sleep(0.1)


async def _acts(infrastructure: Infrastructure, topic: TopicSpec) -> list[LetterAct]:
    records = await read_all(infrastructure.bootstrap, LETTER_ACTS)
    acts = [LETTER_ACTS.model.validate_json(record.value) for record in records]
    return [act for act in acts if act.topic == topic.name]


async def test_a_replayed_record_is_applied_by_the_service_that_had_refused_it(
    infrastructure: Infrastructure, letters: Letters
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    refusing = RefusingService(infrastructure, topic, "alerting")
    applying = Service(infrastructure, topic, schema="command", name="second")
    broken = report(3).replace(b'"headline"', b'"headlines"')
    async with refusing.running(), applying.running():
        sent = [report(1), report(2, headline=LATER), broken]
        await send(infrastructure, topic, [(value, [("trace", b"t-1")]) for value in sent])
        await _refused(infrastructure, topic, 3)
        assert (refusing.applied, applying.applied) == (["report-1"], ["report-1", "report-2"])
        listed = await letters("list", "--topic", topic.name)
        assert {
            (group["service"], group["reason"], group["count"]) for group in listed["groups"]
        } == {("test", "unknown_subject", 1), ("test", "schema", 1), ("second", "schema", 1)}
        text = await letters.text("show", f"{topic.name}/0@1")
        assert "\x1b" not in text, "an escape of the sender's reached the terminal"
        assert "\u202e" not in text
        assert "report-2" in text

        refusing.subject_known = True
        first = await letters("replay", f"{topic.name}/0@1")
        assert first == {"selected": 1, "sent": 1}
        await until(lambda: refusing.applied == ["report-1", "report-2"])
        ends = [record.value for record in await read_all(infrastructure.bootstrap, topic)]
        assert ends == [*sent, sent[1]]
        second = await letters("replay", "--topic", topic.name, "--state", "replayed")
        assert second == {"selected": 1, "done_before": 1}

        bad = await letters("fix", f"{topic.name}/0@2", "--set", "headline=[1]", code=1)
        assert bad is None, "the contract refuses it"
        fixing = ("--unset", "headlines", "--set", "headline=smoke")
        await letters("fix", f"{topic.name}/0@2", "--set", "id=report-4", *fixing, code=1)
        await letters("fix", f"{topic.name}/0@2", *fixing)
        counts = await letters("replay", "--topic", topic.name, "--reason", "schema")
        assert counts == {"selected": 2, "sent": 1, "done_before": 1}, "two letters, one record"
        await until(lambda: "report-3" in refusing.applied and "report-3" in applying.applied)
        await send(infrastructure, topic, [(report(9), [])])
        await until(lambda: refusing.applied[-1:] == applying.applied[-1:] == ["report-9"])

    assert refusing.applied == [f"report-{number}" for number in (1, 2, 3, 9)]
    assert applying.applied == [f"report-{number}" for number in (1, 2, 3, 9)]
    records = await read_all(infrastructure.bootstrap, topic)
    assert [dict(record.headers).get(REPLAY_HEADER) for record in records] == [
        None, None, None, b"0@1", b"0@2", None
    ]  # fmt: skip
    assert dict(records[3].headers)["trace"] == b"t-1"
    assert len(await read_all(infrastructure.bootstrap, topic, dead=True)) == 3
    assert [
        (act.verb, act.actor, act.offsets, act.to_offsets)
        for act in await _acts(infrastructure, topic)
    ] == [
        (LetterVerb.REPLAY, "op-1", (1,), ()),
        (LetterVerb.SENT, "op-1", (1,), (3,)),
        (LetterVerb.FIX, "op-1", (2,), ()),
        (LetterVerb.REPLAY, "op-1", (2,), ()),
        (LetterVerb.SENT, "op-1", (2,), (4,)),
    ]


async def test_a_record_that_others_have_applied_is_not_corrected_and_a_forged_letter_is_not_sent(
    infrastructure: Infrastructure, letters: Letters
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    await produce(infrastructure.bootstrap, topic.name, [("k", report(1), 0)])
    evil = DeadLetter(
        id=dead_letter_id("command", topic.name, 0, 0),
        reason=Reason.NOT_ALLOWED,
        detail="",
        service="command",
        topic=topic.name,
        partition=0,
        offset=0,
        key_b64=base64.b64encode(b"k").decode(),
        value_b64=base64.b64encode(report(1, headline="forged")).decode(),
        refused_at=datetime.now(UTC),
    )
    elsewhere = evil.model_copy(update={"topic": RULES.name})
    await produce(
        infrastructure.bootstrap,
        topic.dlq,
        [("k", evil.to_wire(), 0), ("k", elsewhere.to_wire(), 0), ("k", b"no letter", 0)],
    )
    counts = await letters("replay", "--topic", topic.name, code=1)
    assert counts == {"selected": 1, "forged": 1}
    await letters("fix", f"{topic.name}/0@0", "--set", "headline=x", code=1)
    absent = evil.model_copy(update={"offset": 77})
    await produce(infrastructure.bootstrap, topic.dlq, [("k", absent.to_wire(), 0)])
    place = f"{topic.name}/0@77"
    assert await letters("replay", place, code=1) == {"selected": 1, "expired": 1}
    assert await letters("replay", place, "--from-letter") == {"selected": 1, "sent": 1}
    assert len(await read_all(infrastructure.bootstrap, topic)) == 2


async def test_a_row_of_a_table_is_replayed_unless_its_key_has_a_newer_one(
    infrastructure: Infrastructure, letters: Letters
) -> None:
    topic = infrastructure.own_topic(RULES)
    service = Service(infrastructure, topic)
    versions: list[int] = []
    valid = {1}

    def take(rule: RuleDefinition) -> None:
        if rule.version not in valid:
            raise Reject(Reason.INVALID_RULE, "not yet")
        versions.append(rule.version)

    async with service.connected():
        refuse = DeadLetters("test", service.publisher, service.metrics, SystemClock()).send
        table = CompactedTable(infrastructure.bootstrap, topic, take, lambda _key: None, refuse)
        for name, version in (("a", 1), ("a", 2), ("b", 3), ("b", 4), ("b", 1)):
            rule = a_rule(a_threshold_rule(("red", 216, 215)), rule_id=name, version=version)
            await produce(infrastructure.bootstrap, topic.name, [(name, rule.to_wire(), None)])
        await table.load()
        assert versions == [1, 1]
        valid |= {2, 3, 4}
        counts = await letters("replay", "--topic", topic.name, "--reason", "invalid_rule", code=1)
        assert counts == {"selected": 3, "sent": 1, "superseded": 2}
        following = asyncio.create_task(table.follow())
        await until(lambda: versions == [1, 1, 2])
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await table.stop()


async def test_a_flood_is_replayed_in_one_call_and_no_act_grows_with_it(
    infrastructure: Infrastructure, letters: Letters
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    service = Service(infrastructure, topic)
    async with service.running():
        await produce(
            infrastructure.bootstrap, topic.name, [("k", b"flood %d" % n, 0) for n in range(1_200)]
        )
        await _refused(infrastructure, topic, 1_200)
    dry = await letters("replay", "--topic", topic.name, "--sender", "k", "--dry-run")
    assert dry == {"selected": 1_200}
    counts = await letters("replay", "--topic", topic.name, "--sender", "k", "--rate", "20000")
    assert counts == {"selected": 1_200, "sent": 1_200}
    counts = await letters("set-aside", "--topic", topic.name)
    assert counts == {"selected": 0}
    records: list[ConsumerRecord] = await read_all(infrastructure.bootstrap, topic)
    assert [record.value for record in records[1_200:]] == [b"flood %d" % n for n in range(1_200)]
    assert max(len(act.offsets) for act in await _acts(infrastructure, topic)) <= 500
    window = await KafkaLetterSource(infrastructure.bootstrap, most_letters=100).look()
    offsets = [entry.letter.offset for entry in window.letters if entry.letter.topic == topic.name]
    assert max(offsets) == 1_199, "the screen has the newest letters"
    assert 20 <= len(offsets) <= 100, "and no more than it may hold"
    assert window.unread >= 1_100
    newest = RefusedPlace(topic.name, 0, 1_199)
    assert window.history.state(newest) is LetterState.REPLAYED
