"""The evidence of a small healthy run: one alert, one command, one call, one drill, one shift."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from tests.faults.suite.checker.evidence import Evidence
from tests.faults.suite.checker.trail import hash_of

Json = dict[str, Any]
START = 1_800_000_000.0
END = START + 600
TOWN, VILLAGE, NEIGHBOUR = "500118107000", "500118107200", "500118107201"
DISTRICT = "500118000000"
RUNGS = [
    {"level": "yellow", "raise_at": 25.0, "clear_at": 20.0},
    {"level": "orange", "raise_at": 50.0, "clear_at": 45.0},
]
READERS = {
    "alerting": ["alarm.events.v1", "incident.reports.v1", "alert.decisions.v1"],
    "command": ["command.requests.v1", "command.acknowledgements.v1"],
    "notify": ["command.assignments.v1", "duty.answers.v1"],
    "duty": ["duty.requests.v1"],
    "console": ["duty.pages.v1"],
}


def iso(seconds: float) -> str:
    """Return the time so many seconds after the start of the run."""
    return datetime.fromtimestamp(START + seconds, UTC).isoformat()


class RunFiles:
    """Builds evidence line by line."""

    def __init__(self) -> None:
        self.evidence = Evidence(
            {
                "ended_at": END,
                "unsettled": "",
                "rule_id": "gas",
                "rungs": RUNGS,
                "lateness_s": 60.0,
                "crashes": [],
            }
        )
        self._offsets: dict[str, itertools.count[int]] = {}

    def request(self, kind: str, key: str, phase: str = "ok", **facts: Any) -> None:
        """Add a request with its invocation and its outcome."""
        line = {"at": START, "kind": kind, "key": key, **facts}
        self.evidence.history += [{**line, "phase": "invoked"}, {**line, "phase": phase}]

    def published(self, topic: str, seconds: float, **value: Any) -> Json:
        """Add a record to partition 0 of a topic."""
        offset = next(self._offsets.setdefault(topic, itertools.count()))
        record = {
            "topic": topic,
            "partition": 0,
            "offset": offset,
            "at": START + seconds,
            "value": value,
        }
        self.evidence.topics.append(record)
        return record

    def row(self, table: str, **fields: Any) -> None:
        """Add a row to a table."""
        self.evidence.tables.setdefault(table, []).append(fields)

    def finish(self) -> Evidence:
        """Add what readers know of all records, and samples of a system at rest."""
        stored = {}
        for service, topics in READERS.items():
            for topic in topics:
                records = [item for item in self.evidence.topics if item["topic"] == topic]
                end = len(records)
                self.row("consumer_offset", service=service, topic=topic, part=0, next_offset=end)
                stored[f"{service}|{topic}:0"] = end
                for record in records:
                    identifier = record["value"]["id"]
                    self.row("inbox", service=service, topic=topic, event_id=identifier)
        ends = {name.partition("|")[2]: end for name, end in stored.items()}
        self.evidence.samples = [
            {
                "at": START + 10 * step,
                "stored": dict(stored),
                "ends": dict(ends),
                "processes": {"alerting": [100 * 2**20, 60, 7]},
            }
            for step in range(8)
        ]
        return self.evidence


def healthy() -> Evidence:
    """Return the evidence of a run in which every promise was kept."""
    run = RunFiles()
    _readings(run)
    _alert(run)
    _command(run)
    _call(run)
    run.request("report", "flt-report-1")
    run.published("incident.reports.v1", 5, id="local:flt-report-1")
    run.request("handover", "flt-handover-1", id="drq-1")
    run.published("duty.requests.v1", 5, id="drq-1", entry_id="flt-handover-1")
    run.published("duty.entries.v1", 6, id="ent-1", entry_id="flt-handover-1")
    run.request("signature", "asg-1|sign|1|o-neighbour", "failed", forged=True, status=403,
              officer="o-neighbour")  # fmt: skip
    run.published("identity.refusals.v1", 6, id="ref-1", actor="o-neighbour", subject_id="asg-1")
    run.evidence.nemeses.append(
        {"nemesis": "silence", "services": [], "began_at": START + 6, "ended_at": START + 51}
    )
    run.published("sensing.health.v1", 36, id="evt-h-1", sensor_id="s1", state="silent")
    _trail(run)
    return run.finish()


def _readings(run: RunFiles) -> None:
    values = [3.0, 30.0, 60.0, 40.0, 5.0, 4.0]
    for turn, value in enumerate(values):
        run.request("reading", f"flt-g0-{turn}-s1", status=202)
        run.published(
            "sensing.readings.v1",
            turn,
            id=f"local:flt-g0-{turn}-s1",
            sensor_id="s1",
            value=value,
            occurred_at=iso(turn),
        )
    steps = [("raised", "yellow"), ("upgraded", "orange"), ("downgraded", "yellow")]
    for version, (name, level) in enumerate([*steps, ("cleared", "yellow")], start=1):
        run.published(
            "alarm.events.v1",
            version,
            id=f"alm-1-{version}",
            alarm_id="alm-1",
            version=version,
            rule_id="gas",
            sensor_id="s1",
            transition=name,
            level=level,
            previous_level="yellow",
            occurred_at=iso(version),
            status="Actual",
        )


def _alert(run: RunFiles) -> None:
    run.request("decision", "alt-1|verify|o-town", id="dec-1")
    run.published(
        "alert.decisions.v1", 3, id="dec-1", alert_id="alt-1", verb="verify", officer_id="o-town"
    )
    for version, cause in ((1, "alm-1-1"), (2, "dec-1")):
        run.published(
            "alert.lifecycle.v1",
            version + 2,
            id=f"evt-alt-1-{version}",
            alert_id="alt-1",
            version=version,
            references=[cause],
            status="Actual",
        )


def _command(run: RunFiles) -> None:
    title = "转移 flt-command-1"
    run.request("command", "flt-command-1", id="req-1", title=title)
    run.published("command.requests.v1", 10, id="req-1", verb="issue", title=title, command_id="c1")
    run.published("command.lifecycle.v1", 11, id="evt-c1-1", command_id="c1", version=1,
                  recipients=2, title=title, issuer_unit=DISTRICT, status="Actual")  # fmt: skip
    for number, unit in ((1, VILLAGE), (2, NEIGHBOUR)):
        _assignment(run, number, unit, 1, 11)
    run.request("signature", "asg-1|sign|1|o-village", id="ack-1")
    run.published(
        "command.acknowledgements.v1",
        14,
        id="ack-1",
        assignment_id="asg-1",
        step="sign",
        attempt=1,
        officer_id="o-village",
        officer_unit=VILLAGE,
        unit=VILLAGE,
        command_id="c1",
    )
    _assignment(run, 1, VILLAGE, 2, 15, signed_at=iso(14), state="signed")
    run.published(
        "supervision.events.v1",
        24,
        id="sup-1",
        subject_id="asg-2",
        kind="overdue",
        clock="sign",
        due_at=iso(23),
        status="Actual",
    )
    run.row(
        "timer",
        service="command",
        subject_id="asg-2",
        kind="sign_escalate",
        rung=0,
        due_at=iso(23),
        fired_at=iso(23.2),
        state="fired",
        error=None,
    )


def _assignment(
    run: RunFiles, number: int, unit: str, version: int, seconds: float, **fields: Any
) -> None:
    value = {
        "id": f"evt-asg-{number}-{version}",
        "assignment_id": f"asg-{number}",
        "command_id": "c1",
        "unit": unit,
        "version": version,
        "attempt": 1,
        "state": "delivered",
        "sign_by": iso(23),
        "status": "Actual",
    }
    run.published("command.assignments.v1", seconds, **(value | fields))


def _call(run: RunFiles) -> None:
    """Add two rungs of a ladder: the first stays unanswered, the second is answered."""
    for rung, (sent, state) in enumerate([(30.0, "no_answer"), (36.5, "answered")]):
        page = f"pag-{rung}"
        for version, at, now in ((1, sent, "sent"), (2, sent + 6.4, state)):
            run.published(
                "duty.pages.v1",
                at,
                id=f"evt-{page}-{version}",
                page_id=page,
                version=version,
                subject_id="asg-2",
                subject_kind="assignment",
                officer_id=f"o-{rung}",
                channel="webhook",
                unit=VILLAGE,
                rung=rung,
                state=now,
                answer_by=iso(sent + 6),
                references=["evt-asg-2-1"],
                status="Actual",
            )
        run.row(
            "page",
            page_id=page,
            escalation_id="esc-1",
            state=state,
            version=2,
            created_at=iso(sent),
        )
        run.row("delivery", page_id=page, channel="webhook", state="sent", next_at=iso(sent))
        run.evidence.carrier.append({"at": START + sent + 1, "page_id": page, "resend": False})
    run.request("answer", "pag-1|coming|o-1", id="ans-1")
    run.published("duty.answers.v1", 40, id="ans-1", page_id="pag-1", verb="coming",
                  officer_id="o-1")  # fmt: skip
    run.row("feed", kind="page", subject_id="pag-0")


def _trail(run: RunFiles) -> None:
    previous = "0" * 64
    for sequence in (1, 2, 3):
        entry = {"sequence": sequence, "actor": "o-town", "prev_hash": previous}
        entry["hash"] = previous = hash_of(entry)
        body = json.dumps(entry)
        run.row("trail", sequence=sequence, hash=entry["hash"], body=body)
        run.published("audit.trail.v1", 50, id=f"aud-{sequence}", **entry)
    run.row("trail_head", sequence=3, hash=previous)
