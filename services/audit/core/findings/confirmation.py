"""The confirmation of findings over several rounds.

A fault becomes a finding after several consecutive rounds, because work in flight looks wrong for a
moment. A finding is resolved by the first round that checks its kind without detecting the fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.audit.core.findings.detection import AuditFinding, FindingKey
from services.audit.core.findings.snapshot import FindingKind


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An unconfirmed fault, and the number of rounds that have detected the fault."""

    finding: AuditFinding
    rounds: int


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """The result of a round: new findings, keys of resolved findings, suspicions to remember."""

    raised: list[AuditFinding] = field(default_factory=list)
    resolved: list[FindingKey] = field(default_factory=list)
    suspicions: Mapping[FindingKey, Suspicion] = field(default_factory=dict)


def confirm_findings(
    detected: Iterable[AuditFinding],
    checked_kinds: frozenset[FindingKind],
    suspicions: Mapping[FindingKey, Suspicion],
    open_keys: Iterable[FindingKey],
) -> FindingChanges:
    """Raise faults that enough rounds have detected; resolve open findings without a fault.

    A leak of a drill is never resolved, since nothing undoes the leak.
    """
    findings = {finding.key: finding for finding in detected}
    raised_keys = set(open_keys)
    updated: dict[FindingKey, Suspicion] = {
        key: suspicion for key, suspicion in suspicions.items() if key[0] not in checked_kinds
    }
    raised: list[AuditFinding] = []
    for key, finding in findings.items():
        previous = suspicions.get(key)
        if finding.in_flight:
            if previous is not None:
                updated[key] = previous
            continue
        rounds = 1
        if previous is not None and previous.finding.figures == finding.figures:
            rounds += previous.rounds
        updated[key] = Suspicion(finding, rounds)
        if rounds >= finding.required_rounds and key not in raised_keys:
            raised.append(finding)
    resolved = [
        key
        for key in sorted(raised_keys)
        if key not in findings and key[0] in checked_kinds and key[0] is not FindingKind.DRILL_LEAK
    ]
    return FindingChanges(raised, resolved, updated)
