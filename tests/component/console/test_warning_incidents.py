"""A warning of another agency becomes an incident in one act: who may, with what, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.alerts import AlertEvent
from shared.contracts.fields import DataGrade, Status
from shared.contracts.reports import Report, ReporterRole
from tests.component.console.test_agency_warnings import HOUR, a_warning, listed
from tests.component.console.test_alert_acts import read
from tests.component.console.test_grants import dsn_of
from tests.component.console.test_incidents import report, reports
from tests.component.console.test_warning_commands import WORDS
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness

INCIDENT: dict[str, Any] = {
    "draft_id": "dft-1",
    "event_type": "11B03",
    "place": ZHUTUO,
    "headline": "转外部预警：暴雨橙色预警",
    "text": "永川区气象台发布。",
    "warning_id": "wrn-1",
}
OVER = (409, "warning_over")
STATUSES = (Status.ACTUAL, Status.EXERCISE, Status.TEST)
HOME = {"o-songji-b": SONGJI, "o-town-b": ZHUTUO, "o-village-b": VILLAGE}


async def proposed(
    console: ConsoleHarness, officer: str, status: Status = Status.ACTUAL
) -> dict[str, Any] | None:
    """Return what an incident because of the first warning begins with; None where none is."""
    async with console.client(officer) as client:
        answer = await client.get("/api/warnings/wrn-1/incident", params={"status": status.value})
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


async def outcome(
    console: ConsoleHarness, officer: str, key: str | None = None, **changes: Any
) -> tuple[int, str | None]:
    """Return the status and the reason of the answer to an incident because of the warning."""
    answer = await report(console, officer, INCIDENT | changes, key)
    return answer.status_code, answer.json().get("reason")


@pytest.mark.parametrize(
    ("officer", "areas", "place", "name"),
    [
        ("o-district-b", (ZHUTUO,), ZHUTUO, "朱沱镇"),
        ("o-district-b", (ZHUTUO, SONGJI), DISTRICT, "永川区"),
        ("o-city-b", (ZHUTUO, SONGJI), DISTRICT, "永川区"),
        ("o-city-b", (VILLAGE, ZHUTUO), ZHUTUO, "朱沱镇"),
        ("o-town-b", (DISTRICT,), ZHUTUO, "朱沱镇"),
        ("o-town-b", (CITY, VILLAGE), ZHUTUO, "朱沱镇"),
        ("o-village-b", (ZHUTUO,), VILLAGE, None),
        ("o-city-b", (DISTRICT, "500118999000"), DISTRICT, "永川区"),
        ("o-city-b", ("500118999000",), CITY, None),
    ],
)
async def test_an_incident_begins_with_the_words_and_the_place_of_the_warning(
    console: ConsoleHarness, officer: str, areas: tuple[str, ...], place: str, name: str | None
) -> None:
    hostile = "<b>暴雨</b>橙色预警"
    await console.project([a_warning(1, areas=areas, headline=hostile, **WORDS)])
    (entry,) = await listed(console, officer)
    assert entry["may_report"]
    result = await proposed(console, officer)
    assert result is not None
    assert {field: result[field] for field in WORDS} == WORDS
    assert (result["headline"], result["source_id"]) == (hostile, "cma")
    assert (result["event_type"], result["level"]) == ("11B03", "orange")
    assert (result["starts_at"], result["ends_at"]) == (entry["starts_at"], entry["ends_at"])
    assert result["place"] == place
    assert result["place_name"] == (name or console.deps.names.unit(place))
    assert await outcome(console, officer, place=place) == (202, None), "it can be sent as it is"


async def test_the_report_refers_to_the_warning_and_has_its_grade(console: ConsoleHarness) -> None:
    await console.project([a_warning(1, data_grade=DataGrade.IMPORTANT)])
    assert await outcome(console, "o-district-b") == (202, None)
    (sent,) = reports(console)
    assert (sent.references, sent.warning_id) == (("wrn-1",), "wrn-1")
    assert sent.data_grade is DataGrade.IMPORTANT
    assert (sent.status, sent.reporter_id, sent.reporter_role) == (
        Status.ACTUAL,
        "o-district-b",
        ReporterRole.OFFICER,
    )
    await console.project([sent])
    async with console.deps.database.transaction() as work:
        stored = await work.connection.fetch("SELECT id, warning_id FROM console.report")
    assert [tuple(row) for row in stored] == [(sent.id, "wrn-1")]


@pytest.mark.parametrize(
    ("officer", "changes"),
    [
        ("o-songji-b", {}),
        ("o-town-b", {"areas": (SONGJI,)}),
        ("o-town-b", {"areas": (DISTRICT,), "data_grade": DataGrade.IMPORTANT}),
        ("o-district-b", {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}),
        ("o-district-b", {"expires_at": None, "occurred_at": datetime.now(UTC) - 25 * HOUR}),
        ("o-district-b", {"msg_type": "Ack"}),
        ("o-district-b", {"status": Status.EXERCISE}),
        ("o-district-b", {"status": Status.TEST}),
    ],
)
async def test_another_warning_is_behind_no_incident(
    console: ConsoleHarness, officer: str, changes: dict[str, Any]
) -> None:
    await console.project([a_warning(1, **changes)])
    for status in STATUSES:
        assert await proposed(console, officer, status) is None, status
        entries = await listed(console, officer, status=status.value)
        assert not any(entry["may_report"] for entry in entries), status
    place = HOME.get(officer, ZHUTUO)
    assert await outcome(console, officer, place=place) == OVER
    assert await outcome(console, officer, place=place, warning_id="wrn-2") == OVER, "unknown"
    assert console.kafka.sent == []


@pytest.mark.parametrize("msg_type", ["Cancel", "Error", "Update"])
async def test_a_warning_that_its_agency_ends_is_behind_no_incident(
    console: ConsoleHarness, msg_type: str
) -> None:
    await console.project([a_warning(1)])
    assert await proposed(console, "o-district-b") is not None
    await console.project([a_warning(2, msg_type, references=("wrn-1",))])
    assert await proposed(console, "o-district-b") is None
    assert await outcome(console, "o-district-b") == OVER
    assert await outcome(console, "o-district-b", warning_id=None) == (202, None)
    (sent,) = reports(console)
    assert (sent.references, sent.warning_id) == ((), None), "the words can still be sent"


async def test_a_warning_to_come_may_be_reported(console: ConsoleHarness) -> None:
    now = datetime.now(UTC)
    await console.project([a_warning(1, effective_at=now + HOUR, expires_at=now + 2 * HOUR)])
    result = await proposed(console, "o-district-b")
    assert result is not None
    assert datetime.fromisoformat(result["starts_at"]) == now + HOUR
    assert await outcome(console, "o-district-b") == (202, None)


async def test_a_warning_opens_no_other_place(console: ConsoleHarness) -> None:
    await console.project([a_warning(1, areas=(DISTRICT,))])
    assert (await outcome(console, "o-town-b", place=SONGJI))[0] == 403
    assert console.kafka.sent == []


async def test_who_commands_nothing_reports_no_warning(console: ConsoleHarness) -> None:
    await console.project([a_warning(1)])
    command = Grant(right=Right.COMMAND, unit=ZHUTUO)
    await change_grant(dsn_of(console), "o-town-b", command, give=False)
    console.deps.sessions.forget_officer("o-town-b")
    (entry,) = await listed(console, "o-town-b")
    assert not entry["masked"]
    assert not entry["may_report"]
    assert await proposed(console, "o-town-b") is None
    assert (await outcome(console, "o-town-b"))[0] == 403
    async with console.client(None) as client:
        assert (await client.get("/api/warnings/wrn-1/incident")).status_code == 401
    assert console.kafka.sent == []


async def test_one_key_is_one_incident_also_when_the_warning_has_ended_since(
    console: ConsoleHarness,
) -> None:
    await console.project([a_warning(1)])
    first = await report(console, "o-district-b", INCIDENT, "key-1")
    assert (first.status_code, first.json()["repeated"]) == (202, False), first.text
    await console.project([a_warning(2, "Cancel", references=("wrn-1",), expires_at=None)])
    repeated = await report(console, "o-district-b", INCIDENT, "key-1")
    assert (repeated.status_code, repeated.json()["repeated"]) == (202, True), repeated.text
    assert repeated.json()["incident_id"] == first.json()["incident_id"]
    assert len(reports(console)) == 1
    assert await outcome(console, "o-district-b", "key-2", draft_id="dft-2") == OVER


async def origin_of(
    console: ConsoleHarness, officer: str, alert: AlertEvent, **query: Any
) -> dict[str, Any] | None:
    """Return the warning that the card of an alert names, which is that of its details."""
    (entry,) = (await read(console, officer, "/api/alerts", **query))["alerts"]
    detail = await read(console, officer, f"/api/alerts/{alert.alert_id}", **query)
    assert detail["warning"] == entry["warning"]
    result: dict[str, Any] | None = entry["warning"]
    return result


async def sent_report(console: ConsoleHarness, **changes: Any) -> Report:
    """Return the newest report, of the district because of the warning, projected."""
    assert await outcome(console, "o-district-b", **changes) == (202, None)
    sent = reports(console)[-1]
    await console.project([sent])
    return sent


async def test_the_card_of_an_alert_names_the_warning_behind_it(console: ConsoleHarness) -> None:
    await console.project([a_warning(1, areas=(DISTRICT,), **WORDS)])
    plain = await sent_report(console, draft_id="dft-2", warning_id=None)
    sent = await sent_report(console)
    alert = an_alert("a", ZHUTUO, report_ids=(plain.id,))
    await console.project([alert])
    assert await origin_of(console, "o-district-b", alert) is None
    alert = an_alert("a", ZHUTUO, version=2, report_ids=(plain.id, sent.id))
    await console.project([alert])
    full = {
        "masked": False,
        "source_id": "cma",
        "sender_name": WORDS["sender_name"],
        "headline": "暴雨橙色预警 1",
    }
    for officer in ("o-district-b", "o-town-b"):
        assert await origin_of(console, officer, alert) == full
    await console.project([a_warning(2, "Cancel", references=("wrn-1",), expires_at=None)])
    assert await origin_of(console, "o-district-b", alert) == full, "the origin stays"
    async with console.deps.database.transaction() as work:
        await work.connection.execute("DELETE FROM console.agency_warning")
    hidden = {"masked": True, "source_id": "", "sender_name": None, "headline": ""}
    assert await origin_of(console, "o-district-b", alert) == hidden, "no longer kept"


async def test_graded_words_of_the_warning_are_for_those_responsible(
    console: ConsoleHarness,
) -> None:
    await console.project([a_warning(1, areas=(DISTRICT,), data_grade=DataGrade.IMPORTANT)])
    sent = await sent_report(console)
    alert = an_alert("a", ZHUTUO, report_ids=(sent.id,), data_grade=DataGrade.IMPORTANT)
    await console.project([alert])
    for officer, is_open in (("o-city-b", True), ("o-district-b", True), ("o-town-b", False)):
        origin = await origin_of(console, officer, alert)
        assert origin is not None
        assert (origin["masked"], bool(origin["headline"])) == (not is_open, is_open), officer


@pytest.mark.parametrize(
    ("changes", "grade", "is_named", "is_masked"),
    [
        ({}, DataGrade.GENERAL, True, False),
        ({}, DataGrade.IMPORTANT, True, True),
        ({"restricted": True}, DataGrade.GENERAL, False, True),
        ({"event_type": "14:mass_incident"}, DataGrade.IMPORTANT, False, True),
    ],
)
async def test_a_right_to_see_the_place_opens_no_restricted_report(
    console: ConsoleHarness,
    changes: dict[str, Any],
    grade: DataGrade,
    is_named: bool,
    is_masked: bool,
) -> None:
    await console.project([a_warning(1, areas=(DISTRICT,))])
    sent = await sent_report(console, **changes)
    alert = an_alert("a", ZHUTUO, report_ids=(sent.id,), data_grade=grade)
    await console.project([alert])
    see = Grant(right=Right.SEE, unit=ZHUTUO)
    await change_grant(dsn_of(console), "o-songji-b", see, give=True)
    own = await origin_of(console, "o-district-b", alert)
    assert own is not None
    assert own["headline"] == "暴雨橙色预警 1"
    guest = await origin_of(console, "o-songji-b", alert, place=ZHUTUO)
    assert (guest is not None) is is_named
    assert (guest is None or guest["masked"]) is is_masked
