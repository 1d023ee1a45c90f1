"""Reviews of cases: written once by an entitled officer; the findings are tracked commands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.console.features.cases import review_actions
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.cases import CaseReview
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.supervision import SupervisionKind
from tests.component.console.test_case_exports import exported, read_pdf, visible_text
from tests.support.console_case_records import a_case
from tests.support.console_events import (
    CITY,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_supervision,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

CASE = content_id("alt", "case")
UNITS = [ZHUTUO, VILLAGE]
DUE = "2031-05-01T09:00:00+08:00"
REVIEW = {
    "text": "转移及时；夜间叫应偏慢。",
    "findings": [
        {"owner": ZHUTUO, "title": "补齐沿江住户名册", "instruction": "逐户核对", "finish_by": DUE},
        {"owner": VILLAGE, "title": "落实夜间双岗", "finish_by": DUE},
    ],
}


async def post(
    console: ConsoleHarness, body: Any, officer: str = "o-city-b", case: str = CASE
) -> Any:
    async with console.client(officer) as client:
        return await client.post(f"/api/cases/{case}/review", json=body)


async def get(console: ConsoleHarness, path: str, officer: str = "o-city-b") -> Any:
    async with console.client(officer) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def records(console: ConsoleHarness) -> tuple[CaseReview, list[CommandRequest]]:
    first, *outgoings = console.kafka.sent
    return CaseReview.model_validate_json(first.body), [
        CommandRequest.model_validate_json(outgoing.body) for outgoing in outgoings
    ]


async def test_a_review_and_its_findings_go_out_in_this_order(console: ConsoleHarness) -> None:
    await console.project(a_case("case", UNITS))
    answer = await post(console, REVIEW)
    assert answer.status_code == 202, answer.text
    written, requests = records(console)
    assert (written.case_id, written.origin_unit, written.text) == (CASE, CITY, REVIEW["text"])
    assert [request.command_id for request in requests] == [
        finding.command_id for finding in written.findings
    ]
    for request, finding in zip(requests, written.findings, strict=True):
        assert (request.verb, request.title) == ("issue", finding.title)
        assert request.selection == review_actions.owner_selection(finding.owner)
        assert request.finish_by == finding.finish_by
        assert request.references == (CASE, written.id)
        assert (request.status, request.level) == (Status.ACTUAL, review_actions.FINDING_LEVEL)


async def test_a_repeat_is_the_same_act_and_another_review_is_refused(
    console: ConsoleHarness,
) -> None:
    await console.project(a_case("case", UNITS))
    first = await post(console, REVIEW)
    sent = [outgoing.value for outgoing in console.kafka.sent]
    repeated_value = await post(console, REVIEW)
    assert (first.json()["repeated"], repeated_value.json()["repeated"]) == (False, True)
    assert [outgoing.value for outgoing in console.kafka.sent[len(sent) :]] == sent
    second_value = await post(console, {**REVIEW, "text": "另一种说法", "findings": []})
    assert (second_value.status_code, second_value.json()["reason"]) == (409, "act_conflict")
    assert len(console.kafka.sent) == 2 * len(sent)


async def test_what_an_outage_cut_off_is_sent_by_the_same_request(console: ConsoleHarness) -> None:
    await console.project(a_case("case", UNITS))
    console.kafka.down = True
    assert (await post(console, REVIEW)).status_code == 503
    console.kafka.down = False
    assert (await post(console, REVIEW)).status_code == 202
    written, requests = records(console)
    assert len(requests) == len(written.findings) == 2


async def test_findings_are_shown_as_they_are_now(console: ConsoleHarness) -> None:
    await console.project(a_case("case", UNITS))
    assert (await get(console, f"/api/cases/{CASE}"))["state"] == "closed"
    assert (await get(console, f"/api/cases/{CASE}"))["may_review"] is True
    await post(console, REVIEW)
    written, _ = records(console)
    await console.project([written, written])
    result = await get(console, f"/api/cases/{CASE}")
    assert (result["state"], result["may_review"]) == ("evaluated", False)
    assert [finding["state"] for finding in result["review"]["findings"]] == [None, None]
    first = a_command("finding", ZHUTUO).model_copy(
        update={"command_id": written.findings[0].command_id}
    )
    for state, overdue in ((AssignmentState.DELIVERED, True), (AssignmentState.SIGNED, False)):
        version = 1 if state is AssignmentState.DELIVERED else 2
        now = an_assignment(first, ZHUTUO, state, version=version)
        more = [a_supervision(now, SupervisionKind.OVERDUE)] if version == 1 else []
        await console.project([first, now, *more])
        read = await get(console, f"/api/cases/{CASE}/review")
        assert (read["findings"][0]["state"], read["findings"][0]["overdue"]) == (state, overdue)
        assert read["findings"][1]["state"] is None
    lines = (await get(console, f"/api/cases/{CASE}/timeline"))["lines"]
    assert [line["kind"] for line in lines][-1] == "review"
    page = await exported(console, "case", "html")
    paper = await exported(console, "case", "pdf")
    for text in (visible_text(page.content), read_pdf(paper.content)[0]):
        for words in (
            "转移及时；夜间叫应偏慢。",
            "补齐沿江住户名册",
            "逐户核对",
            "已评价",
            "待下达",
            "2031-05-01",
        ):
            assert words in text, words


async def test_an_open_case_is_not_reviewed_and_one_that_came_back_is_open(
    console: ConsoleHarness,
) -> None:
    await console.project([a_command("case", ZHUTUO), an_assignment(a_command("case"), ZHUTUO)])
    case = content_id("cmd", "case")
    answer = await post(console, REVIEW, case=case)
    assert (answer.status_code, answer.json()["reason"]) == (409, "case_open")
    assert (await get(console, f"/api/cases/{case}"))["state"] == "open"
    assert console.kafka.sent == []


@pytest.mark.parametrize(
    ("officer", "status", "reason"),
    [("o-town-b", 403, "not_issuer"), ("o-songji-b", 404, "unknown"), (None, 401, "signed_out")],
)
async def test_others_may_not_write_it(
    console: ConsoleHarness, officer: str, status: int, reason: str
) -> None:
    await console.project(a_case("case", UNITS))
    answer = await post(console, REVIEW, officer, case=content_id("cmd", "case"))
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert console.kafka.sent == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"owner": CITY}, "no_finding_owner"),
        ({"owner": "500118999000"}, "unknown_units"),
        ({"owner": "110000000000"}, "unknown_units"),
        ({"finish_by": "2020-01-01T00:00:00Z"}, "invalid"),
        ({"finish_by": "2031-01-01T00:00:00"}, "invalid"),
        ({"title": ""}, "invalid"),
        ({"title": "\x00"}, "invalid"),
    ],
)
async def test_a_finding_that_cannot_be_done_is_refused(
    console: ConsoleHarness, change: dict[str, str], reason: str
) -> None:
    await console.project(a_case("case", UNITS))
    finding = {**REVIEW["findings"][1], **change}  # type: ignore[dict-item]
    answer = await post(console, {**REVIEW, "findings": [finding]})
    assert (answer.status_code, answer.json()["reason"]) == (422, reason), answer.text
    assert console.kafka.sent == []


async def test_a_drill_s_review_and_findings_stay_a_drill(console: ConsoleHarness) -> None:
    await console.project(a_case("case", UNITS, status=Status.EXERCISE))
    assert (await post(console, REVIEW)).status_code == 202
    assert {json.loads(outgoing.body)["status"] for outgoing in console.kafka.sent} == {"Exercise"}


async def test_the_first_review_on_record_stays(console: ConsoleHarness) -> None:
    await console.project(a_case("case", UNITS))
    await post(console, REVIEW)
    written, _ = records(console)
    later = written.model_copy(
        update={"text": "改写", "sent_at": written.sent_at + timedelta(seconds=1)}
    )
    await console.project([later, written])
    assert (await get(console, f"/api/cases/{CASE}/review"))["text"] == REVIEW["text"]


async def two_alerts(console: ConsoleHarness) -> tuple[str, str]:
    """Return the ids of two lifted alerts of a closed incident."""
    history = a_case("case", UNITS)
    first = next(alert for alert in history if isinstance(alert, AlertEvent))
    second = an_alert(
        "second",
        state=AlertState.LIFTED,
        transition=AlertTransition.LIFTED,
        at=first.occurred_at + timedelta(minutes=5),
    ).model_copy(update={"incident_id": first.incident_id})
    await console.project([*history, second])
    return first.alert_id, second.alert_id


@pytest.mark.parametrize("from_second", [False, True])
async def test_alerts_of_one_incident_share_its_review(
    console: ConsoleHarness, from_second: bool
) -> None:
    alerts = await two_alerts(console)
    requested, second_value = reversed(alerts) if from_second else alerts
    assert (await post(console, REVIEW, case=requested)).status_code == 202
    written, requests = records(console)
    assert written.case_id == alerts[0], "filed under the first, however it was asked for"
    await console.project([written])
    for case in alerts:
        result = await get(console, f"/api/cases/{case}")
        assert (result["state"], result["may_review"]) == ("evaluated", False)
        assert result["review"]["review_id"] == written.id
        assert "转移及时；夜间叫应偏慢。" in visible_text(
            (await exported_by(console, case)).content
        )
    (listed,) = (await get(console, "/api/cases?state=evaluated"))["cases"]
    assert (listed["case_id"], listed["state"]) == (alerts[0], "evaluated")
    repeated_value = await post(console, {**REVIEW, "text": "另一种说法"}, case=second_value)
    assert (repeated_value.status_code, repeated_value.json()["reason"]) == (409, "case_reviewed")
    assert repeated_value.headers["content-type"].startswith("application/problem+json")
    repeated = await post(console, REVIEW, case=second_value)
    assert (repeated.status_code, repeated.json()["repeated"]) == (202, True)
    sent = {
        CommandRequest.model_validate_json(request.value).command_id
        for request in requests_of(console)
    }
    assert sent == {request.command_id for request in requests}


async def test_of_two_reviews_at_once_one_holds(console: ConsoleHarness) -> None:
    """Both are written before either is on record: the ids of the acts collide."""
    first, second = await two_alerts(console)
    assert (await post(console, REVIEW, case=first)).status_code == 202
    answer = await post(console, {**REVIEW, "text": "另一种说法"}, case=second)
    assert (answer.status_code, answer.json()["reason"]) == (409, "act_conflict")


def requests_of(console: ConsoleHarness) -> list[Any]:
    return [
        outgoing
        for outgoing in console.kafka.sent
        if json.loads(outgoing.body)["type"] != "case_review"
    ]


async def exported_by(console: ConsoleHarness, case: str) -> Any:
    async with console.client("o-city-b") as client:
        return await client.get(f"/api/cases/{case}/export")
