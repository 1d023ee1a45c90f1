"""The answers of the API have the types that the console's scripts rely on.

TypeScript compares real answers with services/console/static/js/types: a field that is missing, is
null or holds a new value is an error there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.javascript import tools
from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.features.sources.source_parts import SourceParts
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.letter_acts import LetterVerb
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import REPORTS
from tests.component.console.test_agency_warnings import a_warning
from tests.component.console.test_grants import dsn_of
from tests.component.console.test_sources import put as put_source
from tests.support.console_action_records import action_records
from tests.support.console_duty_records import duty_records, slots
from tests.support.console_events import CITY, ZHUTUO, a_silent_sensor, a_supervision
from tests.support.console_harness import ConsoleHarness
from tests.support.console_letters import an_act, excerpts
from tests.support.console_limits import put
from tests.support.console_screen_records import screen_records
from tests.support.javascript import installed_tools
from tests.support.limits import shipped
from tests.support.sources import a_source_entry
from tests.unit.console.test_source_views import a_refusal

OFFICERS = ("o-city-b", "o-town-b")
HEAD = f"""\
import type {{ AnswerOf }} from "{tools.SCRIPTS.as_posix()}/types/answers.d.ts";
type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? {{ readonly [K in keyof T]: Frozen<T[K]> }}
    : T;
"""
LISTS = {
    "/api/alerts": ("alerts", "status=Actual"),
    "/api/alarms": ("alarms", "status=Actual"),
    "/api/silences": ("silences", "status=Actual&standing=1"),
    "/api/warnings": ("warnings", "status=Actual"),
    "/api/sensors": ("sensors", "status=Actual"),
    "/api/sensors/silent": ("sensors", "status=Actual"),
    "/api/commands": ("commands", "status=Actual"),
    "/api/assignments": ("assignments", f"status=Actual&unit={ZHUTUO}&subtree=1"),
    "/api/supervision": ("supervision", "status=Actual"),
    "/api/supervision/commands": ("commands", "status=Actual"),
    "/api/supervision/units": ("units", "status=Actual"),
    "/api/feed": ("lines", "status=Actual"),
    "/api/pages": ("pages", ""),
    "/api/cases": ("cases", "status=Actual"),
    "/api/duty/gaps": ("gaps", ""),
    "/api/duty/reachability": ("posts", f"unit={ZHUTUO}"),
    "/api/reporting": ("duties", "status=Actual"),
    "/api/letters": ("letters", "limit=100"),
    "/api/sources": ("sources", ""),
}
"""Per path the field with its entries, and the query."""
SINGLE_ANSWERS = {
    "/api/me": "",
    "/api/overview": "status=Actual",
    "/api/units": f"unit={ZHUTUO}",
    "/api/duty": f"unit={ZHUTUO}&days=7",
    "/api/limits": f"unit={ZHUTUO}",
    "/api/load": "status=Actual",
    "/api/duty/calendar": f"unit={ZHUTUO}",
    "/api/modes": "status=Actual",
    "/api/modes/preview": f"status=Actual&unit={ZHUTUO}&mode=standby",
}


def detail_paths(answers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the paths of single records, as their types are named and as they are read."""
    for alert in answers["/api/alerts"]["alerts"]:
        yield "/api/alerts/one", f"/api/alerts/{alert['alert_id']}"
    for warning in answers["/api/warnings"]["warnings"]:
        if warning["may_command"]:
            yield "/api/warnings/one/command", f"/api/warnings/{warning['warning_id']}/command"
        if warning["may_report"]:
            yield "/api/warnings/one/incident", f"/api/warnings/{warning['warning_id']}/incident"
    for command in answers["/api/commands"]["commands"]:
        yield "/api/commands/one", f"/api/commands/{command['command_id']}"
        yield "/api/commands/one/below", f"/api/commands/{command['command_id']}/below"
    for source in answers["/api/sources"]["sources"]:
        yield "/api/sources/one", f"/api/sources/{source['source']}"
    for case in answers["/api/cases"]["cases"]:
        for part in ("", "/timeline", "/evaluation", "/photos"):
            yield f"/api/cases/one{part}", f"/api/cases/{quote(case['case_id'])}{part}"
    for duty in answers["/api/reporting"]["duties"]:
        path = f"/api/incidents/{quote(duty['incident_id'])}/reports"
        yield "/api/incidents/one/reports", f"{path}?status=Actual"
    for alarm in answers["/api/alarms"]["alarms"]:
        if alarm["sensor_id"]:
            path = f"/api/sensors/{quote(alarm['sensor_id'])}/readings"
            yield "/api/sensors/one/readings", f"{path}?status=Actual&hours=6"


async def fill_letters(console: ConsoleHarness, now: datetime) -> None:
    """Give the officers the rights to operate and to administer; one letter has been acted on."""
    for officer in OFFICERS:
        for right in (Right.OPERATE, Right.ADMINISTER):
            grant = Grant(right=right, unit=CITY)
            await change_grant(dsn_of(console), officer, grant, give=True)
    console.letters.letters = excerpts(now)
    console.letters.history.note(an_act(LetterVerb.ASK, REPORTS, 9, now), 0)


async def test_answers_have_the_types_of_the_scripts(
    console: ConsoleHarness, tmp_path: Path
) -> None:
    installed_tools()
    now = datetime.now(UTC)
    for slot in slots(now):
        console.deps.directory.apply(slot)
    history = [
        *action_records(now),
        *screen_records(now),
        *duty_records(now),
        a_silent_sensor("gauge", ZHUTUO),
        a_warning(),
    ]
    assignment = next(message for message in history if isinstance(message, AssignmentEvent))
    history.append(a_supervision(assignment, SupervisionKind.OVERDUE))
    await console.project(history)
    await fill_letters(console, now)
    for limits_id in ("assignments-standard", "reports-standard"):
        put(console, shipped(limits_id))
    put_source(console, a_source_entry("gauges", "a-key", per_minute=60))
    console.deps.part(SourceParts).refusals.add(1, a_refusal(now, 2, detail="unit: cm"))
    answers: list[tuple[str, Any]] = []
    filled: set[str] = set()
    for officer in OFFICERS:
        async with console.client(officer) as client:

            async def read(path: str) -> Any:
                response = await client.get(path)
                assert response.status_code == 200, (path, response.text)
                return response.json()

            lists = {path: await read(f"{path}?{query}") for path, (_, query) in LISTS.items()}
            filled |= {path for path, (field, _) in LISTS.items() if lists[path][field]}
            answers += lists.items()
            answers += [
                (path, await read(f"{path}?{query}")) for path, query in SINGLE_ANSWERS.items()
            ]
            answers += [(kind, await read(path)) for kind, path in detail_paths(lists)]
    assert filled == LISTS.keys()

    lines = [HEAD]
    for number, (kind, answer) in enumerate(answers):
        lines.append(f"const answer{number} = {json.dumps(answer)} as const;")
        lines.append(f'export const typed{number}: Frozen<AnswerOf<"{kind}">> = answer{number};')
    (tmp_path / "answers.ts").write_text("\n".join(lines), encoding="utf-8")
    settings = {"extends": str(tools.FOLDER / "tsconfig.json"), "include": ["*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    report = tools.check_types(tmp_path)
    assert not report, report
