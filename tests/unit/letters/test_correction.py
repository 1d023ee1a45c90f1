"""A correction: its fields, the contract's check, the id and the key, and what is not corrected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.commands.letters import correction
from deploy.commands.letters.errors import LetterError
from shared.contracts.topics import ALARMS, ALERT_DECISIONS, READINGS, RULES

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"
READING = json.loads((GOLDEN / "sensing.readings.v1@reading.json").read_text(encoding="utf-8"))
DECISION = (GOLDEN / "alert.decisions.v1@approve.json").read_bytes()


def test_fields_are_set_and_removed_by_their_path() -> None:
    body = b'{"a":{"b":[{"c":1}]},"d":2}'
    changed = correction.set_fields(body, ["a.b.0.c=2.5", "e=words", 'f={"g":null}'], ["d"])
    assert json.loads(changed) == {"a": {"b": [{"c": 2.5}]}, "e": "words", "f": {"g": None}}
    for changes, removals in (
        (["a.x.c=1"], []),
        (["a.b.7.c=1"], []),
        (["no sign"], []),
        ([], ["z"]),
        ([".".join("a" * 40) + "=1"], []),
    ):
        with pytest.raises(LetterError):
            correction.set_fields(body, changes, removals)
    for hostile in (b"\xff", b"[" * 100_000, None):
        with pytest.raises(LetterError):
            correction.set_fields(hostile, ["a=1"], [])


def test_the_contract_checks_a_correction_and_the_id_stays() -> None:
    original = encoded(READING | {"value": "high"})
    assert correction.check_body(READINGS, original, encoded(READING), b"k") == (
        READING["sensor_id"].encode()
    ), "the key follows from the body"
    for changes in ({"value": "low"}, {"id": "another"}, {"unheard_of": 1}):
        with pytest.raises(LetterError):
            correction.check_body(READINGS, original, encoded(READING | changes), b"k")


def test_a_body_that_may_have_been_applied_is_not_corrected() -> None:
    correction.check_fixable(READINGS, encoded(READING))
    correction.check_fixable(ALARMS, b"no alarm")
    for spec, body in (
        (ALERT_DECISIONS, DECISION),
        (ALERT_DECISIONS, b"no decision"),
        (ALARMS, (GOLDEN / "alarm.events.v1@upgraded.json").read_bytes()),
        (RULES, (GOLDEN / "rule.definitions.v1@window.json").read_bytes()),
    ):
        with pytest.raises(LetterError):
            correction.check_fixable(spec, body)


def encoded(body: object) -> bytes:
    """Return a body as a sender writes it."""
    return json.dumps(body).encode()
