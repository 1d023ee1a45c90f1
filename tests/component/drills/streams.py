"""Random streams of a real event and a drill at the same places: evidence, and acts of officers.

Each world's stream is drawn from its own seed and mixed afterwards, so that a stream is the same
with and without the second one. The subject of an act is chosen when the act is played, among the
results of its own world so far. A drill also tries acts on real subjects: all of them must be
refused.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import LEVEL_ORDER, Contract, Status
from shared.contracts.reports import ReporterRole, ReportKind
from tests.component.drills.officers import ACTS, KINDS, LEVELS, PLACES, TRESPASSES
from tests.support.console_events import NOW
from tests.support.house import House
from tests.unit.alerting.builders import (
    a_report,
    a_rule,
    a_warning,
    all_of,
    an_alarm,
    sources_of,
)

PEOPLE = ("worker-1", "worker-2", "caller-1")


def common_rules() -> list[Contract]:
    """Rules over several sources; there is one pack for both worlds."""
    return [
        a_rule("gas.sources", sources_of(), id="rul-sources"),
        a_rule("gas.both", all_of("gas.leak", "gas.low"), id="rul-both"),
    ]


@dataclass
class Turn:
    """A moment of the mixed stream: time passes, then evidence comes, then officers act."""

    seconds: float
    evidence: list[tuple[Status, Contract]]
    acts: list[tuple[Status, partial[Coroutine[Any, Any, None]]]]


@dataclass
class World:
    """Draws one world's stream."""

    status: Status
    rng: Random
    trespasses: bool
    _alarms: list[AlarmEvent] = field(default_factory=list)
    _count: int = 0

    def evidence(self, at: float) -> Contract:
        """The next record from outside, `at` seconds after the beginning."""
        self._count += 1
        return self.rng.choice(
            [self._alarm, self._alarm, self._alarm, self._report, self._warning]
        )(at)

    def act(self) -> partial[Coroutine[Any, Any, None]]:
        """Return the next act of an officer, with the dice for its choices."""
        dice = [self.rng.random() for _ in range(6)]
        act = self.rng.choice((*ACTS, *TRESPASSES) if self.trespasses else ACTS)
        return partial(act, dice=dice)

    def _head(self, at: float) -> dict[str, Any]:
        moment = NOW + timedelta(seconds=at)
        return {"status": self.status, "occurred_at": moment, "sent_at": moment}

    def _alarm(self, at: float) -> Contract:
        rng = self.rng
        active = [
            alarm for alarm in self._alarms if alarm.transition is not AlarmTransition.CLEARED
        ]
        if active and rng.random() < 0.5:
            last = rng.choice(active)
            self._alarms.remove(last)
            level = rng.choice(LEVELS)
            transition = AlarmTransition.CLEARED
            if rng.random() < 0.6 and level is not last.level:
                higher = LEVEL_ORDER[level] > LEVEL_ORDER[last.level]
                transition = AlarmTransition.UPGRADED if higher else AlarmTransition.DOWNGRADED
            else:
                level = last.level
            fresh = an_alarm(
                last.alarm_id,
                last.version + 1,
                transition,
                level,
                **self._head(at),
                **{
                    name: getattr(last, name)
                    for name in ("rule_id", "sensor_id", "site", "place", "event_type")
                },
                inhibited_by=last.inhibited_by,
            )
        else:
            rule = rng.choice(("gas.leak", "gas.low"))
            fresh = an_alarm(
                f"alm-{self.status}-{self._count}",
                level=rng.choice(LEVELS),
                **self._head(at),
                rule_id=rule,
                sensor_id=rng.choice(("sensor-1", "sensor-2")),
                site=rng.choice((None, "site-1")),
                place=rng.choice(PLACES),
                event_type=rng.choice(KINDS),
                inhibited_by=("gas.leak",) if rule == "gas.low" else (),
            )
        self._alarms.append(fresh)
        return fresh

    def _report(self, at: float) -> Contract:
        rng = self.rng
        return a_report(
            rng.choice(PEOPLE),
            id=f"rep-{self.status}-{self._count}",
            incident_id=f"inc-{rng.randrange(3)}",
            kind=rng.choice((ReportKind.INITIAL, ReportKind.INITIAL, ReportKind.FINAL)),
            reporter_role=rng.choice((ReporterRole.GRID_WORKER, ReporterRole.HOTLINE)),
            event_type=rng.choice(KINDS),
            place=rng.choice(PLACES),
            **self._head(at),
        )

    def _warning(self, at: float) -> Contract:
        return a_warning(
            msg_type=self.rng.choice(("Alert", "Alert", "Cancel")),
            id=f"wrn-{self.status}-{self._count}",
            cap_identifier=f"cap-{self._count}",
            event_type=self.rng.choice(KINDS),
            areas=(self.rng.choice(PLACES),),
            **self._head(at),
        )


def mixed(seed: int, turns: int, *, trespasses: bool = True) -> list[Turn]:
    """A real stream and a drill, interleaved at random; does the drill try acts on real things?"""
    worlds = {
        status: World(
            status, Random(f"{seed}-{status}"), trespasses and status is not Status.ACTUAL
        )
        for status in (Status.ACTUAL, Status.EXERCISE)
    }
    dice = Random(f"{seed}-mix")
    result, at = [], 0.0
    for _ in range(turns):
        seconds = dice.choice((1, 5, 30, 90, 400))
        at += seconds
        order = dice.choices(list(worlds), k=dice.randrange(1, 5))
        evidence = [(status, worlds[status].evidence(at)) for status in order]
        acts = [(choice, worlds[choice].act()) for choice in dice.choices(list(worlds), k=4)]
        result.append(Turn(seconds, evidence, acts))
    return result


async def play(system: House, turns: list[Turn], *only: Status) -> None:
    """Play the evidence and acts of these worlds at their times."""
    await system.takes(*common_rules())
    for number, turn in enumerate(turns):
        await system.passes(turn.seconds)
        if batch := [message for status, message in turn.evidence if status in only]:
            await system.takes(*batch)
        for place, (status, act) in enumerate(turn.acts):
            if status in only:
                await act(system, status, f"{status}-{number}-{place}")
