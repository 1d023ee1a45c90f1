"""Components of the system: a problem of one, and the fault that a lasting problem becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.core.findings.snapshot import ComponentFault, FindingKind

GRACE: dict[FindingKind, timedelta] = {
    FindingKind.COMPONENT_DOWN: timedelta(seconds=10),
    FindingKind.COMPONENT_NOT_READY: timedelta(seconds=30),
    FindingKind.DISK_FULL: timedelta(),
    FindingKind.HEARTBEAT_MISSING: timedelta(),
    FindingKind.CANARY_MISSING: timedelta(),
    FindingKind.COMPONENT_TROUBLED: timedelta(seconds=30),
}
"""The time that a problem lasts before it is a fault: a restart takes a few seconds."""
START_GRACE = timedelta(seconds=120)
"""The same for a component that has not worked since the watch began: the whole system starts."""
RECOVERY = timedelta(seconds=6)
"""The time that a component works before its problem is over: no restart loop looks healthy."""


@dataclass(frozen=True, slots=True)
class ComponentProblem:
    """The outcome of a failed probe: the kind, and the reason in words."""

    kind: FindingKind
    reason: str


@dataclass(slots=True)
class _Trouble:
    """The newest problem of a component since `since`, and the fault that it has become.

    `works_since` is the time of the first of the newest probes that succeeded.
    """

    problem: ComponentProblem
    since: datetime
    fault: ComponentFault | None = None
    works_since: datetime | None = None


class ComponentHealth:
    """The troubles of the components, from the first failed probe until the recovery."""

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}
        self._proven: set[str] = set()

    def note(self, component: str, problem: ComponentProblem | None, now: datetime) -> None:
        """Note the outcome of a probe."""
        if problem is None:
            self._note_success(component, now)
            return
        trouble = self._troubles.setdefault(component, _Trouble(problem, now))
        trouble.problem, trouble.works_since = problem, None
        grace = GRACE[problem.kind] if component in self._proven else START_GRACE
        if trouble.fault is None and now - trouble.since >= grace:
            trouble.fault = ComponentFault(problem.kind, component, problem.reason, trouble.since)

    def _note_success(self, component: str, now: datetime) -> None:
        self._proven.add(component)
        trouble = self._troubles.get(component)
        if trouble is None:
            return
        trouble.works_since = trouble.works_since or now
        if now - trouble.works_since >= RECOVERY:
            del self._troubles[component]

    def problems(self) -> dict[str, ComponentProblem]:
        """Return the newest problems by component, however short they have lasted."""
        return {component: trouble.problem for component, trouble in self._troubles.items()}

    def faults(self) -> tuple[ComponentFault, ...]:
        """Return the faults in a fixed order."""
        troubles = [trouble for _, trouble in sorted(self._troubles.items())]
        return tuple(trouble.fault for trouble in troubles if trouble.fault is not None)

    def undecided(self) -> bool:
        """Return True while a problem has not lasted long enough to be a fault."""
        return any(trouble.fault is None for trouble in self._troubles.values())
