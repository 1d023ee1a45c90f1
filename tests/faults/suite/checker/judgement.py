"""The offline judgement of a run: it reads the files of the run and nothing else.

It shares no code with the system: neither contracts nor readers of topics nor ids.
`python -m tests.faults.suite.checker.judgement FOLDER` judges a kept run again.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.faults.suite.checker import (
    acts,
    alarms,
    copies,
    deadlines,
    effects,
    evidence,
    memory,
    progress,
    records_of_drills,
    trail,
)
from tests.faults.suite.checker.evidence import Evidence
from tests.faults.suite.checker.violation import TITLES, Invariant, Violation

_EXAMPLES = 3
CHECKS: tuple[Callable[[Evidence], Iterator[Violation]], ...] = (
    acts.lost,
    acts.bulk,
    acts.phantoms,
    acts.forged,
    acts.outside_subtree,
    alarms.check,
    copies.versions,
    copies.two_bodies,
    copies.repeated_calls,
    copies.repeated_assignments,
    copies.repeated_lines,
    copies.first_answers,
    copies.unsigned_signatures,
    deadlines.timers,
    deadlines.supervision,
    deadlines.ladders,
    deadlines.silences,
    effects.unread,
    effects.refused,
    effects.without_effect,
    effects.incomplete,
    progress.standing,
    progress.bounds,
    memory.growth,
    progress.crashes,
    records_of_drills.check,
    trail.check,
)


def judge(files: Evidence) -> list[Violation]:
    """Return every violation, by invariant and kind."""
    return sorted(violation for check in CHECKS for violation in check(files))


def table(violations: Iterable[Violation]) -> str:
    """Return one line per invariant and the first examples of each kind of violation."""
    found_by_kind: dict[tuple[Invariant, str], list[Violation]] = {}
    for violation in violations:
        found_by_kind.setdefault((violation.invariant, violation.kind), []).append(violation)
    lines = []
    for invariant, title in TITLES.items():
        own = {kind: items for (name, kind), items in found_by_kind.items() if name is invariant}
        count = sum(map(len, own.values()))
        lines.append(f"{invariant:<4} {'holds' if not count else f'{count} breaches':<14} {title}")
        for kind, items in own.items():
            lines.append(f"       {len(items):>6}  {kind}")
            lines += [
                f"               {item.subject}  {item.detail}"[:160] for item in items[:_EXAMPLES]
            ]
    return "\n".join(lines)


def kinds(violations: Iterable[Violation]) -> Iterator[str]:
    """Yield one line for each kind of violation: invariant, kind, count and first example."""
    ordered = sorted(violations)
    counts = Counter((item.invariant, item.kind) for item in ordered)
    first = {(item.invariant, item.kind): item for item in reversed(ordered)}
    for kind, count in counts.items():
        item = first[kind]
        yield f"{item.invariant} {item.kind} x {count}: {item.subject} {item.detail}"[:240]


def figures(violations: Iterable[Violation]) -> dict[str, int]:
    """Return the counts of summary.json."""
    items = list(violations)
    by_invariant = Counter(item.invariant for item in items)
    deadline_kinds = Counter(item.kind for item in items if item.invariant is Invariant.DEADLINE)
    early = sum(count for kind, count in deadline_kinds.items() if kind.endswith("_early"))
    return {
        "lost": by_invariant[Invariant.NO_LOSS],
        "duplicates_visible": by_invariant[Invariant.NO_DUPLICATE],
        "phantoms": by_invariant[Invariant.NO_PHANTOM],
        "order_breaks": by_invariant[Invariant.ORDER],
        "early": early,
        "missed": by_invariant[Invariant.DEADLINE] - early,
        "second_first_answers": by_invariant[Invariant.FIRST_ANSWER],
        "authority_breaks": by_invariant[Invariant.AUTHORITY],
        "standing": by_invariant[Invariant.PROGRESS],
        "unbounded": by_invariant[Invariant.BOUNDS],
        "drill_leaks": by_invariant[Invariant.DRILLS],
        "trail_breaks": by_invariant[Invariant.TRAIL],
        "crashes": sum(item.kind == "process_ended_by_itself" for item in items),
        "http_5xx": sum(item.kind == "http_5xx" for item in items),
    }


def main(arguments: list[str]) -> int:
    """Judge the run in a folder; exit code 1 with a violation."""
    violations = judge(evidence.load(Path(arguments[0])))
    print(table(violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
