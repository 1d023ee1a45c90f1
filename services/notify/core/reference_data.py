"""The data that all transactions read: tables of Kafka topics, and the operator's settings."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from services.notify.core.channel_health import ChannelHealth
from services.notify.core.contact_tests.plans import ContactTestPlans
from services.notify.core.digests.budgets import BUDGETS
from services.notify.core.escalation.call_rules import CallRules
from services.notify.core.escalation.profiles import PROFILES, ProfileName
from shared.contracts.calls import CallPlan, ContactTestPlan
from shared.contracts.pages import Channel
from shared.domain.page_texts.names import BEIJING, Names
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.post_holders import Roster
from shared.domain.selection.tree import UnitTree


class ReferenceData:
    """Units, roster, response modes, channel health, call rules, test plans and budgets.

    `profile` sets the built-in waits and budgets, `channels` are the channels in use, and `zone` is
    the time zone of the texts. The tables are filled by the functions in `handlers/`.
    """

    def __init__(
        self, profile: ProfileName, channels: frozenset[Channel], zone: ZoneInfo = BEIJING
    ) -> None:
        self.channels = channels
        self.units = UnitTree()
        self.roster = Roster()
        self.names = Names(self.units, self.roster, zone)
        self.modes = Modes()
        self.channel_health = ChannelHealth()
        self.call_rules = CallRules(PROFILES[profile])
        self.test_plans = ContactTestPlans()
        self.budgets = BUDGETS[profile]

    def replace_plans(
        self, call_plans: Iterable[CallPlan], test_plans: Iterable[ContactTestPlan]
    ) -> None:
        """Put the operator's plans in force, and no others."""
        self.call_rules.replace(call_plans)
        self.test_plans.replace(test_plans)
