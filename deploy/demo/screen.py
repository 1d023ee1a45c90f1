"""Output of the demo: one moving line in a terminal, plain lines everywhere else."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from deploy.demo.demo_clock import clock
from deploy.demo.player import Progress
from deploy.local.stack import Phase

_PLAIN_EVERY_S = 5.0
_SILENT_S = 8.0
"""Nobody waits longer than this without a line."""
_WIDTH = 110


class Screen:
    """Everything that is printed goes through here."""

    def __init__(self, silent_s: float = _SILENT_S) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._silent_s = silent_s
        self._said_at = time.monotonic()
        self._under_way = ""
        self._since = self._said_at

    def say(self, text: str) -> None:
        """A line that stays."""
        self._said_at = time.monotonic()
        self._console.print(Text(text))

    def phase(self, phase: Phase) -> None:
        """A step of the start."""
        self.say(f"  {phase.name:<20} {phase.seconds:5.1f} s")

    def show_step(self, step: str) -> None:
        """Name the current step, for the line that breaks a silence."""
        self._under_way, self._since = step, time.monotonic()

    @contextmanager
    def never_silent(self) -> Iterator[None]:
        """Print the current step every few seconds while nothing else is printed.

        A thread of its own: the recount keeps the event loop busy for seconds.
        """
        over = threading.Event()
        thread = threading.Thread(target=self._break_silence, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _break_silence(self, over: threading.Event) -> None:
        while not over.wait(min(0.5, self._silent_s)):
            now = time.monotonic()
            if self._live is None and now - self._said_at >= self._silent_s and self._under_way:
                self.say(f"  {self._under_way} ({now - self._since:.0f} s)")

    def moving(self, text: str) -> None:
        """Print a line that the next line replaces; without a terminal a line every few seconds."""
        if not self._console.is_terminal:
            if time.monotonic() - self._said_at > _PLAIN_EVERY_S:
                self.say("  " + text)
            return
        if self._live is None:
            self._live = Live(console=self._console, transient=True, refresh_per_second=4)
            self._live.start()
        self._live.update(Text("  " + text))

    def clear(self) -> None:
        """Take the moving line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def progress(self, progress: Progress) -> None:
        """Show the position of the scenario."""
        share = 100 * progress.sent // max(1, progress.total)
        waiting = f", waiting for people: {progress.waiting_for}" if progress.waiting_for else ""
        self.moving(
            f"2020-{clock(progress.event_time)}  {progress.sent:>7,} readings ({share} %){waiting}"
        )

    def timeline(self, lines: Iterable[str], most: int) -> None:
        """Print the timeline; a long timeline without its middle."""
        texts = list(lines)
        if len(texts) > most:
            cut = len(texts) - most
            texts = [
                *texts[: most // 2],
                f"  ... {cut} lines more in timeline.jsonl",
                *texts[-most // 2 :],
            ]
        for line in texts:
            self.say(line)

    def verdict(self, summary: dict[str, Any], where: str) -> None:
        """Print the verdict in ten lines at most."""
        for line in verdict(summary, where):
            self.say(line)


def verdict(summary: dict[str, Any], where: str) -> list[str]:
    """Return the verdict as lines for people, ten at most; the file `where` has ids and reasons."""
    checks: dict[str, bool] = summary["checks"]
    passed = [name for name, holds in checks.items() if holds]
    failed = [name for name, holds in checks.items() if not holds]
    figures = ", ".join(
        f"{summary[name]:,} {name}" for name in ("readings", "reports", "commands", "pages")
    )
    faults = ", ".join(f"{fault['victim']} {fault['away_s']} s" for fault in summary["faults"])
    return [
        f"\nVerdict: {len(passed)} of {len(checks)} checks hold, {len(failed)} fail "
        f"({summary['scenario_s']:.0f} s, {summary['broker']})",
        *_listed("FAILED", failed, 2),
        *_listed("held", passed, 4),
        f"  {figures}: lost {summary['lost']}, visible twice {summary['duplicates_visible']}, "
        f"leaks of the drill {summary['drill_leaks']}, "
        f"against AsyncAPI {summary['asyncapi_invalid']} of {summary['asyncapi_records']:,}",
        *([f"  faults, and how long each part was away: {faults}"] if faults else []),
        f"  every figure, reason and id: {where}",
    ]


def _listed(mark: str, names: list[str], most: int) -> list[str]:
    """`mark (count): names` in `most` lines, the rest counted."""
    if not names:
        return []
    head = f"  {mark} ({len(names)}): "
    lines = wrap(", ".join(names), _WIDTH, initial_indent=head, subsequent_indent="    ")
    if len(lines) > most:
        lines = [*lines[:most]]
        lines[-1] += " ..."
    return lines


def complain(text: str) -> None:
    """The one sentence of a failure."""
    print(f"fenghuo: {text}", file=sys.stderr, flush=True)
