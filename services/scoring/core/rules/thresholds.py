"""Thresholds with hysteresis: reached at `raise_at`, abandoned past `clear_at`.

Values are compared after multiplication by `sign`, so that "below" is "above" upside down. Levels
are ranks, not positions: an open alarm keeps its meaning when a new version changes the thresholds.
A raise waits for `for_s` seconds and `count` readings in a row. A level is abandoned at once, since
the distance between the two limits keeps the level from flapping; with `clear_for_s` it is
abandoned by the first reading so much later than the first of a row past its limit. Time alone
abandons no level: an end of data is no reason to clear an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter

from services.scoring.core.alarms.alarm_state import NEVER, NORMAL, AlarmState, PendingRaise


@dataclass(frozen=True, slots=True)
class Threshold:
    """One level: `up` and `down` are its two limits times the sign; `scale` serves the score."""

    rank: int
    up: float
    down: float
    raise_at: float
    clear_at: float
    scale: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds of a rule in rising rank; a raise waits `for_s` seconds and `count` readings,
    a fall waits `clear_for_s` seconds.

    Evaluated values are in the unit of the thresholds times `factor`.
    """

    sign: int
    levels: tuple[Threshold, ...]
    for_s: float = 0.0
    count: int = 1
    factor: float = 1.0
    clear_for_s: float = 0.0

    @property
    def waits(self) -> bool:
        """Return whether one reading alone may not be enough to raise."""
        return self.for_s > 0 or self.count > 1

    def threshold(self, rank: int) -> Threshold:
        """Return the threshold of a level, else the next lower threshold, else the lowest."""
        for threshold in reversed(self.levels):
            if threshold.rank <= rank:
                return threshold
        return self.levels[0]

    def evaluate(self, alarm: AlarmState, at: float, value: float, event_id: str) -> int:
        """Return the level after a reading in time order; record raises that begin to wait."""
        signed = value * self.sign
        if alarm.level == NORMAL and signed < self.levels[0].up:
            if alarm.pending:
                alarm.pending.clear()
            return NORMAL
        if self.waits:
            up = self._elapsed_rank(alarm, at, signed, event_id)
        else:
            up = self._reached_rank(signed)
        if up > alarm.level:
            alarm.falling.clear()
            return up
        if self.clear_for_s > 0:
            return self._lasting_rank(alarm, at, signed)
        return self._retained_rank(alarm.level, signed)

    def bounds(self, alarm: AlarmState | None) -> tuple[float, float]:
        """Return two values between which a value leaves the alarm unchanged.

        Both are exclusive. The low value exceeds the high value when every value has to be
        evaluated.
        """
        level = NORMAL if alarm is None else alarm.level
        if alarm is not None and (alarm.pending or alarm.falling):
            return inf, -inf
        up = next((threshold.up for threshold in self.levels if threshold.rank > level), inf)
        down = -inf
        if level != NORMAL:
            # The threshold of the level; a level between the thresholds is evaluated every time.
            down = next((item.down for item in self.levels if item.rank == level), inf)
        down = nextafter(down, -inf)  # a value at clear_at keeps the level
        return (down, up) if self.sign > 0 else (-up, -down)

    def next_raise_at(self, alarm: AlarmState) -> float:
        """Return the moment at which time alone raises the alarm; NEVER when no raise waits."""
        if not self.for_s or not alarm.pending:
            return NEVER
        return min(
            (
                entry.since + self.for_s
                for rank, entry in alarm.pending.items()
                if rank > alarm.level and entry.count >= self.count
            ),
            default=NEVER,
        )

    def elapsed_level(self, alarm: AlarmState, at: float) -> int:
        """Return the level that waiting raises have earned by `at`, never below the present one."""
        elapsed = (
            rank
            for rank, entry in alarm.pending.items()
            if entry.count >= self.count and at >= entry.since + self.for_s
        )
        return max(max(elapsed, default=NORMAL), alarm.level)

    @staticmethod
    def start(alarm: AlarmState, at: float, event_id: str) -> tuple[float, str]:
        """Return time and reading with which the episode began: those of the first pending raise.

        Without a pending raise these are the arguments.
        """
        if not alarm.pending:
            return at, event_id
        first = alarm.pending[min(alarm.pending)]
        return first.since, first.start_id

    def _reached_rank(self, signed: float) -> int:
        rank = NORMAL
        for threshold in self.levels:
            if signed < threshold.up:
                break
            rank = threshold.rank
        return rank

    def _elapsed_rank(self, alarm: AlarmState, at: float, signed: float, event_id: str) -> int:
        rank = NORMAL
        for threshold in self.levels:
            if signed < threshold.up or threshold.rank <= alarm.level:  # below, or reached already
                alarm.pending.pop(threshold.rank, None)
                continue
            entry = alarm.pending.get(threshold.rank)
            if entry is None:
                entry = alarm.pending[threshold.rank] = PendingRaise(at, 0, event_id)
            entry.count += 1
            if entry.count >= self.count and at >= entry.since + self.for_s:
                rank = threshold.rank
        return rank

    def _retained_rank(self, level: int, signed: float) -> int:
        rank = NORMAL
        for threshold in self.levels:
            if threshold.rank <= level and signed >= threshold.down:
                rank = threshold.rank
        return rank

    def _lasting_rank(self, alarm: AlarmState, at: float, signed: float) -> int:
        """Return the level of which the readings have not been past the limit for long enough."""
        rank = NORMAL
        for threshold in self.levels:
            if threshold.rank > alarm.level:
                break
            if signed >= threshold.down:
                alarm.falling.pop(threshold.rank, None)
            elif at >= alarm.falling.setdefault(threshold.rank, at) + self.clear_for_s:
                continue
            rank = threshold.rank
        return rank
