"""The screen of dead letters: for operators alone, escaped, and its acts are records."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import ALERT_DECISIONS, LETTER_ACTS, READINGS, REPORTS
from shared.runtime.clock import SystemClock
from tests.component.console.test_grants import dsn_of
from tests.support.console_events import CITY
from tests.support.console_harness import ConsoleHarness
from tests.support.console_letters import an_act, excerpts

OPERATOR = "o-city-b"
PLACE = f"{REPORTS.name}/0@7"


async def operating(console: ConsoleHarness) -> None:
    """Give the right to operate, and fill the topics of dead letters."""
    await change_grant(dsn_of(console), OPERATOR, Grant(right=Right.OPERATE, unit=CITY), give=True)
    now = SystemClock().now()
    console.letters.letters = excerpts(now)
    console.letters.history.note(an_act(LetterVerb.REPLAY, READINGS, 0, now), 0)
    console.letters.history.note(an_act(LetterVerb.SENT, READINGS, 0, now), 1)
    console.letters.unread = 12


async def test_operators_see_counts_and_the_newest_letters_and_nobody_else_does(
    console: ConsoleHarness,
) -> None:
    await operating(console)
    async with console.client(OPERATOR) as client:
        assert (await client.get("/api/me")).json()["operates"] is True
        answer = (await client.get("/api/letters?limit=4")).json()
        replayed = (await client.get("/api/letters?state=replayed")).json()["letters"]
    assert (answer["total"], answer["unread"]) == (34, 12)
    counts = {(group["topic"], group["state"]): group["count"] for group in answer["groups"]}
    assert counts[READINGS.name, "open"] == 29
    assert [letter["reason"] for letter in answer["letters"]] == [
        "handler_error", "not_allowed", "schema", "schema"
    ]  # fmt: skip
    assert [(letter["state"], letter["may"]) for letter in replayed] == [("replayed", [])]
    assert replayed[0]["act"]["actor"] == "op-1"
    for officer in ("o-city-a", "o-town-b"):
        async with console.client(officer) as client:
            assert (await client.get("/api/me")).json()["operates"] is False
            refused = await client.get("/api/letters")
        assert (refused.status_code, refused.json()["reason"]) == (403, "not_operator")
    assert {refusal.reason for refusal in console.refused()} == {RefusedFor.NOT_OPERATOR}


async def test_text_from_outside_is_escaped(console: ConsoleHarness) -> None:
    await operating(console)
    async with console.client(OPERATOR) as client:
        letters = (await client.get("/api/letters")).json()["letters"]
    (hostile, _) = [letter for letter in letters if letter["place"] == PLACE]
    for name in ("detail", "sender", "key", "body"):
        assert "\\u202e" in hostile[name], name
        assert hostile[name].isprintable(), name
    assert hostile["body"].endswith("\\xff")


async def test_acts_are_records_once_and_only_where_they_mean_something(
    console: ConsoleHarness,
) -> None:
    await operating(console)
    ask = {"place": PLACE, "verb": "ask", "reason": "catalogued"}
    aside = {"place": f"{ALERT_DECISIONS.name}/0@3", "verb": "set_aside", "reason": "by phone"}
    async with console.client(OPERATOR) as client:
        answers = [await client.post("/api/letters/acts", json=body) for body in (ask, ask, aside)]
        refusals: list[tuple[dict[str, Any], int]] = [
            (ask | {"place": f"{READINGS.name}/0@0"}, 409),
            (ask | {"place": f"{REPORTS.name}/0@8"}, 404),
            (ask | {"place": "<b>"}, 404),
            (ask | {"verb": "replay"}, 422),
            (ask | {"reason": ""}, 422),
        ]
        for body, status in refusals:
            assert (await client.post("/api/letters/acts", json=body)).status_code == status, body
    assert [(answer.status_code, answer.json()["repeated"]) for answer in answers] == [
        (202, False), (202, True), (202, False)
    ]  # fmt: skip
    acts = [
        LetterAct.model_validate_json(record.body)
        for record in console.kafka.sent
        if record.topic == LETTER_ACTS.name
    ]
    distinct = {act.id: act for act in acts}
    assert [(act.verb, act.actor, act.offsets, act.reason) for act in distinct.values()] == [
        (LetterVerb.ASK, OPERATOR, (7,), "catalogued"),
        (LetterVerb.SET_ASIDE, OPERATOR, (3,), "by phone"),
    ]
    async with console.client("o-town-b") as client:
        answer = await client.post("/api/letters/acts", json=ask)
    assert answer.status_code == 403


@pytest.mark.parametrize("verb", ["get", "post"])
async def test_while_kafka_is_away_nothing_is_shown_as_empty(
    console: ConsoleHarness, verb: str
) -> None:
    await operating(console)
    console.letters.down = True
    async with console.client(OPERATOR) as client:
        if verb == "get":
            answer = await client.get("/api/letters")
        else:
            ask = {"place": PLACE, "verb": "ask", "reason": "catalogued"}
            answer = await client.post("/api/letters/acts", json=ask)
    assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
