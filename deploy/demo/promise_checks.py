"""The promises, each judged true or false from the topics, with the reason when it is false."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.actors import (
    GAS_TOWN,
    QUIET_TOWN,
    QUIET_VILLAGE,
    RETURNING_VILLAGE,
    ZHUTUO,
    Actors,
)
from deploy.demo.figures import history, is_signed, latest
from deploy.demo.topic_reader import Log
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.fields import LEVEL_ORDER, Level, Post, Status, Tier
from shared.contracts.pages import SubjectKind
from shared.contracts.readings import SensorState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import (
    ALERTS,
    ASSIGNMENTS,
    COMMANDS,
    PAGES,
    RULES,
    SENSOR_HEALTH,
    SUPERVISION,
)
from shared.contracts.units import ancestor_at, is_within

CUNTAN_DISTRICT = "500105000000"
Verdict = tuple[bool, str]


@dataclass(frozen=True)
class PromiseChecker:
    """Looks at one log. Every method returns (kept, why not)."""

    log: Log
    actors: Actors
    stays_open: frozenset[str]
    """Commands that are meant to be open still: something to see and to sign afterwards."""

    def one_key(self) -> Verdict:
        """Every recipient of every command got exactly one assignment."""
        units: dict[str, list[str]] = defaultdict(list)
        for event in latest(self.log.messages(ASSIGNMENTS), "assignment_id").values():
            units[event.command_id].append(event.unit)
        for name, command in self._commands().items():
            own = units[name]
            if len(own) != len(set(own)) or len(own) != command.recipients:
                return False, f"{name}: {command.recipients} recipients, {len(own)} assignments"
        return bool(units), "no command at all"

    def to_the_end(self) -> Verdict:
        """All micro-grids of Zhutuo have signed the orange command; all commands are closed."""
        own = [
            event
            for event in latest(self.log.messages(ASSIGNMENTS), "assignment_id").values()
            if event.unit_tier is Tier.MICROGRID
            and event.status is Status.ACTUAL
            and is_within(event.unit, ZHUTUO)
        ]
        unsigned = [event.unit for event in own if not is_signed(event)]
        if not own or unsigned:
            return False, f"{len(unsigned)} of {len(own)} micro-grids have not signed"
        open_assignments = [
            name
            for name, command in self._commands().items()
            if command.state is not CommandState.CLOSED and name not in self.stays_open
        ]
        return (
            not open_assignments,
            f"{len(open_assignments)} commands are not closed: {open_assignments[:3]}",
        )

    def ladder_seen(self) -> Verdict:
        """Cuntan's alert went up to red and down step by step, and was lifted."""
        for events in history(self._alerts(CUNTAN_DISTRICT), "alert_id").values():
            levels = [
                event.level
                for event in events
                if event.transition in (AlertTransition.ISSUED, AlertTransition.ADJUSTED)
            ]
            lifted = events[-1].state is AlertState.LIFTED
            rising = [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]
            if lifted and levels == [*rising, *reversed(rising[:-1])]:
                return True, ""
        return False, f"issued levels: {self._issued(CUNTAN_DISTRICT)}"

    def upgraded_downgraded_lifted(self) -> Verdict:
        """At least one alert was adjusted up, adjusted down, and lifted."""
        for events in history(self.log.messages(ALERTS), "alert_id").values():
            ranks = [
                LEVEL_ORDER[event.level]
                for event in events
                if event.level is not None
                and event.transition in (AlertTransition.ISSUED, AlertTransition.ADJUSTED)
            ]
            steps = [after - before for before, after in itertools.pairwise(ranks)]
            lifted = any(event.transition is AlertTransition.LIFTED for event in events)
            if lifted and any(s > 0 for s in steps) and any(s < 0 for s in steps):
                return True, ""
        return False, "no alert went up, down and was lifted"

    def datum_refused(self) -> Verdict:
        """The rule in the wrong datum lies in the dead letters and nowhere in force."""
        dead_letters = [letter for letter in self.log.letters if letter.topic == RULES.name]
        right = [
            dead_letter
            for dead_letter in dead_letters
            if dead_letter.reason is Reason.DATUM_MISMATCH
        ]
        return bool(
            right
        ), f"dead letters of rules: {[dead_letter.reason.value for dead_letter in dead_letters]}"

    def corroborated(self) -> Verdict:
        """Two detectors and a person made one alert, which led to a command."""
        alerts = latest(self._alerts(GAS_TOWN), "alert_id")
        if len(alerts) != 1:
            return False, f"{len(alerts)} alerts instead of one"
        (alert,) = alerts.values()
        commanded = any(command.alert_id == alert.alert_id for command in self._commands().values())
        result = f"{alert.distinct_sources} sources, command: {commanded}"
        return alert.distinct_sources >= 3 and commanded, result

    def escalated_to_city(self) -> Verdict:
        """Return whether silence called B, A, commander, district, city; and so in the village."""
        called = {
            (page.unit, page.post)
            for page in self.log.messages(PAGES)
            if page.status is Status.ACTUAL
            and page.subject_kind is not SubjectKind.SUPERVISION
            and any(is_within(area, QUIET_TOWN) for area in page.areas)
        }
        missing = [
            f"{unit} {post}" for unit, post in _rungs(QUIET_TOWN) if (unit, post) not in called
        ]
        if missing:
            return False, f"never called: {missing}"
        targets = {
            (message.target_unit, message.target_post)
            for message in self.log.messages(SUPERVISION)
            if message.unit == QUIET_VILLAGE
            and message.kind in (SupervisionKind.REMINDED, SupervisionKind.ESCALATED)
            and message.status is Status.ACTUAL
        }
        city = ancestor_at(QUIET_VILLAGE, Tier.CITY)
        late = any(
            message.unit == QUIET_VILLAGE and message.late and message.signed_at
            for message in self.log.messages(ASSIGNMENTS)
        )
        result = f"supervision called {sorted(targets)}, signed late: {late}"
        return (city, Post.B) in targets and late, result

    def returned_and_redone(self) -> Verdict:
        """One village returned its assignment, got it again, and finished it."""
        for events in history(self.log.messages(ASSIGNMENTS), "assignment_id").values():
            if events[-1].unit == RETURNING_VILLAGE:
                states = [event.state for event in events]
                redone = events[-1].attempt == 2 and events[-1].state is AssignmentState.DONE
                if AssignmentState.RETURNED in states and redone:
                    return True, ""
        return False, "not found"

    def silent_found(self) -> Verdict:
        """One sensor is silent; another was and came back."""
        states: dict[str, list[SensorState]] = defaultdict(list)
        for message in sorted(
            self.log.messages(SENSOR_HEALTH), key=lambda message: message.version
        ):
            states[message.sensor_id].append(message.state)
        sensor_states, back = states[self.actors.falls_silent], states[self.actors.comes_back]
        in_order = sensor_states[-1:] == [SensorState.SILENT] and back[-2:] == [
            SensorState.SILENT,
            SensorState.ONLINE,
        ]
        return (
            in_order,
            f"{self.actors.falls_silent}: {sensor_states}, {self.actors.comes_back}: {back}",
        )

    def drill_took_place(self) -> Verdict:
        """The drill had its own alert, its own command and its own pages."""
        kinds = {
            spec.name: any(message.status is Status.EXERCISE for message in self.log.messages(spec))
            for spec in (ALERTS, COMMANDS, ASSIGNMENTS, PAGES)
        }
        return all(kinds.values()), f"records of the drill: {kinds}"

    def _commands(self) -> dict[str, Any]:
        return latest(self.log.messages(COMMANDS), "command_id")

    def _alerts(self, place: str) -> list[Any]:
        return [
            message
            for message in self.log.messages(ALERTS)
            if message.status is Status.ACTUAL and is_within(message.place, place)
        ]

    def _issued(self, place: str) -> list[str]:
        return [
            f"{alert.transition}:{alert.level}"
            for alert in sorted(self._alerts(place), key=lambda alert: alert.version)
            if alert.transition
            in (AlertTransition.ISSUED, AlertTransition.ADJUSTED, AlertTransition.LIFTED)
        ]


def by_reason(letters: Iterable[DeadLetter]) -> dict[str, int]:
    """Dead letters by reason, each refused record once however many services refused it."""
    results: dict[str, set[str]] = defaultdict(set)
    for letter in letters:
        results[letter.reason.value].add(letter.id)
    return {reason: len(ids) for reason, ids in sorted(results.items())}


def _rungs(town: str) -> Sequence[tuple[str, Post]]:
    district, city = ancestor_at(town, Tier.DISTRICT), ancestor_at(town, Tier.CITY)
    assert district is not None
    assert city is not None
    return (
        (town, Post.B),
        (town, Post.A),
        (town, Post.COMMANDER),
        (district, Post.B),
        (city, Post.B),
    )
