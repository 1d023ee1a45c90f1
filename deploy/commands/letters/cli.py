"""The verbs of `fenghuo letters`. Each gets what was typed and returns an exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer

from deploy.commands.console.words import Words, flat
from deploy.commands.letters import correction
from deploy.commands.letters.acts import Operator, letter_writer
from deploy.commands.letters.errors import LetterError
from deploy.commands.letters.listing import LetterListing, show_letters
from deploy.commands.letters.options import parser
from deploy.commands.letters.originals import is_of, read_originals
from deploy.commands.letters.outcome import outcomes
from deploy.commands.letters.replay import LetterWork, ReplayOutcome
from deploy.commands.letters.words import OUTCOMES, SENTENCES
from deploy.commands.rules.kafka import NoKafka, bootstrap_of, run
from deploy.language import language_of, localize
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.letter_acts import LetterVerb
from shared.contracts.topics import TOPICS, TopicSpec
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.domain.letters.history import REPLAYABLE, LetterHistory, LetterState
from shared.domain.letters.places import RefusedPlace, parse_place, place_of
from shared.domain.letters.selection import LetterSelection, bytes_of, sender_of
from shared.runtime.clock import SystemClock
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError
from shared.runtime.letter_log import letter_reader, read_history, read_letters

__all__ = ["main", "parser"]

FAILED = 1
_FINE = frozenset({ReplayOutcome.SENT, ReplayOutcome.SET_ASIDE, ReplayOutcome.DONE_BEFORE})


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 done, 1 not everything could be done, 64 a wrong call, 69 no Kafka."""
    language = language_of(None, os.environ)
    namespace = localize(parser(), language).parse_args(arguments)
    screen, words = Screen(namespace.json), Words(language)
    verbs = {"list": list_letters, "show": show, "fix": fix, "replay": act, "set-aside": act}
    try:
        bootstrap = bootstrap_of(namespace.kafka, namespace.endpoints)
        return run(verbs[namespace.verb](namespace, bootstrap, screen, words), bootstrap)
    except LetterError as error:
        screen.sentence(error.sentence.of(language))
        return FAILED
    except NoKafka as error:
        screen.sentence(str(error))
        return EXIT_UNAVAILABLE
    except SetupError as error:
        screen.sentence(str(error))
        return EXIT_USAGE


async def list_letters(
    options: argparse.Namespace, bootstrap: str, screen: Screen, words: Words
) -> int:
    """Count the letters that have all marks, and list the newest."""
    selection, listing = _selection(options), LetterListing(options.limit)
    async with letter_reader(bootstrap) as reader:
        history = await read_history(reader)
        async for _, letters in _selected(reader, selection, history):
            for letter in letters:
                state = history.state(place_of(letter))
                listing.add(letter, state.value, sender_of(letter))
    listing.show(screen, words)
    return 0


async def show(options: argparse.Namespace, bootstrap: str, screen: Screen, words: Words) -> int:
    """Show all letters of one refused record."""
    async with letter_reader(bootstrap) as reader:
        history = await read_history(reader)
        spec, letters = await _letters_at(reader, options.place)
        place = place_of(letters[0])
        originals = await read_originals(reader, spec, place.partition, [place.offset])
        original = originals.get(place.offset)
        name = "no_original"
        if original is not None:
            name = "is_original" if is_of(letters[0], original) else "not_original"
        results = {}
        if (past := history.of(place)) is not None:
            results = await outcomes(bootstrap, reader, spec, past)
    show_letters(letters, history, name, results, screen, words)
    return 0


async def fix(options: argparse.Namespace, bootstrap: str, screen: Screen, words: Words) -> int:
    """Store a corrected body; a replay sends it. Raises LetterError."""
    async with letter_reader(bootstrap) as reader:
        history = await read_history(reader)
        spec, letters = await _letters_at(reader, options.place)
        letter = letters[0]
        place = place_of(letter)
        state, past = history.state(place), history.of(place)
        if state is LetterState.SET_ASIDE or (past is not None and past.has_begun):
            worded = words.value("letter_state", state)
            raise LetterError(_sentence("acted", place=place, state=worded))
        records = await read_originals(reader, spec, place.partition, [place.offset])
        record = records.get(place.offset)
        if record is not None and not is_of(letter, record):
            raise LetterError(OUTCOMES["forged"])
        original = bytes_of(letter.value_b64) if record is None else record.value
        key = bytes_of(letter.key_b64) if record is None else record.key
        correction.check_fixable(spec, original)
        body = _corrected(options, original)
        new_key = correction.check_body(spec, original, body, key)
        if (body, new_key) == (original, key):
            raise LetterError(SENTENCES["unchanged"])
        async with letter_writer(bootstrap) as writer:
            encoded = correction.encoded(new_key), correction.encoded(body)
            operator = _operator(options)
            await writer.write(
                operator.act(
                    LetterVerb.FIX,
                    place.topic,
                    place.partition,
                    [place.offset],
                    SystemClock().now(),
                    key_b64=encoded[0],
                    value_b64=encoded[1],
                )
            )
    screen.line(SENTENCES["fixed"].of(words.language).format(place=place))
    screen.document({"fixed": str(place)})
    return 0


