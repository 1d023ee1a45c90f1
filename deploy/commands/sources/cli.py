"""`list`, `create`, `limit`, `rotate` and `revoke`: entries of the catalogue are published.

Every process of ingest follows the catalogue, so a change holds as soon as it is published. A key
is made here and shown once; the entry has its SHA-256.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from deploy.commands.rules.kafka import NoKafka, bootstrap_of, run
from deploy.commands.sources.options import fields_of, parser
from deploy.commands.sources.words import HEADINGS, SENTENCES, STATES
from deploy.language import language_of, localize
from deploy.local.sources import publish_entries, published
from shared.contracts.fields import Language
from shared.contracts.sources import SourceEntry
from shared.definitions.yaml_files.screen import Screen, moment
from shared.domain import source_changes as changes
from shared.domain.bilingual import in_language
from shared.runtime.clock import SystemClock
from shared.runtime.decoding import explain
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError

_KEY_BYTES = 32
_LONGEST_LIST = 4
"""The most choices of a list in a table."""

__all__ = ["main", "parser"]


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 64 a wrong call, 69 no Kafka."""
    language = language_of(None, os.environ)
    options = localize(parser(), language).parse_args(arguments)
    screen = Screen(options.json)
    try:
        bootstrap = bootstrap_of(options.kafka, options.endpoints)
        present = run(published(bootstrap), bootstrap)
        if options.verb == "list":
            return _list(present, screen, language)
        return _change(options, present.get(options.source), bootstrap, screen, language)
    except NoKafka as problem:
        screen.sentence(str(problem))
        return EXIT_UNAVAILABLE
    except changes.WrongChange as problem:
        screen.sentence(_say(language, problem.args[0], source=options.source))
    except ValidationError as error:
        screen.sentence(_say(language, "wrong", detail=explain(error)[1]))
    except SetupError as problem:
        screen.sentence(str(problem))
    return EXIT_USAGE


def _change(
    options: argparse.Namespace,
    old: SourceEntry | None,
    bootstrap: str,
    screen: Screen,
    language: Language,
) -> int:
    now, key = SystemClock().now(), ""
    match options.verb:
        case "create":
            key = secrets.token_urlsafe(_KEY_BYTES)
            entry = changes.created(old, fields_of(options), key)
        case "limit":
            entry = changes.limited(old, fields_of(options))
        case "rotate":
            key = secrets.token_urlsafe(_KEY_BYTES)
            entry = changes.rotated(old, key, now, timedelta(hours=max(0.0, options.overlap_h)))
        case _:
            entry = changes.revoked(old, older_keys_only=options.older_keys)
    if key and options.key_file:
        _write_key(options.key_file, key, language)
    run(publish_entries(bootstrap, [entry], now), bootstrap)
    screen.line(_say(language, "published", source=entry.source))
    ends = [
        key_hash.until.timestamp() for key_hash in entry.key_hashes if key_hash.until is not None
    ]
    if options.verb == "rotate" and ends:
        screen.line(_say(language, "old_keys", until=moment(max(ends))))
    if key:
        sentence = "key_file" if options.key_file else "key"
        screen.line(_say(language, sentence, key=key, file=options.key_file))
    document = json.loads(entry.model_dump_json(exclude_none=True))
    screen.document(document | ({"key": key} if key and not options.key_file else {}))
    return 0


def _write_key(path: Path, key: str, language: Language) -> None:
    """Write a key to a new file of mode 0600, before its hash is published. Raises SetupError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        sentence = _say(language, "file", file=path, detail=error.strerror)
        raise SetupError(sentence) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key + "\n")


def _list(present: dict[str, SourceEntry], screen: Screen, language: Language) -> int:
    columns = ("source", "name", "owner", "doors", "sensors", "places", "rate", "grade", "keys")
    rows = [_row(entry, language) for _, entry in sorted(present.items())]
    if not rows:
        screen.line(_say(language, "none"))
    heads = [HEADINGS[name].of(language) for name in columns]
    screen.table(HEADINGS["sources"].of(language), heads, rows)
    documents = [
        json.loads(entry.model_dump_json(exclude_none=True)) for _, entry in sorted(present.items())
    ]
    screen.document({"sources": documents})
    return 0


def _row(entry: SourceEntry, language: Language) -> tuple[str, ...]:
    rate = str(entry.per_minute) if entry.per_minute else STATES["no_rate"].of(language)
    return (
        *(entry.source, in_language(entry.name, language), entry.owner),
        *(_short(entry.doors), _short(entry.sensors), _short(entry.places)),
        *(rate, entry.grade.value, _keys(entry, language)),
    )


def _keys(entry: SourceEntry, language: Language) -> str:
    if entry.ended:
        return STATES["ended"].of(language)
    states = [
        STATES["key"].of(language)
        if key.until is None
        else STATES["until"].of(language).format(until=moment(key.until.timestamp()))
        for key in entry.key_hashes
    ]
    return ", ".join(states) or STATES["no_key"].of(language)


def _short(choices: tuple[str, ...]) -> str:
    first = ", ".join(choices[:_LONGEST_LIST])
    more = len(choices) - _LONGEST_LIST
    return f"{first} +{more}" if more > 0 else first or "-"


def _say(language: Language, name: str, **values: object) -> str:
    return SENTENCES[name].of(language).format(**values)
