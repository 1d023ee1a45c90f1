"""Errors of duty plan files: all problems of a file at once, each with its line or event."""

from __future__ import annotations

from collections.abc import Sequence


class DutyFileError(ValueError):
    """A refused file; nothing of the file was stored. `problems`: "line 3, begin: ..."."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


MOST_ENTRIES = 2_000
"""The most entries of one file."""
