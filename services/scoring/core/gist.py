"""What the quick way asks of a plan, in one place: typed where it is compiled (gist.pxd)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.scoring.core.rules import Plan


class Gist:
    """A plan's numbers, whether it has rules of a kind, its facts as they stand in a reading.

    Times in seconds, `tolerance` in the unit of the readings; `datum` is empty without one. What each of
    them means is said at `Plan`.
    """

    __slots__ = (
        "baselines", "calm", "datum", "metric", "plan", "quiet_gap_s", "rates", "stuck", "stuck_after_s", "sums",
        "tolerance", "trim_s", "unit", "windows",
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        facts: tuple[str, str, str | None],
        times: tuple[float, float, float],
        tolerance: float,
        calm: tuple[float, ...],
        kinds: tuple[bool, bool, bool, bool, bool],
    ) -> None:
        self.plan = plan
        metric, unit, datum = facts
        self.metric = metric.encode()
        self.unit = unit.encode()
        self.datum = (datum or "").encode()
        self.quiet_gap_s, self.trim_s, self.stuck_after_s = times
        self.tolerance = tolerance
        self.calm = calm
        self.windows, self.rates, self.stuck, self.sums, self.baselines = kinds
