"""Every read of the API and the command line: no masked word, name or number leaves its tier."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from deploy.commands.console.lists import KINDS
from deploy.commands.console.main import main
from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.core.masking import Relation
from services.console.features.load.views import CHINA
from shared.contracts.cases import CaseReview, ReviewFinding
from shared.contracts.duty import Member, Rotation
from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Tier
from shared.contracts.ids import report_duty_id
from shared.contracts.modes import ModeProposal, ProposalState
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.reports import DutyState, Means, Report, ReportDuty, ReporterRole, ReportKind
from shared.contracts.wordings import AlertWording
from shared.domain.page_texts.graded import GRADED_ALERT
from tests.component.console.test_case_exports import read_pdf
from tests.component.console.test_duty import an_entry
from tests.support.console_events import (
    DISTRICT,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ServedConsole, served_console, token_of
from tests.support.graded import chain
from tests.support.postgres import fresh_database

FROM_THE_SOURCE = "库区渗压计异常"
"""Of a reading and a report that are graded where they were made: tests/support/graded.py."""
WORDS, REPORTER = "举报人称尾矿坝渗漏", "resident-zhang-3"
ORDER = "封闭三号排洪井"
NAME, PHONE, ADDRESS = "李远山", "13800138000", "li@office.test"
NOW = datetime.now(UTC)
WRITTEN = AlertWording(level=Level.ORANGE, headline=WORDS, areas=(ZHUTUO,))
ALERT = an_alert(
    "a", headline=WORDS, text=WORDS, wording=WRITTEN, data_grade=DataGrade.CORE, at=NOW
)
ALARM = an_alarm("a").model_copy(update={"headline": WORDS, "data_grade": DataGrade.IMPORTANT})
COMMAND = a_command("c", ZHUTUO, alert=ALERT.alert_id, at=NOW, title=ORDER).model_copy(
    update={"data_grade": DataGrade.CORE}
)
OWN = an_assignment(COMMAND, ZHUTUO).model_copy(update={"data_grade": DataGrade.CORE})

VIEWERS = {
    Relation.OWN: "o-town-b",
    Relation.ABOVE: "o-district-b",
    Relation.BELOW: "o-village-b",
    Relation.UNRELATED: "o-songji-b",
}
LOOK = f"place={ZHUTUO}"
WEEK = NOW.astimezone(CHINA).strftime("%G-W%V")
CASE = f"/api/cases/{ALERT.alert_id}"
READS: dict[str, list[str]] = {
    "/api/accounts": [f"/api/accounts?{LOOK}"],
    "/api/alarms": [f"/api/alarms?{LOOK}", f"/api/alarms?{LOOK}&standing=1&q={WORDS}"],
    "/api/alerts": [f"/api/alerts?{LOOK}", f"/api/alerts?{LOOK}&open=1"],
    "/api/alerts/{alert_id}": [f"/api/alerts/{ALERT.alert_id}?{LOOK}"],
    "/api/alerts/{alert_id}/wording": [f"/api/alerts/{ALERT.alert_id}/wording?{LOOK}"],
    "/api/alerts/{alert_id}/why": [f"/api/alerts/{ALERT.alert_id}/why?{LOOK}"],
    "/api/assignments": [f"/api/assignments?{LOOK}&subtree=1"],
    "/api/assignments/{assignment_id}": [f"/api/assignments/{OWN.assignment_id}?{LOOK}"],
    "/api/command-drafts": ["/api/command-drafts"],
    "/api/cases": [f"/api/cases?{LOOK}", f"/api/cases?{LOOK}&q={WORDS}"],
    "/api/cases/{case_id}": [f"{CASE}?{LOOK}"],
    "/api/cases/{case_id}/course": [f"{CASE}/course?{LOOK}"],
    "/api/cases/{case_id}/evaluation": [
        f"{CASE}/evaluation?{LOOK}",
        f"{CASE}/evaluation?{LOOK}&format=csv",
    ],
    "/api/cases/{case_id}/export": [f"{CASE}/export?{LOOK}", f"{CASE}/export?{LOOK}&format=pdf"],
    "/api/cases/{case_id}/photos": [f"{CASE}/photos?{LOOK}"],
    "/api/cases/{case_id}/review": [f"{CASE}/review?{LOOK}"],
    "/api/cases/{case_id}/timeline": [
        f"{CASE}/timeline?{LOOK}",
        f"{CASE}/timeline?{LOOK}&unit={ZHUTUO}",
    ],
    "/api/commands": [f"/api/commands?{LOOK}"],
    "/api/commands/{command_id}": [f"/api/commands/{COMMAND.command_id}?{LOOK}"],
    "/api/commands/{command_id}/below": [f"/api/commands/{COMMAND.command_id}/below?{LOOK}"],
    "/api/commands/{command_id}/course": [f"/api/commands/{COMMAND.command_id}/course?{LOOK}"],
    "/api/drills/readings/{reading_id}/course": ["/api/drills/readings/none/course"],
    "/api/duty": [f"/api/duty?{LOOK}&unit={ZHUTUO}&days=2"],
    "/api/duty/calendar": [f"/api/duty/calendar?{LOOK}&unit={ZHUTUO}&weeks=1"],
    "/api/duty/export": [
        f"/api/duty/export?unit={ZHUTUO}&format={name}" for name in ("csv", "ics")
    ],
    "/api/duty/gaps": [f"/api/duty/gaps?{LOOK}"],
    "/api/duty/reachability": [f"/api/duty/reachability?{LOOK}"],
    "/api/self-check": [f"/api/self-check?{LOOK}"],
    "/api/events": [f"/api/events?{LOOK}"],
    "/api/feed": [f"/api/feed?{LOOK}", f"/api/feed?{LOOK}&after=0"],
    "/api/incidents/{incident_id}/reports": [f"/api/incidents/{ALERT.incident_id}/reports?{LOOK}"],
    # For administrators; rules and plans have no masked field.
    "/api/definitions": [f"/api/definitions?kind=rule&{LOOK}"],
    "/api/definitions/{kind}/{definition_id}": ["/api/definitions/rule/flood.zhutuo"],
    # for administrators, who see the ledger of their units: docs/identity.md
    "/api/ledger": ["/api/ledger"],
    "/api/ledger/entry": [f"/api/ledger/entry?key=unit:{ZHUTUO}"],
    "/api/ledger/history": [f"/api/ledger/history?key=unit:{ZHUTUO}"],
    "/api/ledger/decisions/{request_id}": ["/api/ledger/decisions/crq-1"],
    "/api/letters": ["/api/letters"],  # for operators, who see all: docs/identity.md
    "/api/limits": [f"/api/limits?unit={ZHUTUO}", "/api/limits?everywhere=1"],
    "/api/limits/documents/{limits_id}/{version}": ["/api/limits/documents/none/1"],
    "/api/limits/drafts/{draft_id}": ["/api/limits/drafts/none"],
    "/api/limits/drafts/{draft_id}/preview": ["/api/limits/drafts/none/preview"],
    "/api/load": [f"/api/load?{LOOK}"],
    "/api/load/weekly": [f"/api/load/weekly?{LOOK}&week={WEEK}"],
    "/api/map": [f"/api/map?{LOOK}"],
    "/api/me": ["/api/me"],
    "/api/modes": [f"/api/modes?{LOOK}"],
    "/api/modes/preview": [f"/api/modes/preview?unit={ZHUTUO}&mode=standby"],
    "/api/overview": [f"/api/overview?{LOOK}"],
    "/api/pages": ["/api/pages"],
    "/api/pages/{page_id}": ["/api/pages/none"],
    "/api/pages/{page_id}/colleagues": ["/api/pages/none/colleagues"],
    "/api/pages/{page_id}/why": ["/api/pages/none/why"],
    "/api/photos/{photo_id}": ["/api/photos/none"],
    "/api/push/devices": ["/api/push/devices"],
    "/api/reporting": [f"/api/reporting?{LOOK}"],
    "/api/sensors": [f"/api/sensors?{LOOK}"],
    "/api/sensors/silent": [f"/api/sensors/silent?{LOOK}"],
    "/api/sensors/{sensor_id}/readings": ["/api/sensors/gauge-zhutuo/readings"],
    "/api/silences": [f"/api/silences?{LOOK}"],
    "/api/sources": [f"/api/sources?{LOOK}"],
    "/api/sources/{source_id}": ["/api/sources/none"],
    "/api/supervision": [f"/api/supervision?{LOOK}"],
    "/api/supervision/commands": [f"/api/supervision/commands?{LOOK}"],
    "/api/supervision/units": [f"/api/supervision/units?{LOOK}"],
    "/api/trends": [f"/api/trends?{LOOK}&alerts={ALERT.alert_id}"],
    "/api/units": [f"/api/units?{LOOK}"],
    "/api/warnings": [f"/api/warnings?{LOOK}"],
    "/api/warnings/{warning_id}/command": ["/api/warnings/wrn-1/command"],
    "/api/warnings/{warning_id}/incident": ["/api/warnings/wrn-1/incident"],
}
"""Every GET of the document, before the place that all of it is about."""
WITH_WORDS = {
    "/api/alarms", "/api/alerts", "/api/alerts/{alert_id}", "/api/alerts/{alert_id}/wording",
    "/api/cases", "/api/cases/{case_id}",
    "/api/cases/{case_id}/export", "/api/cases/{case_id}/review", "/api/cases/{case_id}/timeline",
    "/api/events", "/api/feed", "/api/incidents/{incident_id}/reports", "/api/modes",
    "/api/reporting",
    "/api/sensors/{sensor_id}/readings",
}  # fmt: skip
"""Where those responsible read them: none of the rest says anything by being empty."""
WITH_ORDER = {
    "/api/alerts/{alert_id}", "/api/assignments", "/api/assignments/{assignment_id}",
    "/api/cases/{case_id}/export", "/api/cases/{case_id}/timeline", "/api/commands",
    "/api/commands/{command_id}", "/api/commands/{command_id}/below", "/api/events", "/api/feed",
    "/api/load/weekly",
}  # fmt: skip
"""Where they read a graded order; who has a part of it: test_masked_orders.py."""
WITH_CONTACT = {
    "/api/assignments", "/api/assignments/{assignment_id}", "/api/commands/{command_id}",
}  # fmt: skip
"""Where a unit that has not signed comes with the officer on duty to call: docs/identity.md."""
FOR_PLANNERS = "/api/duty/export"
"""With addresses, for whoever may plan it: docs/identity.md."""


def scene() -> list[Any]:
    """Return a restricted alert with all its following records, and a planned officer."""
    common: dict[str, Any] = {
        "occurred_at": NOW,
        "sent_at": NOW,
        "origin_unit": ZHUTUO,
        "tier": Tier.TOWN,
    }
    alert = ALERT.model_copy(update={"alarm_ids": (ALARM.alarm_id,)})
    duty = ReportDuty(
        id="due-1",
        **common,
        duty_id=report_duty_id("Actual", ALERT.alert_id, ZHUTUO, DISTRICT),
        version=1,
        alert_id=ALERT.alert_id,
        incident_id=ALERT.incident_id,
        event_type="11A01",
        place=ZHUTUO,
        unit=ZHUTUO,
        to_unit=DISTRICT,
        level=Level.ORANGE,
        title=WORDS,
        state=DutyState.OWED,
        started_at=NOW,
        phone_due=NOW + timedelta(minutes=15),
        written_due=NOW + timedelta(minutes=30),
    )
    proposal = ModeProposal(
        id="mop-1",
        **common,
        proposal_id="mod-1",
        version=1,
        state=ProposalState.PROPOSED,
        unit=ZHUTUO,
        mode=ResponseMode.STANDBY,
        title="朱沱镇 转入临战状态",
        until=NOW + timedelta(days=1),
        decide_by=NOW + timedelta(hours=1),
        alert_id=ALERT.alert_id,
        reason=WORDS,
    )
    report = Report(
        id="rpt-1",
        **common,
        incident_id=ALERT.incident_id,
        kind=ReportKind.INITIAL,
        event_type="11A01",
        place=ZHUTUO,
        reporter_id=REPORTER,
        reporter_role=ReporterRole.HOTLINE,
        headline="热线",
        means=Means.PHONE,
        from_unit=ZHUTUO,
        to_unit=DISTRICT,
        restricted=True,
    )
    finding = ReviewFinding(
        command_id="cmd-f",
        owner=VILLAGE,
        title=WORDS,
        instruction=WORDS,
        finish_by=NOW + timedelta(days=9),
    )
    review = CaseReview(
        id="rev-1", **common, case_id=ALERT.alert_id, officer_id="o-town-b", post=Post.B,
        text=WORDS,
        findings=(finding,),
    )  # fmt: skip
    person = Officer(officer_id="li", name=NAME, phone=PHONE, addresses={Channel.EMAIL: ADDRESS})
    member = an_entry("m-li", Member(officer=person), 1)
    rota = Rotation(post=Post.B, members=("li",), starts=NOW.date() - timedelta(days=2))
    turns = an_entry("turns", rota, 2)
    envelopes = chain(FROM_THE_SOURCE, VIEWERS[Relation.OWN])
    return [ALARM, alert, COMMAND, OWN, duty, *envelopes, report, review, member, turns, proposal]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[ServedConsole]:
    """Return the scene; a village of the place and a foreign town may see the place."""
    with fresh_database() as dsn:
        async with served_console(dsn) as served_instance:
            await change_grant(
                dsn, VIEWERS[Relation.BELOW], Grant(right=Right.SEE, unit=ZHUTUO), give=True
            )
            await change_grant(
                dsn, VIEWERS[Relation.UNRELATED], Grant(right=Right.SEE, unit=DISTRICT), give=True
            )
            person = Officer(officer_id="li", name=NAME, phone=PHONE)
            slot = RosterSlot(
                id="slot-1", occurred_at=NOW, sent_at=NOW, origin_unit=ZHUTUO, tier=Tier.TOWN,
                unit=ZHUTUO, post=Post.B, officer=person, channels=(Channel.SMS,),
            )  # fmt: skip
            served_instance.console.deps.directory.apply(slot)
            await served_instance.console.project(scene())
            yield served_instance


async def read(client: httpx2.AsyncClient, path: str) -> str:
    """Return the response: the first events of a stream, or the visible text of a file."""
    if path.startswith("/api/events"):
        result = ""
        async with client.stream("GET", path, headers={"last-event-id": "0"}) as answer:
            assert answer.status_code == 200
            try:
                async with asyncio.timeout(3):
                    async for line in answer.aiter_lines():
                        result += line
                        if "mod-1" in line:  # the last record of the scene that makes a line
                            break
            except TimeoutError:
                pass
        return result
    answer = await client.get(path)
    assert answer.status_code in (200, 403, 404), (path, answer.text)
    if answer.headers["content-type"] == "application/pdf":
        return read_pdf(answer.content)[0]
    return answer.text


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("relation", Relation)
async def test_no_read_shows_what_is_not_open_to_its_viewer(
    served: ServedConsole, relation: Relation
) -> None:
    own, responsible = relation is Relation.OWN, relation in (Relation.OWN, Relation.ABOVE)
    document = served.console.app.openapi()["paths"]
    assert set(READS) == {path for path, verbs in document.items() if "get" in verbs}
    results: dict[str, str] = {}
    token = {"authorization": f"Bearer {token_of(VIEWERS[relation])}"}
    async with httpx2.AsyncClient(
        base_url=served.url, headers=token, timeout=30, trust_env=False
    ) as client:
        for name, paths in READS.items():
            results[name] = "\n".join([await read(client, path) for path in paths])
    planned = results.pop(FOR_PLANNERS)
    assert all((name in planned) is responsible for name in (NAME, PHONE, ADDRESS))

    def showing(secret: str) -> set[str]:
        return {name for name, text in results.items() if secret in text}

    assert showing(WORDS) == (WITH_WORDS if responsible else set())
    assert showing(ORDER) == (WITH_ORDER if responsible else set())
    view = showing(FROM_THE_SOURCE)
    if responsible:
        assert (
            not {"/api/alarms", "/api/alerts", "/api/feed", "/api/events", "/api/reporting"} - view
        )
    else:
        assert not view
    assert not view & {"/api/pages", "/api/commands", "/api/assignments", "/api/supervision"}
    assert (GRADED_ALERT in results["/api/pages"]) is own
    called = WITH_CONTACT if responsible else set()
    plans = {"/api/duty", "/api/duty/reachability"}
    with_names = {*plans, "/api/duty/calendar"}
    assert showing(NAME) == (with_names | called if responsible else set())
    assert showing(PHONE) == (plans | called if own else called)
    assert showing(ADDRESS) == ({"/api/duty"} if own else set())
    assert showing(REPORTER) == ({"/api/cases/{case_id}/timeline"} if responsible else set())


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("relation", Relation)
async def test_nor_does_the_command_line(
    served: ServedConsole, relation: Relation, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {
        "FENGHUO_CONSOLE_URL": served.url,
        "FENGHUO_TOKEN": token_of(VIEWERS[relation]),
        "LANG": "en.UTF-8",
    }
    calls = [["list", kind] for kind in KINDS]
    calls += [["list", kind, "--json"] for kind in KINDS]
    calls += [["show", ALERT.alert_id], ["show", ALERT.alert_id, "--timeline"]]
    for call in calls:
        await asyncio.to_thread(main, call, environ, io.StringIO())
    output = re.sub(r"\s", "", capsys.readouterr().out)
    responsible = relation in (Relation.OWN, Relation.ABOVE)
    assert (WORDS in output) is responsible
    assert (FROM_THE_SOURCE in output) is responsible
    assert (ORDER in output) is responsible
    assert (NAME in output) <= responsible
    assert (PHONE in output) <= responsible
    assert (REPORTER in output) <= responsible
