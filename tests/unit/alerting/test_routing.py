"""The alarm router: the route of an alarm and the effects that follow from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.alerting.core.alarms.inhibition import HOLD_BY_LEVEL
from services.alerting.core.alarms.snapshot import AlarmSnapshot, snapshot_of
from services.alerting.core.alerts.grouping import AlarmRecord, Disposition
from services.alerting.core.alerts.routing import AlarmRoute, AlarmRouter
from services.alerting.core.silences.silence import Silence
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import Level, Post, Status
from shared.contracts.silences import Matcher, SilenceKind
from tests.unit.alerting.builders import DISTRICT, T0, TOWN, an_alarm, at, evidence_after

HOLD = HOLD_BY_LEVEL[Level.YELLOW]
HIGHER = an_alarm("alm-high", rule_id="gas.high", level=Level.ORANGE, sensor_id="s-1")
LOWER = an_alarm("alm-low", rule_id="gas.low", sensor_id="s-1", inhibited_by=("gas.high",))


def a_silence(silence_id: str = "sil-1", hours: float = 1) -> Silence:
    """Return a silence of the district for the town, in force at T0."""
    return Silence(
        silence_id=silence_id,
        status=Status.ACTUAL,
        version=1,
        kind=SilenceKind.SILENCE,
        matcher=Matcher(place=TOWN),
        unit=DISTRICT,
        owner="officer-1",
        post=Post.A,
        begin_at=T0,
        end_at=T0 + timedelta(hours=hours),
        reason="管网检修",
    )


def a_record(event: AlarmEvent, disposition: Disposition, **changes: Any) -> AlarmRecord:
    """Return the row of an alarm after an event."""
    record = AlarmRecord(
        evidence_after(event, None), snapshot_of(event, None), None, disposition, event
    )
    return replace(record, **changes)


def route(
    event: AlarmEvent,
    record: AlarmRecord | None = None,
    alarms: tuple[AlarmEvent, ...] = (),
    silences: tuple[Silence, ...] = (),
    **flags: bool,
) -> AlarmRoute:
    """Return the route of an event among these alarms and silences."""
    snapshots: dict[str, AlarmSnapshot] = {
        alarm.alarm_id: snapshot_of(alarm, None) for alarm in alarms
    }
    by_id = {silence.silence_id: silence for silence in silences}
    router = AlarmRouter(snapshots, by_id, at(1))
    snapshot = snapshot_of(event, record.snapshot if record is not None else None)
    return router.route(
        event,
        snapshot,
        record,
        in_open_alert=flags.get("in_open_alert", False),
        has_waited=flags.get("has_waited", False),
    )


def test_an_ordinary_alarm_goes_to_an_alert() -> None:
    result = route(an_alarm())
    assert result == AlarmRoute(None)
    assert not result.keeps_event


def test_an_inhibited_alarm_waits_without_a_hold() -> None:
    result = route(LOWER, alarms=(HIGHER,), silences=(a_silence(),))
    assert result == AlarmRoute(Disposition.INHIBITED)
    assert result.keeps_event


def test_the_silence_that_ends_last_hides_an_alarm_and_counts_it_once() -> None:
    silences = (a_silence("sil-1"), a_silence("sil-2", 2))
    result = route(an_alarm(), silences=silences)
    assert result == AlarmRoute(Disposition.SILENCED, "sil-2", newly_silenced=True)
    record = a_record(an_alarm(), Disposition.SILENCED, silence_id="sil-2")
    assert not route(an_alarm(version=2), record, silences=silences).newly_silenced


def test_a_hold_begins_once_and_not_after_its_end() -> None:
    assert route(LOWER) == AlarmRoute(Disposition.ON_HOLD, hold=HOLD)
    record = a_record(LOWER, Disposition.ON_HOLD)
    assert route(LOWER, record) == AlarmRoute(Disposition.ON_HOLD)
    assert route(LOWER, record, has_waited=True) == AlarmRoute(None)


def test_an_alarm_in_an_open_alert_is_neither_silenced_nor_inhibited() -> None:
    record = a_record(LOWER, Disposition.JOINED, alert_id="alt-1", waiting_event=None)
    result = route(LOWER, record, (HIGHER,), (a_silence(),), in_open_alert=True)
    assert result == AlarmRoute(Disposition.JOINED)


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        (Disposition.SILENCED, AlarmRoute(Disposition.SILENCED, "sil-1")),
        (Disposition.INHIBITED, AlarmRoute(Disposition.INHIBITED)),
        (Disposition.ON_HOLD, AlarmRoute(Disposition.CLEARED_UNSEEN)),
    ],
)
def test_a_clearing_while_an_alarm_waits(disposition: Disposition, expected: AlarmRoute) -> None:
    record = a_record(LOWER, disposition, silence_id="sil-1")
    cleared = LOWER.model_copy(
        update={"version": 2, "transition": AlarmTransition.CLEARED, "occurred_at": at(1)}
    )
    assert route(cleared, record) == expected
