"""I11: the chain of the audit trail, computed again from the published description."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence, Json
from tests.faults.suite.checker.violation import Invariant, Violation

_GENESIS = "0" * 64


def hash_of(entry: Json) -> str:
    """Return SHA-256 over the canonical JSON of an entry without its own hash."""
    fields = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check(evidence: Evidence) -> Iterator[Violation]:
    """Yield the first break of the chain, and entries that differ from what was published."""
    rows = sorted(evidence.rows("trail"), key=lambda row: row["sequence"])
    sequence, previous = 0, _GENESIS
    for row in rows:
        entry = json.loads(row["body"])
        follows = row["sequence"] == sequence + 1 and entry["prev_hash"] == previous
        if not follows or row["hash"] != hash_of(entry):
            yield Violation(Invariant.TRAIL, "chain_broken", str(row["sequence"]))
            return
        sequence, previous = row["sequence"], row["hash"]
    for row in evidence.rows("trail_head"):
        if (row["sequence"], row["hash"]) != (sequence, previous):
            yield Violation(Invariant.TRAIL, "head_differs", str(row["sequence"]))
    hashes = {row["sequence"]: row["hash"] for row in rows}
    for record in evidence.records("audit.trail.v1"):
        value = record["value"]
        if hashes.get(value["sequence"]) != value["hash"]:
            yield Violation(Invariant.TRAIL, "published_entry_differs", str(value["sequence"]))
