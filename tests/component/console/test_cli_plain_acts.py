"""Acts of the command line with a single request each; every act of the API has a command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.commands.console.arguments import DECISIONS, STEPS
from deploy.commands.console.plain_acts import PLAIN
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import Step
from tests.component.console.test_cli import call, sent, served
from tests.component.console.test_modes import a_proposal
from tests.support.console_events import DISTRICT, VILLAGE, ZHUTUO, an_alert
from tests.support.console_harness import ServedConsole, hours_ahead

__all__ = ["served"]
A, B = an_alert("a"), an_alert("b")
SPAN = ("--from", hours_ahead(1), "--until", hours_ahead(2))
NOT_FROM_A_SHELL = {
    "PUT /api/accounts/{officer_id}": "operators have `services.console.accounts`",
    "POST /api/accounts/{officer_id}/acts": "operators have `services.console.accounts`",
    "POST /api/accounts/{officer_id}/password-link": "operators have `services.console.accounts`",
    "POST /api/definitions/acts": "publishing has two acts on the page of administrators",
    "POST /api/definitions/backtest": "operators have `fenghuo rules backtest`",
    "POST /api/definitions/check": "operators have `fenghuo rules check`",
    "POST /api/definitions/publish": "operators have `fenghuo rules publish`",
    "POST /api/definitions/test": "operators have `fenghuo rules test`",
    "POST /api/drills/readings": "sources send readings of status Exercise as well",
    "POST /api/letters/acts": "operators have `fenghuo letters`",
    "POST /api/sources": "operators have `fenghuo sources`",
    "POST /api/sources/{source_id}/limits": "operators have `fenghuo sources`",
    "POST /api/sources/{source_id}/rotation": "operators have `fenghuo sources`",
    "POST /api/sources/{source_id}/revocation": "operators have `fenghuo sources`",
    "POST /api/ledger/requests": "operators have `fenghuo catalog`",
    "POST /api/assignments/{assignment_id}/photos": "a photo comes from a phone",
    "POST /api/incidents/drafts/{draft_id}/photos": "a photo comes from a phone",
    "POST /api/cases/{case_id}/review": "a review is written before the case, with its findings",
    "PUT /api/duty/entries/{entry_id}": "plans go in as a file or on the board",
    "POST /api/duty/entries/{entry_id}/cancel": "plans go in as a file or on the board",
    "POST /api/duty/import": "a file, sent by whatever makes it",
    "POST /api/alerts/{alert_id}/preview": "changes nothing; the form of a signature shows it",
    "POST /api/commands/page-preview": "changes nothing; the form of a command shows it",
    "POST /api/commands/preview": "changes nothing; issue shows it",
    "PUT /api/command-drafts/{draft_id}": "a draft belongs to the form of the board",
    "DELETE /api/command-drafts/{draft_id}": "a draft belongs to the form of the board",
    "POST /api/limits/checks": "changes nothing; `fenghuo limits check` does the same for a file",
    "POST /api/limits/previews": "changes nothing; `fenghuo limits preview` shows it",
    "PUT /api/limits/drafts/{draft_id}": "a file is published by `fenghuo limits publish`",
    "POST /api/limits/drafts/{draft_id}/sign": "two officers sign what they read on the screen",
    "POST /api/limits/drafts/{draft_id}/withdraw": "drafts are those of the screen",
    "POST /api/logout": "a token has no session",
    "POST /api/logout/everywhere": "a token has no session",
    "POST /api/push/devices": "a browser registers itself",
    "POST /api/push/devices/{device_id}/remove": "a browser removes itself",
    "POST /push/answers": "for notifications",
    "POST /carriers/keys": "for carriers",
    "POST /carriers/receipts": "for carriers",
    "POST /carriers/replies": "for carriers",
}
BY_OWN_CODE = {
    "POST /api/alerts/{alert_id}/decisions",
    "POST /api/assignments/{assignment_id}/acknowledgements",
    "POST /api/commands",
    "POST /api/commands/{command_id}/{verb}",
    "POST /api/pages/{page_id}/answers",
}


@pytest.mark.parametrize(
    ("officer", "words", "output"),
    [
        (
            "o-town-b",
            ("merge", A.alert_id, "--into", B.alert_id),
            {"verb": "merge", "into": B.alert_id},
        ),
        (
            "o-town-b",
            (
                "silence", "--place", VILLAGE, *SPAN, "--reason", "检修", "--kind", "maintenance",
                "--until-cleared",
            ),
            {"reason": "检修", "kind": "maintenance", "until_cleared": True},
        ),
        (
            "o-town-b",
            (
                "silence", "--place", VILLAGE, "--from", hours_ahead(1), "--until",
                hours_ahead(700), "--reason", "试鸣", "--day", "saturday", "--day", "sunday",
                "--daily-from", "10:00", "--daily-until", "10:15",
            ),
            {
                "reason": "试鸣",
                "weekly": {
                    "days": ["saturday", "sunday"], "begin": "10:00:00", "until": "10:15:00",
                    "zone": "Asia/Shanghai",
                },
            },
        ),
        (
            "o-town-b",
            ("propose_mode", "--unit", ZHUTUO, "--mode", "standby", "--until", hours_ahead(24)),
            {"unit": ZHUTUO, "mode": "standby"},
        ),
        (
            "o-town-b",
            (
                "start_drill", "--title", "演练", "--event-type", "11A01", "--level", "blue",
                "--place", VILLAGE,
            ),
            {"status": "Exercise", "place": VILLAGE},
        ),
        (
            "o-village-b",
            (
                "report_incident", "--event-type", "12:fire", "--place", VILLAGE,
                "--headline", "老街冒烟",
            ),
            {"event_type": "12:fire", "place": VILLAGE, "reporter_role": "officer"},
        ),
        (
            "o-town-b",
            (
                "report_up", "--incident", A.incident_id, "--kind", "follow_up",
                "--means", "written",
                "--headline", "水位上涨", "--number", "2",
            ),
            {"incident_id": A.incident_id, "number": 2, "to_unit": DISTRICT},
        ),
    ],
)  # fmt: skip
async def test_a_verb_is_the_record_that_it_says(
    served: ServedConsole, officer: str, words: tuple[str, ...], output: dict[str, object]
) -> None:
    await served.console.project([A, B])
    assert await call(served, officer, *words, "--key", "once") == 0
    assert await call(served, officer, *words, "--key", "once") == 0
    records = {entry.id: entry.model_dump(mode="json") for entry in sent(served)}
    (record,) = records.values()
    assert {name: record[name] for name in output} == output


async def test_a_proposal_is_signed_by_its_version(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    await served.console.project([a_proposal()])
    assert await call(served, "o-town-b", "reject_mode", "mod-1", "--version", "9") == 1
    assert "changed" in capsys.readouterr().err
    assert await call(served, "o-town-b", "reject_mode", "mod-1", "--version", "1") == 0
    assert [entry.verb for entry in sent(served)] == ["reject"]


async def test_a_case_is_a_file_that_overwrites_nothing(
    served: ServedConsole, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await served.console.project([A])
    for style, head in (
        ("html", b"<!doctype html"),
        ("pdf", b"%PDF"),
        ("csv", b"\xef\xbb\xbfstatus"),
    ):
        out = tmp_path / f"case.{style}"
        words = ("export", A.alert_id, "--format", style, "--out", str(out))
        assert await call(served, "o-town-b", *words) == 0
        assert out.read_bytes().lower().startswith(head.lower())
        assert await call(served, "o-town-b", *words) == 64
    assert await call(served, "o-songji-b", "export", A.alert_id, "--out", str(tmp_path / "x")) == 1
    assert not (tmp_path / "x").exists()
    assert "No such case" in capsys.readouterr().err


async def test_a_refusal_and_a_wrong_call_have_their_exit_codes(
    served: ServedConsole, capsys: pytest.CaptureFixture[str]
) -> None:
    await served.console.project([A, B])
    stranger = ("merge", A.alert_id, "--into", B.alert_id)
    assert await call(served, "o-songji-b", *stranger) == 1
    assert await call(served, "o-town-b", "merge", A.alert_id) == 64
    assert await call(served, "o-town-b", "end_silence", "none", "--reason", "x") == 1
    assert sent(served) == []
    assert "--into" in capsys.readouterr().err


async def test_every_act_of_the_api_has_a_verb_or_a_reason_for_none(served: ServedConsole) -> None:
    document = served.console.app.openapi()["paths"]
    acts = {
        f"{verb.upper()} {path}"
        for path, verbs in document.items()
        for verb in verbs
        if verb != "get"
    }
    plain = {f"POST {plain_act.path}" for plain_act in PLAIN.values()}
    named = {
        re.sub(r"\{[a-z_]+\}", "{id}", act) for act in acts - set(NOT_FROM_A_SHELL) - BY_OWN_CODE
    }
    judged = {f"POST /api/modes/proposals/{{id}}/{verb}" for verb in ("approve", "reject", "end")}
    assert named - {"POST /api/modes/proposals/{id}/{id}"} == plain - judged - {
        "POST /api/alerts/{id}/decisions"
    }
    assert judged <= plain
    assert set(NOT_FROM_A_SHELL) | BY_OWN_CODE <= acts
    decided = {dict(plain_act.fixed)["verb"] for plain_act in PLAIN.values() if plain_act.fixed}
    assert {*DECISIONS, DecisionVerb.RECALL, DecisionVerb.WORD} | decided == set(DecisionVerb)
    assert {*STEPS, Step.RECALL} == set(Step)
