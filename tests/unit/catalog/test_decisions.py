"""Decisions on requests: a trial names every refusal, tells each change, and changes nothing."""

from __future__ import annotations

from services.catalog.core.decisions import decide
from shared.contracts.catalog_requests import CatalogAct
from shared.contracts.dead_letter import Reason
from tests.unit.catalog.builders import (
    DISTRICT,
    OTHER_DISTRICT,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_ledger,
    a_request,
    a_sensor,
    a_unit,
    merge,
    move,
    put,
    retire,
)

KEY = "sensor:gauge-1"


def test_a_trial_says_what_would_change_and_leaves_the_ledger_as_it_was() -> None:
    ledger = a_ledger(a_sensor())
    before = ledger.newest(KEY)
    trial = a_request(put(a_sensor(name="新名")), trial=True)
    decision = decide(ledger, trial, T0)
    assert [(version.key, version.version) for version in decision.versions] == [(KEY, 2)]
    assert decision.refusals == ()
    assert ledger.newest(KEY) == before
    change = decide(ledger, trial.model_copy(update={"trial": False}), T0)
    assert change.versions == decision.versions
    assert ledger.newest(KEY) == change.versions[0]


def test_a_trial_names_every_refusal_and_a_change_the_first_one() -> None:
    act = put(
        a_sensor("gauge-1", place="500118999000"),
        a_sensor("gauge-2"),
        a_sensor("gauge-3", place=OTHER_DISTRICT),
    )
    ledger = a_ledger()
    trial = decide(ledger, a_request(act, trial=True), T0)
    assert [refusal.reason for refusal in trial.refusals] == [
        Reason.UNKNOWN_SUBJECT,
        Reason.NOT_ALLOWED,
    ]
    assert [version.key for version in trial.versions] == ["sensor:gauge-2"]
    change = decide(ledger, a_request(act), T0)
    assert (len(change.refusals), change.versions) == (1, ())
    assert ledger.newest("sensor:gauge-2") is None


def test_a_trial_of_entries_in_turn_sees_those_before() -> None:
    below = f"{TOWN[:9]}202"
    act = put(a_unit(below, "新村"), a_sensor("gauge-9", place=below))
    decision = decide(a_ledger(), a_request(act, trial=True), T0)
    assert (len(decision.versions), decision.refusals) == (2, ())


def test_every_act_can_be_tried() -> None:
    ledger = a_ledger(a_sensor(place=VILLAGE))
    acts: list[tuple[CatalogAct, int, int]] = [
        (move(OTHER_TOWN, KEY, "sensor:gauge-7"), 1, 1),
        (retire(f"unit:{VILLAGE}"), 0, 1),
        (retire(KEY, f"unit:{VILLAGE}"), 2, 0),
        (merge(TOWN, OTHER_TOWN), 4, 0),
        (merge(TOWN, DISTRICT), 0, 1),
    ]
    for act, versions, refusals in acts:
        decision = decide(ledger, a_request(act, trial=True), T0)
        assert (len(decision.versions), len(decision.refusals)) == (versions, refusals), act
    assert ledger.has_unit(TOWN)
