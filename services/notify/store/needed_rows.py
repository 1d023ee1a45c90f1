"""The rows that a transaction needs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class NeededRows:
    """The ids of the rows to be loaded.

    - `causes` are the alerts because of which officers may be called, `recalled` those that are
      recalled now.
    - `subjects` are mode proposals, modes, and posts as subjects of gaps.
    - `outcomes` are digests whose pages are to get the next part of the outcome.
    """

    alerts: set[str] = field(default_factory=set)
    causes: set[str] = field(default_factory=set)
    recalled: set[str] = field(default_factory=set)
    assignments: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    ended_warnings: set[str] = field(default_factory=set)
    gaps: set[str] = field(default_factory=set)
    report_duties: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    escalations: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)
