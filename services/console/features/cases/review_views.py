"""The review of a case, as JSON and as tables of the printed file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from services.console.core.names import Names
from services.console.core.record import Json, Record
from services.console.features.cases.dossier import Column, Table, moment, plain
from services.console.features.cases.words import Words
from shared.domain.bilingual import Bilingual


def view(row: Record, live: Iterable[Record], names: Names, *, open_to: bool) -> Json:
    """Return a review with its findings.

    The words are left out unless `open_to`. The `state` of a finding is None until its command is
    issued.
    """
    results = {record["command_id"]: record for record in live}
    return {
        "review_id": row["review_id"],
        "status": row["status"],
        "officer_id": row["officer_id"],
        "unit": row["officer_unit"],
        "unit_name": names.unit(row["officer_unit"]),
        "text": row["body"] if open_to else "",
        "sent_at": row["sent_at"],
        "findings": [
            {
                **_finding(finding, results.get(finding["command_id"]), names),
                **({} if open_to else {"title": "", "instruction": ""}),
            }
            for finding in json.loads(row["findings"])
        ],
    }


def tables(json: Json | None, words: Words) -> tuple[Table, ...]:
    """Return the review as tables for print."""
    if json is None:
        return (Table(words("case.review"), (), (), (words("case.review.none"),)),)
    by = plain(f"{json['unit_name']} · {moment(json['sent_at'])}")
    text = Table(
        words("case.review"),
        (Column(words("case.review"), 100),),
        ((plain(json["text"]),),),
        (by,),
    )
    columns = (
        Column(words("case.col.number"), 8),
        Column(words("case.col.finding"), 52),
        Column(words("case.col.who"), 18),
        Column(words("case.col.due"), 22),
        Column(words("case.col.state"), 16),
    )
    rows = tuple(
        (
            plain(number),
            plain(f"{finding['title']}\n{finding['instruction']}".strip()),
            plain(finding["owner_name"]),
            plain(moment(datetime.fromisoformat(finding["finish_by"]))),
            _state(finding, words),
        )
        for number, finding in enumerate(json["findings"], start=1)
    )
    none = () if rows else (words("case.findings.none"),)
    return text, Table(words("case.findings"), columns, rows, none)


def _finding(json: Json, live: Record | None, names: Names) -> Json:
    return {
        **json,
        "owner_name": names.unit(json["owner"]),
        "command_state": None if live is None else live["command_state"],
        "assignment_id": None if live is None else live["assignment_id"],
        "state": None if live is None else live["state"],
        "overdue": live is not None and live["overdue"],
        "late": live is not None and bool(live["late"]),
    }


def _state(json: Json, words: Words) -> Bilingual:
    if json["state"] is None:
        return words("finding.waiting")
    state = words(f"assignment.{json['state']}")
    if not json["overdue"]:
        return state
    late = words("supervision.overdue")
    return Bilingual(f"{state.zh}（{late.zh}）", f"{state.en} ({late.en})")
