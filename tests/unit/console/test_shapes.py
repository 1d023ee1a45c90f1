"""Acts, lines of the feed, counters, tiles, and computed styles."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.console.core.access import Viewer
from services.console.core.names import UnitNames
from services.console.features.alerts import actions as alert_actions
from services.console.features.alerts.actions import DecisionIntent
from services.console.features.commands import actions as command_actions
from services.console.features.overview import views as overview_views
from services.console.features.pages import actions as page_actions
from services.console.projector.handlers import alerts, assignments, pages
from services.console.projector.projections.feed_events import assignment_feed_events
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.commands import CommandRequest, CommandState
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.readings import SensorHealth
from shared.contracts.selections import Selection, Subtree
from tests.support.console_events import (
    CITY,
    DISTRICT,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import with_catalogue
from tests.support.console_projector import feed_event_of

STATIC = Path(__file__).parents[3] / "services" / "console" / "static"
ME = Viewer("o-city-b", "赵安", CITY, Post.B)
LATER = NOW + timedelta(seconds=3)


def test_the_same_decision_is_the_same_act() -> None:
    alert = alerts.TABLE.row(an_alert("a"))
    first = alert_actions.decision(
        ME, alert, DecisionIntent(DecisionVerb.APPROVE, Level.ORANGE, ""), 1, NOW
    )
    second = alert_actions.decision(
        ME, alert, DecisionIntent(DecisionVerb.APPROVE, Level.ORANGE, ""), 1, LATER
    )
    act = alert_actions.decision(
        ME, alert, DecisionIntent(DecisionVerb.APPROVE, Level.RED, ""), 1, NOW
    )
    assert first.message.id == second.message.id
    assert first.digest() == second.digest()
    assert act.message.id != first.message.id
    merge, elsewhere = (
        alert_actions.decision(
            ME, alert, DecisionIntent(DecisionVerb.MERGE, None, "", {"into": into}), 1, NOW
        )
        for into in ("alt-b", "alt-c")
    )
    assert merge.message.id != elsewhere.message.id


def test_another_text_is_another_meaning_under_the_same_id() -> None:
    row = assignments.TABLE.row(an_assignment(a_command("c"), VILLAGE))
    first = command_actions.acknowledgement(
        ME, row, command_actions.StepIntent(Step.REPORT, 1, "已转移 35 人"), NOW
    )
    second = command_actions.acknowledgement(
        ME, row, command_actions.StepIntent(Step.REPORT, 1, "已转移 53 人"), NOW
    )
    assert first.message.id == second.message.id
    assert first.digest() != second.digest()


def test_a_step_that_can_recur_is_another_act_when_the_assignment_has_changed() -> None:
    command, asking = (
        a_command("c"),
        command_actions.StepIntent(Step.ASK_EXTEND, 1, "路断", until=LATER),
    )
    before = assignments.TABLE.row(
        an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    )
    after = assignments.TABLE.row(
        an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=3)
    )
    first = command_actions.acknowledgement(ME, before, asking, NOW)
    assert command_actions.acknowledgement(ME, before, asking, LATER).message.id == first.message.id
    assert command_actions.acknowledgement(ME, after, asking, NOW).message.id != first.message.id
    signing = command_actions.StepIntent(Step.SIGN, 1, "")
    signed = [
        command_actions.acknowledgement(ME, row, signing, NOW).message.id for row in (before, after)
    ]
    assert signed[0] == signed[1]


def test_an_act_carries_the_status_of_its_cause() -> None:
    row = pages.TABLE.row(a_page("o-city-b", CITY, status=Status.EXERCISE))
    act = page_actions.answer(ME, row, AnswerVerb.COMING, "", NOW)
    assert act.message.status is Status.EXERCISE
    assert act.message.origin_unit == CITY


def test_a_promise_in_minutes_is_one_answer_however_often_it_is_sent() -> None:
    row = pages.TABLE.row(a_page("o-city-b", CITY))
    half_hour = page_actions.AnswerTerms(in_minutes=30)
    first = page_actions.answer(ME, row, AnswerVerb.COMING, "", NOW, half_hour)
    repeated = page_actions.answer(ME, row, AnswerVerb.COMING, "", LATER, half_hour)
    assert isinstance(first.message, Answer)
    assert first.message.arrive_by == NOW + timedelta(minutes=30)
    assert (first.message.id, first.digest()) == (repeated.message.id, repeated.digest())
    longer = page_actions.answer(
        ME, row, AnswerVerb.COMING, "", NOW, page_actions.AnswerTerms(in_minutes=60)
    )
    assert longer.message.id != first.message.id


def test_a_free_command_is_one_per_key_and_per_day() -> None:
    selection = Selection(include=(Subtree(of=ZHUTUO, tiers=(Tier.TOWN, Tier.VILLAGE)),))
    draft = command_actions.CommandDraft(
        selection, None, ZHUTUO, None, "11A01", Level.BLUE, "巡查", "", None, None, Status.ACTUAL
    )
    key = command_actions.issue(ME, draft, "k-1", NOW)
    assert command_actions.issue(ME, draft, "k-1", LATER + timedelta(days=2)).key == key.key
    assert command_actions.issue(ME, draft, "k-2", NOW).key != key.key
    today = command_actions.issue(ME, draft, None, NOW)
    assert command_actions.issue(ME, draft, None, LATER).key == today.key
    assert command_actions.issue(ME, draft, None, NOW + timedelta(days=1)).key != today.key
    other_draft = replace(
        draft, selection=Selection(include=selection.include, exclude=selection.include)
    )
    assert command_actions.issue(ME, other_draft, None, NOW).key != today.key
    # The recipients of the preview are no part of the command.
    assert (
        command_actions.issue(ME, replace(draft, seen_digest="0" * 64), None, NOW).key == today.key
    )
    request = key.message
    assert isinstance(request, CommandRequest)
    assert request.selection == selection


def test_nine_thousand_assignments_make_a_line_per_town() -> None:
    command = a_command("c", DISTRICT)
    events = [an_assignment(command, f"{VILLAGE}/grid/001/{n:02}") for n in range(1, 90)] + [
        an_assignment(command, SONGJI)
    ]
    result = assignment_feed_events(events)
    assert sorted((row["unit_code"], row["payload"]["count"]) for row in result) == [
        (SONGJI, 1),
        (ZHUTUO, 89),
    ]


def test_lines_never_sum_over_statuses() -> None:
    real, drill = a_command("c"), a_command("c", status=Status.EXERCISE)
    result = assignment_feed_events([an_assignment(real, ZHUTUO), an_assignment(drill, ZHUTUO)])
    assert sorted(row["status"] for row in result) == ["Actual", "Exercise"]


def test_receipts_of_devices_make_no_line() -> None:
    page = pages.TABLE.row(a_page("o-city-b", CITY))
    for verb in AnswerVerb:
        act = page_actions.answer(ME, page, verb, "", NOW)
        assert isinstance(act.message, Answer)
        has_event = feed_event_of(act.message) is not None
        assert has_event == (verb not in (AnswerVerb.DELIVERED, AnswerVerb.READ))


@pytest.mark.parametrize(
    ("changes", "has_event"),
    [
        ({}, True),
        ({"sensor_id": None, "kind": "composite"}, True),
        ({"condition": True}, False),
        ({"retrospective": True}, False),
        ({"level": Level.NOTICE}, False),
    ],
)
def test_which_alarms_people_are_reported_of(changes: dict[str, Any], has_event: bool) -> None:
    event = an_alarm("x").model_copy(update=changes)
    line = feed_event_of(event)
    assert (line is not None) is has_event
    if line is not None:
        assert line["payload"].get("sensor_id") == event.sensor_id


def test_counts_keep_issued_and_proposed_apart() -> None:
    result = overview_views.alert_counts(
        [
            {"state": "issued", "level": "orange", "proposed_level": None, "n": 700},
            {"state": "issued", "level": "orange", "proposed_level": "red", "n": 1},
            {"state": "verifying", "level": None, "proposed_level": "red", "n": 501},
        ]
    )
    assert result["issued"]["orange"] == 701
    assert result["proposed"]["red"] == 501
    assert result["issued"]["red"] == 0
    assert result["states"] == {"issued": 701, "verifying": 501}


def test_a_tile_shows_the_worst_of_its_unit() -> None:
    counted = [
        {"part": ZHUTUO[:9], "level": "yellow", "proposed_level": None, "n": 1},
        {"part": ZHUTUO[:9], "level": None, "proposed_level": "red", "n": 600},
        {"part": SONGJI[:9], "level": None, "proposed_level": "blue", "n": 1},
        {"part": DISTRICT[:9], "level": "red", "proposed_level": None, "n": 1},
    ]
    names = with_catalogue(UnitNames())
    below = overview_views.units_below(DISTRICT, names)
    assert overview_views.length_of_parts(below) == 9
    tiles = {tile["unit"]: tile for tile in overview_views.tiles(counted, below, names)}
    assert len(tiles) == 23
    worst = tiles[ZHUTUO]
    assert (worst["level"], worst["proposed"], worst["alerts"]) == ("yellow", "red", 601)
    assert tiles[SONGJI]["proposed"] == "blue"
    assert {tile["level"] for tile in tiles.values()} == {None, "yellow"}


def test_districts_and_towns_directly_below_a_city_have_tiles_side_by_side() -> None:
    below = ["441900003000", "441901000000"]
    counted = [
        {"part": "441900003", "level": "blue", "proposed_level": None, "n": 1},
        {"part": "441901001", "level": "red", "proposed_level": None, "n": 2},
        {"part": "441901002", "level": None, "proposed_level": None, "n": 3},
        {"part": "441902001", "level": "red", "proposed_level": None, "n": 4},
    ]
    assert overview_views.length_of_parts(below) == 9
    tiles = overview_views.tiles(counted, below, UnitNames())
    assert [(tile["unit"], tile["level"], tile["alerts"]) for tile in tiles] == [
        ("441900003000", "blue", 1),
        ("441901000000", "red", 5),
    ]


def test_recipients_are_counted_from_the_catalogue() -> None:
    names = with_catalogue(UnitNames())
    assert len(names.within(ZHUTUO, [Tier.TOWN, Tier.VILLAGE])) == 21
    assert names.unit("500118118000") == "朱沱镇"
    assert names.unit("999999999999") == "999999999999"


def test_no_line_for_an_ordinary_message_type_is_forgotten() -> None:
    health = SensorHealth.model_validate_json(
        '{"type":"sensor_health","id":"h","occurred_at":"2026-11-24T00:00:00Z",'
        '"sent_at":"2026-11-24T00:00:00Z","origin_unit":"500118118000","tier":"town",'
        '"sensor_id":"g","state":"silent","version":1}'
    )
    assert feed_event_of(health) is not None
    assert feed_event_of(an_assignment(a_command("c"), ZHUTUO, AssignmentState.SIGNED)) is None


def test_both_catalogues_have_the_same_words() -> None:
    chinese = json.loads((STATIC / "i18n" / "zh-CN.json").read_text(encoding="utf-8"))
    english = json.loads((STATIC / "i18n" / "en.json").read_text(encoding="utf-8"))
    assert chinese.keys() == english.keys()
    hole = re.compile(r"\{\w+\}")
    for key, words in chinese.items():
        assert sorted(hole.findall(words)) == sorted(hole.findall(english[key])), key


def test_every_word_the_scripts_ask_for_exists() -> None:
    catalogue = json.loads((STATIC / "i18n" / "zh-CN.json").read_text(encoding="utf-8"))
    for script in (STATIC / "js").rglob("*.js"):
        for key in re.findall(r"""\bt\(\s*"([a-z_.]+)\"""", script.read_text(encoding="utf-8")):
            assert key in catalogue, f"{script.name}: {key}"


