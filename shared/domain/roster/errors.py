"""What is wrong with a file of a duty plan: everything at once, each with its line or event."""

from __future__ import annotations

from collections.abc import Sequence


class DutyFileError(ValueError):
    """A file that cannot be taken; nothing of it was. `problems`: "line 3, begin: ..."."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


MOST_ENTRIES = 2_000
"""So many entries one file may hold."""
