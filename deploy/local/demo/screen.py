"""What the demo shows: one moving line in a terminal, plain lines everywhere else."""

import sys
import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.local.demo.era import clock
from deploy.local.demo.player import Progress
from deploy.local.stack import Phase

_PLAIN_EVERY_S = 5.0


class Screen:
    """Everything that is printed goes through here."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._said_at = 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(Text(text))

    def phase(self, phase: Phase) -> None:
        """A step of the start."""
        self.say(f"  {phase.name:<20} {phase.seconds:5.1f} s")

    def moving(self, text: str) -> None:
        """A line that the next one replaces; without a terminal one line every few seconds."""
        if not self._console.is_terminal:
            if time.monotonic() - self._said_at > _PLAIN_EVERY_S:
                self._said_at = time.monotonic()
                self.say("  " + text)
            return
        if self._live is None:
            self._live = Live(console=self._console, transient=True, refresh_per_second=4)
            self._live.start()
        self._live.update(Text("  " + text))

    def still(self) -> None:
        """Take the moving line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def progress(self, progress: Progress) -> None:
        """Where the play stands."""
        share = 100 * progress.sent // max(1, progress.total)
        waiting = f", waiting for people: {progress.waiting_for}" if progress.waiting_for else ""
        self.moving(
            f"2020-{clock(progress.event_time)}  {progress.sent:>7,} readings ({share} %){waiting}"
        )

    def timeline(self, lines: Iterable[str], most: int) -> None:
        """The story, the middle left out when it is long."""
        told = list(lines)
        if len(told) > most:
            cut = len(told) - most
            told = [
                *told[: most // 2],
                f"  ... {cut} lines more in timeline.jsonl",
                *told[-most // 2 :],
            ]
        for line in told:
            self.say(line)

    def summary(self, summary: dict[str, Any]) -> None:
        """Figures and verdicts as two tables."""
        figures = Table(
            "figure", "value", title="Recount of the topics and the database", title_justify="left"
        )
        for name, value in _figures(summary):
            figures.add_row(name, value)
        self._console.print(figures)
        verdicts = Table("promise", "kept", "", title="Checks", title_justify="left")
        for name, kept in summary["checks"].items():
            why = "" if kept else str(summary["reasons"].get(name, ""))[:400]
            mark = Text("true", style="green") if kept else Text("FALSE", style="bold red")
            verdicts.add_row(name, mark, Text(why))
        self._console.print(verdicts)


def _figures(summary: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name in ("readings", "reports", "commands", "acknowledgements", "pages", "answers"):
        yield name, f"{summary[name]:,}"
    for name in ("alarms", "supervision", "dead_letters", "escalations"):
        yield name, _pairs(summary[name])
    yield "alerts by level", _pairs(summary["alerts"]["by_level"])
    yield "alerts by state", _pairs(summary["alerts"]["by_state"])
    for tier, counted in summary["assignments"].items():
        yield f"assignments {tier}", _pairs(counted)
    for name, measured in summary["latency_ms"].items():
        yield f"{name.replace('_', ' ')}, ms", _pairs(measured)
    for name in ("lost", "duplicates_visible", "drill_leaks", "memory_mib", "broker"):
        yield name.replace("_", " "), str(summary[name])


def _pairs(counted: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in counted.items()) or "none"


def complain(text: str) -> None:
    """The one sentence of a failure."""
    print(f"fenghuo: {text}", file=sys.stderr, flush=True)
