"""One call of the command line: arguments in, exit code out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from deploy.commands.console import acts, setup
from deploy.commands.console.api import Answer, Api
from deploy.commands.console.arguments import MANAGE, RECALL, STEPS, parse, parser
from deploy.commands.console.details import shown
from deploy.commands.console.errors import DONE, CliError
from deploy.commands.console.exporting import exported
from deploy.commands.console.lists import field, listed, raw, show, value
from deploy.commands.console.plain_acts import PLAIN, plainly
from deploy.commands.console.watch import Watch
from deploy.commands.console.words import Words
from deploy.language import language_of
from shared.definitions.yaml_files.screen import Screen

__all__ = ["main", "parser"]

_ME = (
    field("officer", "officer_id"),
    field("name"),
    field("unit", "unit_name"),
    value("tier", "tier", "tier"),
    value("post", "post", "post"),
)


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    keyboard: TextIO | None = None,
) -> int:
    """Exit codes: 0 done, 1 refused, 64 a wrong call, 69 no definite answer."""
    screen = Screen()
    try:
        namespace = parse(arguments, environ)
        screen = Screen(namespace.json)
        words = Words(language_of(namespace.lang, environ))
        key = getattr(namespace, "key", None)
        api = Api(setup.base_url(environ), setup.token(environ), key, words.language)
        try:
            _run(namespace, api, screen, words, keyboard or sys.stdin)
        finally:
            api.close()
    except CliError as error:
        screen.sentence(str(error))
        return error.code
    except KeyboardInterrupt:
        return DONE
    return DONE


def _run(
    given: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> None:
    match given.verb:
        case "whoami":
            _whoami(api, screen, words)
        case "list":
            listed(given, api, screen, words)
        case "show":
            shown(given, api, screen, words)
        case "export":
            exported(given, api, screen)
        case "watch":
            Watch(api, screen, words, status=given.status, count=given.count).run(given.after)
        case _:
            acts.told(_act(given, api, screen, words, keyboard), screen, words)


def _act(
    given: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> Answer:
    if given.verb == "issue":
        return acts.issue(given, api, screen, words, keyboard)
    if given.verb in PLAIN:
        return plainly(given, api)
    if given.verb == "answer":
        return acts.answer(given, api)
    if given.verb in MANAGE and given.id.startswith("cmd-"):
        return acts.manage(given, api)
    if given.verb in STEPS or (given.verb == RECALL and given.id.startswith("asg-")):
        return acts.step(given, api)
    return acts.decide(given, api)


def _whoami(api: Api, screen: Screen, words: Words) -> None:
    answer = api.get("/api/me")
    if screen.as_json:
        raw(answer.raw)
    else:
        show("officer", _ME, [answer.body], screen, words)
