"""The headline of an alert names its event; the measured value stands beside it."""

from __future__ import annotations

from shared.contracts.alarms import AlarmTransition, Evidence
from shared.contracts.fields import Level
from tests.unit.alerting.alert_history import AlertHistory
from tests.unit.alerting.builders import an_alarm

BLUE, YELLOW, ORANGE = Level.BLUE, Level.YELLOW, Level.ORANGE


def test_the_headline_names_the_event_and_not_the_last_reading() -> None:
    history = AlertHistory(an_alarm(level=YELLOW, headline="朱沱站洪水 ‖ Flood at Zhutuo"))
    higher = an_alarm("alm-2", 1, level=ORANGE, headline="北碚站洪水 ‖ Flood at Beibei")
    history.add_evidence(higher)
    assert history.events[-1].headline == "北碚站洪水 ‖ Flood at Beibei", "what brought it there"
    falling = an_alarm(
        "alm-2", 2, AlarmTransition.DOWNGRADED, BLUE, headline="另一条 ‖ Something else"
    )
    history.add_evidence(falling)
    history.add_evidence(an_alarm("alm-2", 3, AlarmTransition.CLEARED, BLUE, headline="另一条"))
    assert history.events[-1].proposed_level is YELLOW
    assert history.events[-1].headline == "北碚站洪水 ‖ Flood at Beibei"


def test_the_value_stands_beside_the_name() -> None:
    evidence = Evidence(metric="water_level", value=212.6, unit="m", limit=212.0, event_id="r-1")
    (opened,) = AlertHistory(an_alarm(evidence=evidence)).events
    assert opened.text == "水位 212.6 m，限值 212 m ‖ water level 212.6 m, limit 212 m"
    assert "212.6" not in opened.headline
    weight = Evidence(metric="sources", value=1.5, unit="1", limit=1.5, event_id="r-1")
    (opened,) = AlertHistory(an_alarm(kind="corroboration", sensor_id=None, evidence=weight)).events
    assert opened.text == "", "what sources weigh says nothing to people"


def test_the_alarm_that_asks_for_the_level_gives_the_situation() -> None:
    rising = "朱沱站洪水：超保证水位 2.68 m，仍在上涨 ‖ Flood at Zhutuo: 2.68 m above the guarantee level"
    history = AlertHistory(an_alarm(level=ORANGE, situation=rising))
    assert history.events[-1].situation == rising
    assert history.events[-1].began_at == an_alarm().occurred_at
    history.add_evidence(an_alarm("alm-2", 1, level=BLUE, situation="另一条"))
    assert history.events[-1].situation is None, "a lesser alarm says nothing about the alert"