async def act(options: argparse.Namespace, bootstrap: str, screen: Screen, words: Words) -> int:
    """Replay letters or set them aside: those at the places, or those with all marks."""
    selection = _selection(options)
    if not options.places and selection == LetterSelection():
        raise SetupError(SENTENCES["no_filter"].of(words.language))
    places = [_place(text) for text in options.places]
    if not selection.states:
        selection = _selection(options, REPLAYABLE if not places else frozenset(LetterState))
    async with (
        letter_reader(bootstrap) as letter_source,
        letter_reader(bootstrap) as reader,
        letter_writer(bootstrap) as writer,
    ):
        history = await read_history(reader)
        work = LetterWork(
            reader,
            writer,
            history,
            _operator(options),
            SystemClock(),
            getattr(options, "rate", 1.0),
            getattr(options, "from_letter", False),
        )
        count, handle = 0, work.replay if options.verb == "replay" else work.set_aside
        async for spec, letters in _selected(letter_source, selection, history, places):
            count += len(letters)
            if not options.dry_run:
                await handle(spec, letters)
    if options.dry_run:
        screen.line(SENTENCES["would"].of(words.language).format(n=count))
    elif not count:
        screen.line(SENTENCES["none"].of(words.language))
    for outcome, number in sorted(work.counts.items()):
        screen.line(f"{number:>8} {OUTCOMES[outcome].of(words.language)}")
    screen.document({"selected": count, **{name.value: n for name, n in work.counts.items()}})
    return 0 if work.counts.keys() <= _FINE else FAILED


async def _selected(
    reader: AIOKafkaConsumer,
    selection: LetterSelection,
    history: LetterHistory,
    places: Sequence[RefusedPlace] = (),
) -> AsyncIterator[tuple[TopicSpec, list[DeadLetter]]]:
    """Yield the selected letters, topic by topic, in batches of one partition."""
    exact = frozenset(places)
    topics = selection.topics or {place.topic for place in places} or TOPICS.keys()
    for spec in TOPICS.values():
        if spec.name not in topics or not spec.dead_letters:
            continue
        async for batch in read_letters(reader, spec, selection.since):
            letters = [
                letter
                for letter, _ in batch
                if (not exact or place_of(letter) in exact)
                and selection.selects(letter, history.state(place_of(letter)), sender_of(letter))
            ]
            if letters:
                yield spec, letters


async def _letters_at(reader: AIOKafkaConsumer, text: str) -> tuple[TopicSpec, list[DeadLetter]]:
    """Return all letters of the refused record that a place or an id names. Raises LetterError."""
    place = parse_place(text)
    for spec in TOPICS.values():
        if not spec.dead_letters or (place is not None and place.topic != spec.name):
            continue
        letters: list[DeadLetter] = []
        async for batch in read_letters(reader, spec):
            for letter, _ in batch:
                if place is None and letter.id == text:
                    return await _letters_at(reader, str(place_of(letter)))
                if place_of(letter) == place:
                    letters.append(letter)
        if letters:
            return spec, letters
    raise LetterError(_sentence("no_letter", place=flat(text)))


def _place(text: str) -> RefusedPlace:
    place = parse_place(text)
    if place is None:
        raise LetterError(_sentence("no_place", text=flat(text)))
    return place


def _corrected(options: argparse.Namespace, original: bytes | None) -> bytes:
    if options.body is not None:
        try:
            body: bytes = options.body.read_bytes()
        except OSError as error:
            raise SetupError(f"{options.body}: {error.strerror}") from None
        return body.strip()
    if options.set or options.unset:
        return correction.set_fields(original, options.set, options.unset)
    return correction.edit(original)


def _selection(
    options: argparse.Namespace, states: frozenset[LetterState] = frozenset()
) -> LetterSelection:
    return LetterSelection(
        frozenset(options.topic),
        frozenset(options.service),
        frozenset(options.reasons),
        frozenset(LetterState(name) for name in options.state) or states,
        options.sender,
        options.since,
        options.until,
    )


def _operator(options: argparse.Namespace) -> Operator:
    return Operator(options.by, options.unit, options.why)


def _sentence(name: str, **parts: object) -> Bilingual:
    return Bilingual(*(text.format(**parts) for text in SENTENCES[name]))
