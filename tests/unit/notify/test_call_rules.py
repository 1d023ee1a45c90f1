"""The operator's call plans in force: which one holds, what it changes, how it is read again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from services.notify.calls_folder import CallsFolder
from services.notify.core.call_rules import CallRules
from services.notify.core.ladders import LadderState
from services.notify.core.profiles import PROFILES
from services.notify.core.roster import Roster
from shared.contracts.calls import CallPlan
from shared.contracts.fields import Level, Post, ResponseMode
from shared.contracts.pages import Channel
from shared.definitions.call_plans.pack import PLANS_FILE, CallPack
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.effects import EFFECTS
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError
from tests.unit.notify.builders import (
    CITY,
    T0,
    TOWN,
    a_book,
    a_desk,
    a_mode,
    a_slot,
    an_alert,
    an_assignment,
    full_roster,
)

SHIPPED = Path(__file__).parents[3] / "deploy" / "calls"
WAYS = (Channel.CONSOLE, Channel.EMAIL, Channel.SMS)


def a_plan(name: str = "orange", **change: object) -> CallPlan:
    fields: dict[str, object] = {
        "id": f"cpl-{name}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": "city",
        "call_id": name,
        "version": 1,
        "levels": [Level.ORANGE],
        "first_s": 100,
        "repeat_s": None,
        "post_s": 50,
        "tier_s": 70,
        "promise_s": 300,
        "rounds": 1,
        "steps": [{"after_s": 8, "channels": ["sms"]}, {"after_s": 12, "channels": ["email"]}],
        "source": "test",
    }
    return CallPlan.model_validate({**fields, **change}, strict=False)


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
def test_waits_and_the_order_of_channels_are_the_plan_s(mode: ResponseMode) -> None:
    book, modes = a_book(), Modes()
    if mode is not ResponseMode.NORMAL:
        modes.put(a_mode(mode=mode))
    desk = a_desk(full_roster(channels=WAYS), book, "standard", modes, [a_plan()])
    desk.on_assignment(an_assignment(TOWN))
    (ladder,) = book.ladders.values()
    share = EFFECTS[mode].wait
    assert ladder.due_at == T0 + timedelta(seconds=100 * share)
    sent = {
        line.page.channel: line.send_at
        for line in book.new_pages.values()
        if line.page.post is Post.B and line.page.channel in WAYS
    }
    assert sent == {
        Channel.CONSOLE: T0,
        Channel.SMS: T0 + timedelta(seconds=8 * share),
        Channel.EMAIL: T0 + timedelta(seconds=12 * share),
    }


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_the_last_post_is_called_so_often(rounds: int) -> None:
    book = a_book()
    roster = Roster([a_slot(CITY, Post.B, "o-1")])
    desk = a_desk(roster, book, "standard", None, [a_plan(rounds=rounds)])
    desk.on_alert(an_alert(place=CITY, approver=CITY, proposed=Level.ORANGE))
    (ladder,) = book.ladders.values()
    while ladder.state is LadderState.OPEN:
        desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    calls = [event for event in book.events if event.version == 1]
    assert len(calls) == rounds + 1, "and once more as the last resort"


def held(folder: Path) -> tuple[CallsFolder, list[CallPack]]:
    packs: list[CallPack] = []
    return CallsFolder(folder, packs.append, SystemClock()), packs


def test_a_changed_file_holds_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "calls")
    calls, packs = held(folder)
    calls.read()
    assert calls.look_again() is False
    file = folder / PLANS_FILE
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("first_s: 60", "first_s: 600"), encoding="utf-8")
    assert calls.look_again() is True
    assert packs[-1].calls[0].first_s == 600
    file.write_text(good.replace("first_s: 60", "first_s: never"), encoding="utf-8")
    assert calls.look_again() is False
    assert len(packs) == 2
    assert calls.look_again() is False, "told once, not every five seconds"
    file.write_text(good + "\n", encoding="utf-8")
    assert calls.look_again() is True


def test_what_is_wrong_at_the_start_names_every_error(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "calls")
    file = folder / PLANS_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("first_s: 60", "first_s: never").replace("tier_s: 120", "tier_s: 0"),
        encoding="utf-8",
    )
    calls, packs = held(folder)
    with pytest.raises(SetupError) as refused:
        calls.read()
    assert len(str(refused.value).splitlines()) == 3
    assert "FENGHUO_CALLS_FOLDER" in str(refused.value)
    assert packs == []


def test_the_desk_goes_by_rules_that_are_exchanged_while_it_works() -> None:
    rules = CallRules(PROFILES["standard"])
    before = rules.rule(Level.ORANGE, ResponseMode.NORMAL)
    rules.replace([a_plan()])
    assert rules.rule(Level.ORANGE, ResponseMode.NORMAL) != before
    rules.replace([])
    assert rules.rule(Level.ORANGE, ResponseMode.NORMAL) == before
