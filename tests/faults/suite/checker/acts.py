"""I1 and I3 of requests: what was accepted is on its topic; what is there was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence, Json, own_id
from tests.faults.suite.checker.violation import Invariant, Violation

TOPIC_OF = {
    "reading": "sensing.readings.v1",
    "report": "incident.reports.v1",
    "decision": "alert.decisions.v1",
    "command": "command.requests.v1",
    "signature": "command.acknowledgements.v1",
    "answer": "duty.answers.v1",
    "handover": "duty.requests.v1",
}
_OWN = ("reading", "report")
"""Kinds whose ids the generator makes."""
_ANSWERS = ("coming", "cannot", "hand_over", "need_help")


def key_of(kind: str, value: Json) -> str | None:
    """Return the key under which the history knows a record; None when it is not an officer's."""
    match kind:
        case "reading" | "report":
            return own_id(value["id"])
        case "decision":
            return f"{value['alert_id']}|{value['verb']}|{value['officer_id']}"
        case "command":
            if value["verb"] == "issue":
                return own_id(value["title"])
            return f"{value['command_id']}|{value['verb']}"
        case "signature":
            names = ("assignment_id", "step", "attempt", "officer_id")
            return "|".join(str(value.get(name, 1)) for name in names)
        case "answer" if value["verb"] in _ANSWERS:
            return f"{value['page_id']}|{value['verb']}|{value['officer_id']}"
        case "handover":
            return str(value["entry_id"])
        case _:
            return None


def lost(evidence: Evidence) -> Iterator[Violation]:
    """Yield each accepted request without its record."""
    for kind, topic in TOPIC_OF.items():
        values = [record["value"] for record in evidence.records(topic)]
        if kind in _OWN:
            ids = {own_id(value["id"]) for value in values if "id" in value}
        else:
            ids = {value["id"] for value in values}
        for line in evidence.accepted(kind):
            identifier = line["key"] if kind in _OWN else line["id"]
            if identifier not in ids:
                yield Violation(Invariant.NO_LOSS, f"{kind}_not_on_topic", identifier)


def bulk(evidence: Evidence) -> Iterator[Violation]:
    """Yield each batch of a soak that is not whole on its topic, or that nobody has sent."""
    counts = {line["key"]: line["count"] for line in evidence.bulk}
    for line in evidence.accepted("bulk"):
        count = counts.get(line["key"], 0)
        if count != line["count"]:
            detail = f"{count} of {line['count']} readings"
            yield Violation(Invariant.NO_LOSS, "bulk_not_on_topic", line["key"], detail)
    for key in counts:
        phases = evidence.phases.get(("bulk", key), set())
        if not phases:
            yield Violation(Invariant.NO_PHANTOM, "bulk_without_request", key)
        elif "failed" in phases and not phases & {"ok", "unknown"}:
            yield Violation(Invariant.NO_PHANTOM, "bulk_was_refused", key)


def phantoms(evidence: Evidence) -> Iterator[Violation]:
    """Yield each record on a topic that was never asked for, or whose request was refused."""
    for kind, topic in TOPIC_OF.items():
        for record in evidence.first_records(topic):
            key = key_of(kind, record["value"])
            if key is None:
                continue
            phases = evidence.phases.get((kind, key), set())
            if not phases & {"ok", "unknown", "invoked"}:
                yield Violation(Invariant.NO_PHANTOM, f"{kind}_without_request", key)
            elif "failed" in phases and not phases & {"ok", "unknown"}:
                yield Violation(Invariant.NO_PHANTOM, f"{kind}_was_refused", key)


def forged(evidence: Evidence) -> Iterator[Violation]:
    """I7: yield each attempt without a right that was accepted, or is not in the trail."""
    refused = {
        (record["value"]["actor"], record["value"].get("subject_id") or "")
        for record in evidence.records("identity.refusals.v1")
    }
    for line in evidence.history:
        if not line.get("forged"):
            continue
        if line["phase"] == "ok":
            yield Violation(Invariant.AUTHORITY, "forgery_accepted", line["key"])
        if line["phase"] == "failed" and line["status"] in (403, 404):
            actors = {actor for actor, _ in refused}
            if line["officer"] not in actors:
                yield Violation(Invariant.AUTHORITY, "refusal_not_in_trail", line["key"])


def outside_subtree(evidence: Evidence) -> Iterator[Violation]:
    """I7: yield steps by officers of other units and assignments outside the issuer's subtree."""
    for record in evidence.first_records("command.acknowledgements.v1"):
        value = record["value"]
        if not _above(value["officer_unit"], value["unit"]):
            yield Violation(
                Invariant.AUTHORITY,
                "step_of_another_unit",
                value["id"],
                f"{value['officer_unit']} for {value['unit']}",
            )
    issuers = {
        value["command_id"]: value.get("issuer_unit")
        for value in evidence.latest("command.lifecycle.v1", "command_id").values()
    }
    for value in evidence.latest("command.assignments.v1", "assignment_id").values():
        issuer = issuers.get(value["command_id"])
        if issuer and not _above(issuer, value["unit"]):
            yield Violation(
                Invariant.AUTHORITY, "assignment_outside_subtree", value["assignment_id"], issuer
            )


def _above(unit: str, place: str) -> bool:
    """Return whether `unit` is `place` or contains it; a department contains nothing."""
    if "/" in unit:
        return place == unit or place.startswith(f"{unit}/")
    length = next(n for n in (2, 6, 9, 12) if not unit[n:].strip("0"))
    return place.startswith(unit[:length])
