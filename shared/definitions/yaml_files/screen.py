"""Output of commands: tables and progress on a terminal, plain lines in a pipe, JSON for machines.

Text from outside is never read as markup, and its control characters never reach the terminal.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

LOCAL = timezone(timedelta(hours=8))
"""China standard time, in which days are counted."""
COLOURS = {
    "notice": "white",
    "blue": "bright_blue",
    "yellow": "yellow",
    "orange": "dark_orange",
    "red": "bright_red",
}
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PIPE_WIDTH = 2_000
"""A reader of a pipe needs whole ids and titles."""
_LONG = 24
"""A column with a cell wider than this wraps where the screen is narrow; others, and the first,
which names its row, only where there is no room for them at all.
"""
Cell = str | Text


def plain(text: object) -> str:
    """Text that a terminal shows and does not obey."""
    return _HOSTILE.sub("?", str(text))


def moment(seconds: float | None, zone: timezone = LOCAL) -> str:
    """Seconds since 1970 as a local time; `-` for none."""
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def day(seconds: float) -> str:
    """The local day a moment belongs to."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(LOCAL).strftime("%Y-%m-%d")


def span(seconds: float) -> str:
    """A distance in time with its sign: `+1h05m`, `-20s`."""
    sign, remainder = ("-" if seconds < 0 else "+"), abs(round(seconds))
    days, remainder = divmod(remainder, 86_400)
    hours, remainder = divmod(remainder, 3600)
    minutes, remainder = divmod(remainder, 60)
    text = f"{days}d{hours:02}h" if days else f"{hours}h{minutes:02}m" if hours else ""
    return sign + (text or (f"{minutes}m{remainder:02}s" if minutes else f"{remainder}s"))


class Screen:
    """The output of a command. `as_json` = one JSON document instead of any other output."""

    def __init__(self, as_json: bool = False) -> None:
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        self.as_json = as_json
        self._out = Console(
            file=sys.stdout, markup=False, highlight=False, emoji=False, width=width
        )
        self._err = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)

    def line(self, text: Cell = "", style: str = "") -> None:
        """One line, never wrapped, cut or interpreted."""
        if not self.as_json:
            styled = text if isinstance(text, Text) else Text(plain(text), style=style)
            self._out.print(styled, soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A table under its title; nothing without rows."""
        if self.as_json or not rows:
            return
        self._out.print()
        self._out.print(Text(plain(title), style="bold"))
        table = Table(box=None, pad_edge=False)
        cells = [
            [text if isinstance(text, Text) else Text(plain(text)) for text in row] for row in rows
        ]
        widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
        firm = [place == 0 or width <= _LONG for place, width in enumerate(widths)]
        needed = sum(
            width + 1 if is_firm else _LONG for is_firm, width in zip(firm, widths, strict=True)
        )
        for place, name in enumerate(columns):
            table.add_column(
                Text(name.lstrip(">")),
                no_wrap=firm[place] and needed <= self._out.width,
                overflow="fold",
                justify="right" if name.startswith(">") else "left",
            )
        for row in cells:
            table.add_row(*row)
        self._out.print(table)

    def sentence(self, text: str) -> None:
        """Write the reason of a refusal to standard error."""
        sys.stderr.write(f"fenghuo: {plain(text)}\n")

    def document(self, content: Any) -> None:
        """The result for machines."""
        if self.as_json:
            sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n")

    @contextmanager
    def progress(self, title: str, total: float | None) -> Iterator[Bar]:
        """A bar on a terminal's standard error; silent in a pipe."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns, console=self._err, transient=True, disable=not self._err.is_terminal
        ) as progress:
            yield Bar(progress, progress.add_task(plain(title), total=total, note=""))


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def at(self, progress: float, note: str = "") -> None:
        """Show the progress and a note."""
        self._progress.update(self._task, completed=progress, note=plain(note))


def level_text(level: str) -> Text:
    """A level in its colour."""
    return Text(plain(level), style=COLOURS.get(level, ""))
