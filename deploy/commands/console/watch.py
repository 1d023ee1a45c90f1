"""`watch`: the live stream as lines, resumed by id; a cut connection is opened again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from deploy.commands.console.api import Api
from deploy.commands.console.errors import Unreachable
from deploy.commands.console.lists import Row, when
from deploy.commands.console.words import Words, flat
from shared.definitions.yaml_files.screen import COLOURS, Screen
from shared.domain.bilingual import all_in_language

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `id` is the position to resume at, None when it has none."""

    kind: str
    id: int | None
    data: str


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events out of a stream's lines (WHATWG HTML, 9.2.6); comments are passed over.

    An event that the end of the stream cuts short is none.
    """
    kind, sequence, data = "message", None, list[str]()
    for line in lines:
        name, _, content = line.partition(":")
        content = content.removeprefix(" ")
        if not line:
            if data:
                yield Event(kind, sequence, "\n".join(data))
            kind, sequence, data = "message", None, []
        elif name == "event":
            kind = content
        elif name == "data":
            data.append(content)
        elif name == "id" and content.isascii() and content.isdigit():
            sequence = int(content)


class Watch:
    """Prints lines of the feed until `count` of them are shown (None: for ever)."""

    def __init__(
        self,
        api: Api,
        screen: Screen,
        words: Words,
        *,
        status: str | None,
        count: int | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._screen = screen
        self._words = words
        self._status = status
        self._remaining = count
        self._sleep = sleep
        self._pause = _FIRST_PAUSE_S
        self.position: int | None = None

    def run(self, after: int | None = None) -> None:
        """Follow the stream from `after` (None: from now on). Raises Refused, WrongCall."""
        self.position = after
        while self._remaining != 0:
            try:
                self._follow()
            except Unreachable as error:
                self._screen.sentence(str(error))
            if self._remaining != 0:
                seconds = f"{self._pause:.0f}"
                self._screen.sentence(self._words.say("again", seconds=seconds))
                self._sleep(self._pause)
                self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    def _follow(self) -> None:
        with self._api.events(self.position, status=self._status) as lines:
            for event in events(lines):
                self._pause = _FIRST_PAUSE_S
                if event.kind == "line":
                    self._print(event.data)
                if event.kind == "reset":
                    self._screen.sentence(self._words.say("gap"))
                if event.id is not None:
                    self.position = event.id
                if self._remaining == 0:
                    return

    def _print(self, data: str) -> None:
        if self._screen.as_json:
            sys.stdout.write(data + "\n")
            sys.stdout.flush()
        else:
            row: Row = all_in_language(json.loads(data), self._words.language)
            self._screen.line(
                line_of(row, self._words), style=COLOURS.get(str(row.get("level")), "")
            )
        if self._remaining is not None:
            self._remaining -= 1


def line_of(row: Row, words: Words) -> str:
    """One line of the feed in words."""
    kind = row["kind"]
    drill = "" if row["status"] == "Actual" else words.say("drill_banner") + " "
    if row.get("hint"):
        return f"{drill}{words.heading('assignments')} …"
    parts = (
        when(row["at"]),
        flat(kind),
        words.value("level", row["level"]),
        flat(row["unit_name"]),
        flat(row.get("state") or row.get("transition") or row.get("verb")),
        flat(row.get("headline")),
        flat(row["subject_id"]),
    )
    return drill + "  ".join(part for part in parts if part)
