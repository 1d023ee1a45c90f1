"""The pure parts of the runtime: limits, settings, decoding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts.dead_letter import Reason
from shared.contracts.topics import READINGS
from shared.runtime.dead_letters import MOST_BUG_LETTERS, BugLetterLimit
from shared.runtime.decoding import MAX_VALUE_BYTES, decode_value
from shared.runtime.errors import Reject, SetupError
from shared.runtime.settings import DatabaseSettings, load

GOLDEN = Path(__file__).parents[2] / "contract" / "golden" / "sensing.readings.v1@reading.json"


def test_a_minute_has_a_limit_of_letters_that_name_a_bug() -> None:
    limit, begin = BugLetterLimit(), datetime(2026, 1, 1, tzinfo=UTC)
    assert not limit.note(MOST_BUG_LETTERS, begin)
    assert limit.note(1, begin + timedelta(seconds=59))
    assert not limit.note(MOST_BUG_LETTERS, begin + timedelta(seconds=60))
    assert limit.note(1, begin + timedelta(seconds=61))


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (None, Reason.SCHEMA, "value"),
        (b"", Reason.NOT_JSON, "JSON"),
        (b"{", Reason.NOT_JSON, "JSON"),
        (b"x" * (MAX_VALUE_BYTES + 1), Reason.TOO_LARGE, "bytes"),
        (GOLDEN.read_bytes().replace(b"213.5", b"1e999"), Reason.NOT_FINITE, "value"),
        (GOLDEN.read_bytes().replace(b"213.5", b'"213.5"'), Reason.SCHEMA, "value"),
        (GOLDEN.read_bytes().replace(b"+08:00", b""), Reason.SCHEMA, "occurred_at"),
    ],
)
def test_a_refusal_names_its_reason_and_field(
    value: bytes | None, reason: Reason, field: str
) -> None:
    with pytest.raises(Reject) as refused:
        decode_value(READINGS.model, value)
    assert refused.value.reason is reason
    assert field in refused.value.detail


def test_wrong_settings_name_the_variables_and_never_their_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FENGHUO_KAFKA_BOOTSTRAP", "nowhere")
    monkeypatch.setenv("FENGHUO_HTTP_PORT", "s3cret")
    monkeypatch.delenv("FENGHUO_DATABASE_URL", raising=False)
    with pytest.raises(SetupError) as problem:
        load(DatabaseSettings)
    text = str(problem.value)
    for name in ("FENGHUO_KAFKA_BOOTSTRAP", "FENGHUO_HTTP_PORT", "FENGHUO_DATABASE_URL"):
        assert name in text
    assert "s3cret" not in text
    assert "\n" not in text
