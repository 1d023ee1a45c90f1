"""The rule of a call by level, or for faults of the system, and by response mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.notify.core.escalation import channel_waits
from services.notify.core.escalation.profiles import TOP_ROUNDS, Profile, Timing
from shared.contracts.calls import CallPlan
from shared.contracts.fields import ResponseMode
from shared.contracts.pages import Channel, Quorum
from shared.domain.call_plans import CallCategory, CallPlans
from shared.domain.response_modes.effects import EFFECTS


@dataclass(frozen=True, slots=True)
class CallRule:
    """The times of a call.

    `rounds` is the number of calls to the last post; `quorum` says how many officers have to come.
    `after_s` has the seconds until each channel
    is used; a channel that is not in it is used at once.
    """

    timing: Timing
    rounds: int
    after_s: Mapping[Channel, float]
    quorum: Quorum = "any"

    def shortened(self, share: float) -> CallRule:
        """Return the rule with `share` of every wait."""
        after_s = {channel: wait * share for channel, wait in self.after_s.items()}
        return CallRule(self.timing.shortened(share), self.rounds, after_s, self.quorum)


class CallRules:
    """The call plans in force, and the profile for all levels and modes that no plan names."""

    def __init__(self, profile: Profile, plans: Iterable[CallPlan] = ()) -> None:
        self._profile = profile
        self._plans = CallPlans(plans)

    def replace(self, plans: Iterable[CallPlan]) -> None:
        """Put these plans in force, and no others. Calls already made keep their waits."""
        self._plans = CallPlans(plans)

    def rule(self, category: CallCategory, mode: ResponseMode) -> CallRule:
        """Return the rule of a call: of a level, or about a fault of the system itself.

        A plan that names the mode holds as written; any other rule is shortened by the mode.
        """
        plan = self._plans.plan(category, mode)
        rule = (
            CallRule(self._profile[category], TOP_ROUNDS, channel_waits.built_in(category))
            if plan is None
            else _rule_of(plan)
        )
        is_of_mode = plan is not None and bool(plan.modes)
        return rule if is_of_mode else rule.shortened(EFFECTS[mode].wait)


def _rule_of(plan: CallPlan) -> CallRule:
    timing = Timing(plan.first_s, plan.repeat_s, plan.post_s, plan.tier_s, plan.promise_s)
    after_s = {channel: step.after_s for step in plan.steps for channel in step.channels}
    return CallRule(timing, plan.rounds, after_s, plan.quorum)
