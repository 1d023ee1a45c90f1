"""How a call is made at a level in a response mode: what the operator has set, else what is built in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.notify.core import channel_plan
from services.notify.core.profiles import TOP_ROUNDS, Profile, Timing
from shared.contracts.calls import CallPlan
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.pages import Channel
from shared.domain.response_modes.effects import EFFECTS


@dataclass(frozen=True, slots=True)
class CallRule:
    """`rounds`: so often the last post is called. `after_s`: seconds until each channel is used; one
    that is not in it is used at once."""

    timing: Timing
    rounds: int
    after_s: Mapping[Channel, float]

    def shortened(self, share: float) -> CallRule:
        """The same with `share` of every wait."""
        after_s = {channel: wait * share for channel, wait in self.after_s.items()}
        return CallRule(self.timing.shortened(share), self.rounds, after_s)


class CallRules:
    """The plans in force, over the profile that holds where they say nothing."""

    def __init__(self, profile: Profile, plans: Iterable[CallPlan] = ()) -> None:
        self._profile = profile
        self._plans: dict[tuple[Level, ResponseMode | None], CallPlan] = {}
        self.replace(plans)

    def replace(self, plans: Iterable[CallPlan]) -> None:
        """Let these plans hold and no others. Calls that are out keep the waits they were made with."""
        self._plans = {
            (level, mode): plan
            for plan in plans
            if plan.enabled
            for level in plan.levels
            for mode in plan.modes or (None,)
        }

    def rule(self, level: Level, mode: ResponseMode) -> CallRule:
        """A plan that names the mode holds as written; of all else the mode takes its share."""
        named = self._plans.get((level, mode))
        if named is not None:
            return _written(named)
        plan = self._plans.get((level, None))
        usual = (
            CallRule(self._profile[level], TOP_ROUNDS, channel_plan.built_in(level))
            if plan is None
            else _written(plan)
        )
        return usual.shortened(EFFECTS[mode].wait)


def _written(plan: CallPlan) -> CallRule:
    timing = Timing(plan.first_s, plan.repeat_s, plan.post_s, plan.tier_s, plan.promise_s)
    after_s = {channel: step.after_s for step in plan.steps for channel in step.channels}
    return CallRule(timing, plan.rounds, after_s)
