"""The operator's call plans: the plan in force, its effect, and the reading of changed files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from services.notify.core.escalation.call_rules import CallRules
from services.notify.core.escalation.profiles import PROFILES
from services.notify.core.escalation.states import EscalationState
from services.notify.loops.call_settings import CallSettingsFolder
from shared.contracts.calls import CallPlan
from shared.contracts.fields import Level, Post, ResponseMode
from shared.contracts.pages import Channel
from shared.definitions.call_plans.pack import PLANS_FILE
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.effects import EFFECTS
from shared.domain.roster.post_holders import Roster
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError
from tests.unit.notify.builders import (
    CITY,
    T0,
    TOWN,
    a_call_plan,
    a_mode,
    a_slot,
    an_alert,
    an_assignment,
    full_roster,
)
from tests.unit.notify.core_harness import a_core, a_working_set

SHIPPED = Path(__file__).parents[3] / "deploy" / "calls"
WAYS = (Channel.CONSOLE, Channel.EMAIL, Channel.SMS)


def a_plan(name: str = "orange", **change: object) -> CallPlan:
    steps = [{"after_s": 8, "channels": ["sms"]}, {"after_s": 12, "channels": ["email"]}]
    waits = {"first_s": 100, "post_s": 50, "tier_s": 70, "promise_s": 300, "rounds": 1}
    return a_call_plan(name, **{**waits, "steps": steps, **change})


def test_the_plan_that_names_the_mode_holds_as_it_is_written() -> None:
    urgent = a_plan("urgent", modes=[ResponseMode.EMERGENCY], first_s=30)
    rules = CallRules(PROFILES["standard"], [a_plan(), urgent])
    assert rules.rule(Level.ORANGE, ResponseMode.EMERGENCY).timing.first_s == 30
    assert rules.rule(Level.ORANGE, ResponseMode.EMERGENCY).after_s[Channel.SMS] == 8
    share = EFFECTS[ResponseMode.STANDBY].wait
    standby = rules.rule(Level.ORANGE, ResponseMode.STANDBY)
    assert (standby.timing.first_s, standby.after_s[Channel.SMS]) == (100 * share, 8 * share)
    red = rules.rule(Level.RED, ResponseMode.NORMAL)
    assert red.timing == PROFILES["standard"][Level.RED], "what no plan names is built in"


def test_a_plan_that_is_off_changes_nothing() -> None:
    off = CallRules(PROFILES["standard"], [a_plan(enabled=False)])
    usual = CallRules(PROFILES["standard"])
    assert off.rule(Level.ORANGE, ResponseMode.NORMAL) == usual.rule(
        Level.ORANGE, ResponseMode.NORMAL
    )


@pytest.mark.parametrize("mode", [ResponseMode.NORMAL, ResponseMode.EMERGENCY])
def test_the_plan_sets_the_waits_and_the_order_of_channels(mode: ResponseMode) -> None:
    working_set, modes = a_working_set(), Modes()
    if mode is not ResponseMode.NORMAL:
        modes.put(a_mode(mode=mode))
    core = a_core(full_roster(channels=WAYS), working_set, "standard", modes, [a_plan()])
    core.on_assignment(an_assignment(TOWN))
    (escalation,) = working_set.escalations.values()
    share = EFFECTS[mode].wait
    assert escalation.due_at == T0 + timedelta(seconds=100 * share)
    sent = {
        page_row.page.channel: page_row.send_at
        for page_row in working_set.new_pages.values()
        if page_row.page.post is Post.B and page_row.page.channel in WAYS
    }
    assert sent == {
        Channel.CONSOLE: T0,
        Channel.SMS: T0 + timedelta(seconds=8 * share),
        Channel.EMAIL: T0 + timedelta(seconds=12 * share),
    }


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_the_plan_sets_the_number_of_calls_to_the_last_post(rounds: int) -> None:
    working_set = a_working_set()
    roster = Roster([a_slot(CITY, Post.B, "o-1")])
    core = a_core(roster, working_set, "standard", None, [a_plan(rounds=rounds)])
    core.on_alert(an_alert(place=CITY, approver=CITY, proposed=Level.ORANGE))
    (escalation,) = working_set.escalations.values()
    while escalation.state is EscalationState.OPEN:
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    calls = [event for event in working_set.events if event.version == 1]
    assert len(calls) == rounds + 1, "and once more as the last resort"


def plans_of(folder: Path) -> tuple[CallSettingsFolder, list[tuple[CallPlan, ...]]]:
    """The folder, and the call plans of each time that its files were put in force."""
    plans: list[tuple[CallPlan, ...]] = []
    settings = CallSettingsFolder(
        folder, lambda call_plans, _: plans.append(call_plans), SystemClock()
    )
    return settings, plans


def test_a_changed_file_holds_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "calls")
    calls, plans = plans_of(folder)
    calls.read()
    assert calls.reread() is False
    file = folder / PLANS_FILE
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("first_s: 60", "first_s: 600"), encoding="utf-8")
    assert calls.reread() is True
    assert plans[-1][0].first_s == 600
    file.write_text(good.replace("first_s: 60", "first_s: never"), encoding="utf-8")
    assert calls.reread() is False
    assert len(plans) == 2
    assert calls.reread() is False, "reported once, not every five seconds"
    file.write_text(good + "\n", encoding="utf-8")
    assert calls.reread() is True


def test_a_wrong_file_at_the_start_names_every_error(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "calls")
    file = folder / PLANS_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("first_s: 60", "first_s: never").replace("tier_s: 180", "tier_s: 0"),
        encoding="utf-8",
    )
    calls, plans = plans_of(folder)
    with pytest.raises(SetupError) as refused:
        calls.read()
    assert len(str(refused.value).splitlines()) == 3
    assert "FENGHUO_CALLS_FOLDER" in str(refused.value)
    assert plans == []


def test_new_rules_hold_for_the_next_call() -> None:
    rules = CallRules(PROFILES["standard"])
    before = rules.rule(Level.ORANGE, ResponseMode.NORMAL)
    rules.replace([a_plan()])
    assert rules.rule(Level.ORANGE, ResponseMode.NORMAL) != before
    rules.replace([])
    assert rules.rule(Level.ORANGE, ResponseMode.NORMAL) == before
