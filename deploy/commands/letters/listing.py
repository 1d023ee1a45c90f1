"""`list` and `show`: counts and newest letters; one letter with its bytes, made harmless."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.commands.console.words import Words, flat
from deploy.commands.letters.words import HEADINGS, OUTCOMES, SENTENCES
from shared.contracts.dead_letter import DeadLetter
from shared.definitions.yaml_files.screen import Screen
from shared.domain.letters.escaping import escaped
from shared.domain.letters.history import LetterHistory, PlaceHistory
from shared.domain.letters.places import place_of
from shared.domain.letters.selection import bytes_of, sender_of
from shared.domain.local_time import ZONE

_ZONE = ZoneInfo(ZONE)
_GROUP = ("topic", "service", "reason", "state")


@dataclass(slots=True)
class LetterGroup:
    """Letters of one topic, service, reason and state."""

    count: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class LetterListing:
    """Counts of all letters, and the newest `limit` of them."""

    limit: int
    groups: dict[tuple[str, ...], LetterGroup] = field(default_factory=dict)
    newest: list[tuple[datetime, str, dict[str, str]]] = field(default_factory=list)
    count: int = 0

    def add(self, letter: DeadLetter, state: str, sender: str) -> None:
        """Count a letter."""
        self.count += 1
        key = (letter.topic, letter.service, letter.reason.value, state)
        group = self.groups.setdefault(key, LetterGroup(0, letter.refused_at, letter.refused_at))
        group.count += 1
        group.first = min(group.first, letter.refused_at)
        group.last = max(group.last, letter.refused_at)
        row = {
            "place": str(place_of(letter)),
            "service": letter.service,
            "reason": letter.reason.value,
            "state": state,
            "sender": sender,
            "at": letter.refused_at.isoformat(),
            "detail": letter.detail,
            "id": letter.id,
        }
        entry = (letter.refused_at, f"{letter.id}.{self.count}", row)
        if len(self.newest) < self.limit:
            heapq.heappush(self.newest, entry)
        elif self.limit:
            heapq.heappushpop(self.newest, entry)

    def show(self, screen: Screen, words: Words) -> None:
        """Write the counts and the newest letters."""
        groups = sorted(self.groups.items(), key=lambda item: -item[1].count)
        rows = [row for _, _, row in sorted(self.newest, reverse=True)]
        screen.document(
            {
                "count": self.count,
                "groups": [
                    {
                        **dict(zip(_GROUP, key, strict=True)),
                        "count": group.count,
                        "first": group.first.isoformat(),
                        "last": group.last.isoformat(),
                    }
                    for key, group in groups
                ],
                "letters": rows,
            }
        )
        if not self.count:
            screen.line(SENTENCES["none"].of(words.language))
            return
        screen.table(
            heading("counts", words),
            headings((*_GROUP, ">count", "first", "last"), words),
            [
                (*_worded(key, words), str(group.count), _time(group.first), _time(group.last))
                for key, group in groups
            ],
        )
        names = ("place", "service", "reason", "state", "sender", "at", "detail")
        screen.table(
            heading("letters", words),
            headings(names, words),
            [[_cell(name, row, words) for name in names] for row in rows],
        )
        if self.count > len(rows) and rows:
            screen.line(SENTENCES["more"].of(words.language).format(n=len(rows)))


def show_letters(
    letters: Iterable[DeadLetter],
    history: LetterHistory,
    original: str,
    results: Mapping[str, str],
    screen: Screen,
    words: Words,
) -> None:
    """Write all letters of one refused record, its bytes escaped, and the acts on it."""
    documents: list[dict[str, Any]] = []
    for letter in letters:
        place = place_of(letter)
        act, state = history.of(place), history.state(place)
        value = bytes_of(letter.value_b64)
        pairs = [
            ("id", letter.id),
            ("place", str(place)),
            ("service", letter.service),
            ("reason", f"{words.value('letter_reason', letter.reason)} ({letter.reason})"),
            ("detail", letter.detail),
            ("at", _time(letter.refused_at)),
            ("sender", sender_of(letter)),
            ("key", escaped(bytes_of(letter.key_b64))),
            *(("header", f"{name}: {text}") for name, text in letter.headers),
            ("cut", ", ".join(letter.cut)),
            ("original", SENTENCES[original].of(words.language)),
            ("state", words.value("letter_state", state)),
            *_acts(act, words),
            *(("outcome", _result(name, text, words)) for name, text in results.items()),
        ]
        screen.line()
        for name, text in pairs:
            if text:
                screen.line(f"{heading(name, words)}: {flat(text)}")
        size = "-" if value is None else f"{len(value)} {heading('bytes', words)}"
        screen.line(f"{heading('value', words)}: {size}")
        screen.line(escaped(value))
        documents.append(
            {
                **json.loads(letter.to_wire()),
                "state": state.value,
                "original": original,
                "act": None if act is None else _act_document(act),
                "outcomes": dict(results),
            }
        )
    screen.document(documents)


def heading(name: str, words: Words) -> str:
    """Return a heading in the language of the reader."""
    return HEADINGS[name].of(words.language)


def headings(names: Iterable[str], words: Words) -> list[str]:
    """Return headings; `>` marks a column of numbers."""
    return [name[: name.startswith(">")] + heading(name.lstrip(">"), words) for name in names]


def _cell(name: str, row: Mapping[str, str], words: Words) -> str:
    match name:
        case "reason" | "state":
            return words.value(f"letter_{name}", row[name])
        case "at":
            return _time(datetime.fromisoformat(row[name]))
        case _:
            return flat(row[name])


def _worded(key: tuple[str, ...], words: Words) -> tuple[str, ...]:
    topic, service, reason, state = key
    kinds = (words.value("letter_reason", reason), words.value("letter_state", state))
    return (topic, flat(service), *kinds)


def _acts(history: PlaceHistory | None, words: Words) -> list[tuple[str, str]]:
    if history is None:
        return []
    act = history.act
    verb = words.value("letter_verb", act.verb)
    pairs = [("act", f"{verb}  {_time(act.at)}  {act.actor}  {act.reason}")]
    if history.target is not None:
        pairs.append(("act", f"→ {history.target[0]}@{history.target[1]}"))
    return pairs


def _result(service: str, result: str, words: Words) -> str:
    sentence = OUTCOMES.get(result)
    if sentence is None:
        return f"{service}: {words.value('letter_reason', result)} ({result})"
    return f"{service}: {sentence.of(words.language)}"


def _act_document(history: PlaceHistory) -> dict[str, Any]:
    act = history.act
    return {
        "verb": act.verb.value,
        "actor": act.actor,
        "reason": act.reason,
        "at": act.at.isoformat(),
        "target": history.target,
    }


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}"