def test_every_state_and_step_of_an_assignment_has_a_word() -> None:
    catalogue = json.loads((STATIC / "i18n" / "zh-CN.json").read_text(encoding="utf-8"))
    words = [f"assignment.{state}" for state in AssignmentState]
    words += [f"step.{step}" for step in Step]
    words += [f"command.{state}" for state in CommandState]
    words += [f"command.do.{verb}" for verb in ("check", "close", "revoke", "reopen")]
    assert [word for word in words if word not in catalogue] == []


def test_no_script_parses_markup_and_no_page_runs_inline() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )
    for script in (STATIC / "js").rglob("*.js"):
        assert not banned.search(script.read_text(encoding="utf-8")), script.name
    inline = re.compile(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|https?://", re.IGNORECASE)
    for page in (STATIC.parent / "templates").glob("*.html"):
        assert not inline.search(page.read_text(encoding="utf-8")), page.name


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((f"{level}-ink", level) for level in ("red", "orange", "yellow", "blue", "notice")),
        *((f"{level}-glow", "raised") for level in ("red", "orange", "yellow", "blue", "notice")),
        *(
            (ink, ground)
            for ink in ("text", "soft", "faint", "bad", "warn", "good", "accent")
            for ground in ("ground", "panel", "raised", "sunken")
        ),
        ("accent-ink", "accent"),
        ("stripe-a", "stripe-b"),
    ],
)
def test_text_has_enough_contrast(ink: str, ground: str) -> None:
    css = (STATIC / "css" / "base.css").read_text(encoding="utf-8")
    palette = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    light, dark = sorted((luminance(palette[ink]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2) of `#rrggbb`."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
