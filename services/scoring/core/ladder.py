"""Ladders of levels: reached at `raise_at`, given up past `clear_at`, with for-duration and count.

Values are compared after multiplication by `sign`, so that "below" is "above" upside down. Levels
are ranks, not positions: an open alarm keeps its meaning when a new version changes the rungs.
Raising waits for `for_s` seconds and `count` readings in a row; giving up is immediate, since the
distance between the two limits is what keeps a level from flapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter

from services.scoring.core.state import NEVER, NORMAL, AlarmState, Hold


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: `up` and `down` are the two limits times the ladder's sign; `scale` for the score."""

    rank: int
    up: float
    down: float
    raise_at: float
    clear_at: float
    scale: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in rising rank, `for_s` seconds, `count` readings in a row.

    What is judged is in the rungs' unit times `factor`.
    """

    sign: int
    steps: tuple[Step, ...]
    for_s: float = 0.0
    count: int = 1
    factor: float = 1.0

    @property
    def waits(self) -> bool:
        """Whether one reading alone may not be enough to raise."""
        return self.for_s > 0 or self.count > 1

    def step(self, rank: int) -> Step:
        """The rung that stands for a level: itself, else the next lower, else the lowest."""
        return next((step for step in reversed(self.steps) if step.rank <= rank), self.steps[0])

    def judge(self, alarm: AlarmState, at: float, value: float, event_id: str) -> int:
        """The level after a reading in time order; notes what has begun to hold."""
        signed = value * self.sign
        if alarm.level == NORMAL and signed < self.steps[0].up:
            if alarm.holds:
                alarm.holds.clear()
            return NORMAL
        up = self._held(alarm, at, signed, event_id) if self.waits else self._reached(signed)
        return up if up > alarm.level else self._kept(alarm.level, signed)

    def band(self, alarm: AlarmState | None) -> tuple[float, float]:
        """Values strictly between the two leave the alarm as it is; the band may be empty."""
        level = NORMAL if alarm is None else alarm.level
        if alarm is not None and alarm.holds:
            return inf, -inf
        up = next((step.up for step in self.steps if step.rank > level), inf)
        down = -inf
        if level != NORMAL:
            # The rung that stands for the level; a level between the rungs is judged every time.
            down = next((step.down for step in self.steps if step.rank == level), inf)
        down = nextafter(down, -inf)  # a value at clear_at still keeps the level
        return (down, up) if self.sign > 0 else (-up, -down)

    def due(self, alarm: AlarmState) -> float:
        """When a hold will have lasted long enough without a further reading; NEVER if none."""
        if not self.for_s or not alarm.holds:
            return NEVER
        return min(
            (
                hold.since + self.for_s
                for rank, hold in alarm.holds.items()
                if rank > alarm.level and hold.count >= self.count
            ),
            default=NEVER,
        )

    def ripe(self, alarm: AlarmState, at: float) -> int:
        """The level that holds have earned by `at`, never below the present one."""
        ripe = (
            rank
            for rank, hold in alarm.holds.items()
            if hold.count >= self.count and at >= hold.since + self.for_s
        )
        return max(max(ripe, default=NORMAL), alarm.level)

    @staticmethod
    def start(alarm: AlarmState, at: float, event_id: str) -> tuple[float, str]:
        """When and with which reading the episode began: the first hold's, else the one at hand."""
        if not alarm.holds:
            return at, event_id
        first = alarm.holds[min(alarm.holds)]
        return first.since, first.start_id

    def _reached(self, signed: float) -> int:
        rank = NORMAL
        for step in self.steps:
            if signed < step.up:
                break
            rank = step.rank
        return rank

    def _held(self, alarm: AlarmState, at: float, signed: float, event_id: str) -> int:
        rank = NORMAL
        for step in self.steps:
            if signed < step.up or step.rank <= alarm.level:  # not held, or earned already
                alarm.holds.pop(step.rank, None)
                continue
            hold = alarm.holds.get(step.rank)
            if hold is None:
                hold = alarm.holds[step.rank] = Hold(at, 0, event_id)
            hold.count += 1
            if hold.count >= self.count and at >= hold.since + self.for_s:
                rank = step.rank
        return rank

    def _kept(self, level: int, signed: float) -> int:
        rank = NORMAL
        for step in self.steps:
            if step.rank <= level and signed >= step.down:
                rank = step.rank
        return rank
