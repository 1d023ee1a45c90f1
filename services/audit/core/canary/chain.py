"""Round trips of the canary at one unit: a reading goes up the chain, a receipt comes back.

A round trip begins with a reading and its alarm. The robot officer has the alert issued, signs
the following assignment, and recalls the alert when the issuer has the signature; the recall
revokes the command. At last the reading falls. Only the newest round trip counts, and the robot
recalls open alerts of older round trips.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import Tier
from shared.contracts.lifecycles.alert import FINAL
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual

MOST_MISSED = 3
"""So many round trips in a row may be missed."""
PATIENCE_S = 5.0
"""The time that the last of them has before it is missed, in seconds."""

CanaryRecord = AlarmEvent | AlertEvent | AssignmentEvent


class CanaryStage(IntEnum):
    """The stages of a round trip, in order."""

    SENT = 0
    ACCEPTED = 1
    SCORED = 2
    PROPOSED = 3
    ISSUED = 4
    COMMANDED = 5
    RECEIVED = 6


STAGE_WORDS: dict[CanaryStage, Bilingual] = {
    CanaryStage.SENT: Bilingual("读数未被接收", "sent, not accepted by ingest"),
    CanaryStage.ACCEPTED: Bilingual("已接收，未生成告警", "accepted, no alarm by scoring"),
    CanaryStage.SCORED: Bilingual("已告警，未生成预警", "scored, no alert by alerting"),
    CanaryStage.PROPOSED: Bilingual("预警待签发，未发布", "alert proposed, not issued by alerting"),
    CanaryStage.ISSUED: Bilingual("预警已发布，未下达指令", "alert issued, no command by command"),
    CanaryStage.COMMANDED: Bilingual(
        "指令已下达，上级未收到签收", "command delivered, no receipt at the parent"
    ),
    CanaryStage.RECEIVED: Bilingual("上级已收到签收", "receipt at the parent"),
}
"""How far a round trip has come, in words."""


class RobotAct(StrEnum):
    """Acts after a record: three by the robot officer, and `fall`, a reading."""

    DECIDE = "decide"
    SIGN = "sign"
    RECALL = "recall"
    FALL = "fall"


CalledAct = tuple[RobotAct, CanaryRecord]
"""An act, and the record that it is about."""


@dataclass(slots=True)
class _RoundTrip:
    """A round trip since `began_s`. `early`: alerts read before the alarm."""

    reading_id: str
    began_s: float
    stage: CanaryStage = CanaryStage.SENT
    alarm_id: str | None = None
    alert: AlertEvent | None = None
    recalled_id: str | None = None
    early: list[AlertEvent] = field(default_factory=list)

    def reach(self, stage: CanaryStage) -> None:
        """Move on to a stage; a late record moves nothing back."""
        self.stage = max(self.stage, stage)

    def is_about(self, alert_id: str | None) -> bool:
        """Return whether the round trip has this alert."""
        return self.alert is not None and self.alert.alert_id == alert_id


class CanaryChain:
    """The round trips at `unit`. Times are seconds of a clock without steps."""

    def __init__(self, unit: str, interval_s: float) -> None:
        self.unit = unit
        self.tier: Tier = tier_of(unit)
        self.sensor_id = sensor_of(unit)
        self.longest_silence_s = MOST_MISSED * interval_s + PATIENCE_S
        self.received_s: float | None = None
        self.duration_s = 0.0
        """The duration of the newest complete round trip."""
        self.missed: CanaryStage | None = None
        """The stage at which the previous round trip ended, None if it was complete."""
        self._watched_since_s = 0.0
        self._trip: _RoundTrip | None = None

    def watch(self, now_s: float) -> None:
        """Forget the past: this process sends the readings from now on."""
        self._watched_since_s, self.received_s = now_s, None
        self._trip, self.missed = None, None

    def begin(self, reading_id: str, now_s: float) -> list[CalledAct]:
        """Begin a round trip with a reading; return the acts at the end of the previous trip."""
        previous = self._trip
        self._trip = _RoundTrip(reading_id, now_s)
        self.missed = None
        if previous is None or previous.stage is CanaryStage.RECEIVED:
            return []
        self.missed = previous.stage
        if previous.alert is None or previous.stage < CanaryStage.ISSUED:
            return []
        return self._recall(previous.alert)

    def accept(self) -> None:
        """Note the acceptance of the reading by ingest."""
        if self._trip is not None:
            self._trip.reach(CanaryStage.ACCEPTED)

    def observe(self, message: CanaryRecord, now_s: float) -> list[CalledAct]:
        """Note a record of the canary; return the acts after it."""
        trip = self._trip
        if trip is None:
            return []
        match message:
            case AlarmEvent():
                return self._observe_alarm(message, trip)
            case AlertEvent():
                return self._observe_alert(message, trip)
            case AssignmentEvent():
                return self._observe_assignment(message, trip, now_s)

    def problem(self, now_s: float) -> str | None:
        """Return how long no round trip was complete, and the last stage."""
        silence_s = now_s - (self._watched_since_s if self.received_s is None else self.received_s)
        if silence_s <= self.longest_silence_s:
            return None
        stage = self.missed
        if stage is None:
            stage = CanaryStage.SENT if self._trip is None else self._trip.stage
        words = STAGE_WORDS[stage]
        return f"no round trip for {silence_s:.0f} s: {words.en} ({words.zh})"

    def decided(self, now_s: float) -> bool:
        """Return whether the chain certainly works, or certainly does not."""
        return self.received_s is not None or self.problem(now_s) is not None

    def _observe_alarm(self, alarm: AlarmEvent, trip: _RoundTrip) -> list[CalledAct]:
        is_raised = alarm.transition is AlarmTransition.RAISED
        # The id in the log has the source's name before it.
        is_own = alarm.evidence.event_id.rpartition(":")[2] == trip.reading_id
        if alarm.sensor_id != self.sensor_id or not is_raised or not is_own:
            return []
        trip.reach(CanaryStage.SCORED)
        trip.alarm_id = alarm.alarm_id
        early, trip.early = trip.early, []
        return [act for alert in early for act in self._observe_alert(alert, trip)]

    def _observe_alert(self, alert: AlertEvent, trip: _RoundTrip) -> list[CalledAct]:
        if alert.place != self.unit:
            return []
        if alert.state in FINAL:
            is_over = trip.is_about(alert.alert_id) and trip.stage is CanaryStage.RECEIVED
            return [(RobotAct.FALL, alert)] if is_over else []
        if alert.state is AlertState.ISSUED and alert.transition is not AlertTransition.ISSUED:
            return [] if trip.is_about(alert.alert_id) else self._recall(alert)
        if trip.alarm_id is None:
            trip.early.append(alert)
            return []
        if trip.alarm_id not in alert.alarm_ids:
            return self._recall(alert) if alert.state is AlertState.ISSUED else []
        if alert.state is AlertState.ISSUED:
            trip.reach(CanaryStage.ISSUED)
            trip.alert = alert
            return []
        if trip.alert is not None:
            return []  # the decisions are under way
        trip.reach(CanaryStage.PROPOSED)
        trip.alert = alert
        return [(RobotAct.DECIDE, alert)]

    def _observe_assignment(
        self, assignment: AssignmentEvent, trip: _RoundTrip, now_s: float
    ) -> list[CalledAct]:
        if not trip.is_about(assignment.alert_id) or trip.stage is CanaryStage.RECEIVED:
            return []
        if assignment.state is AssignmentState.DELIVERED and assignment.version == 1:
            trip.reach(CanaryStage.COMMANDED)
            return [(RobotAct.SIGN, assignment)]
        if assignment.state is not AssignmentState.SIGNED:
            return []
        trip.reach(CanaryStage.RECEIVED)
        self.received_s, self.duration_s = now_s, now_s - trip.began_s
        assert trip.alert is not None, "the assignment is of its alert"
        return self._recall(trip.alert)

    def _recall(self, alert: AlertEvent) -> list[CalledAct]:
        """Recall an alert, once per round trip."""
        trip = self._trip
        if trip is None or trip.recalled_id == alert.alert_id:
            return []
        trip.recalled_id = alert.alert_id
        return [(RobotAct.RECALL, alert)]


def sensor_of(unit: str) -> str:
    """Return the id of the canary's sensor at a unit."""
    return f"canary-{unit}"
