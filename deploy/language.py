"""Help of the commands in Chinese and English: one language per reader.

The parsers hold English; `help_zh.json` holds the Chinese sentence for each English one. A test
walks all parsers and fails for a sentence without its Chinese.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from shared.contracts.fields import Language

_CATALOGUE = Path(__file__).with_name("help_zh.json")
_USAGE = "usage: "


def language_of(choice: str | None, environ: Mapping[str, str]) -> Language:
    """Return the chosen language, else that of the locale; Chinese unless the locale is English.

    The locale is the first of LC_ALL, LC_MESSAGES and LANG that is set.
    """
    if choice:
        return Language(choice)
    variables = (environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in variables if name), "")
    return Language.EN if locale.lower().startswith("en") else Language.ZH


@cache
def catalogue() -> dict[str, str]:
    """Return the Chinese sentence of each English one."""
    sentences: dict[str, str] = json.loads(_CATALOGUE.read_text(encoding="utf-8"))
    return sentences


def localize(parser: argparse.ArgumentParser, language: Language) -> argparse.ArgumentParser:
    """Translate the help of a parser and its sub-parsers; returns the parser."""
    if language is Language.ZH:
        for each_parser in parsers_below(parser):
            _translate(each_parser)
    return parser


def parsers_below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parser and the parsers of its verbs, at every depth."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in dict.fromkeys(action.choices.values()):
                yield from parsers_below(verb)


def sentences_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield each English sentence that the help of this parser shows."""
    yield from filter(None, (parser.description, parser.epilog))
    yield from (
        group.title for group in parser._action_groups if group.title and group._group_actions
    )
    for action in parser._actions:
        if action.help and action.help != argparse.SUPPRESS:
            yield action.help
        if isinstance(action, argparse._SubParsersAction):
            yield from (choice.help for choice in action._choices_actions if choice.help)


class _ChineseFormatter(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, catalogue()[_USAGE] if prefix is None else prefix)


def _translate(parser: argparse.ArgumentParser) -> None:
    chinese = catalogue()
    parser.formatter_class = _ChineseFormatter
    parser.description = chinese.get(parser.description or "", parser.description)
    parser.epilog = chinese.get(parser.epilog or "", parser.epilog)
    for group in parser._action_groups:
        group.title = chinese.get(group.title or "", group.title)
    for action in parser._actions:
        action.help = chinese.get(action.help or "", action.help)
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                choice.help = chinese.get(choice.help or "", choice.help)
