"""`show`: one thing with what belongs to it, or its timeline."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from deploy.commands.console.api import Api
from deploy.commands.console.errors import WrongCall
from deploy.commands.console.lists import (
    Column,
    Row,
    banner,
    field,
    free,
    level,
    moment,
    raw,
    show,
    value,
)
from deploy.commands.console.words import Words
from shared.definitions.yaml_files.screen import Screen, plain


@dataclass(frozen=True)
class Thing:
    """Where a thing is read, its fields, and the tables that come with it: (heading, key, columns)."""

    path: str
    fields: tuple[Column, ...]
    tables: tuple[tuple[str, str, tuple[Column, ...]], ...] = ()
    long: str = "text"
    """The field with free text, shown last and in full."""


def _may(row: Row, words: Words) -> str:
    return ", ".join(str(one) for one in row["may"])


_UNIT = field("unit", "unit_name")
THINGS: dict[str, Thing] = {
    "alt": Thing(
        "/api/alerts/{}",
        (
            field("id", "alert_id"),
            field("status"),
            field("version"),
            value("state", "state", "alert"),
            level(),
            level("proposed", "proposed_level"),
            field("score"),
            field("place", "place_name"),
            free("headline"),
            ("may", _may),
        ),
        (
            (
                "evidence",
                "evidence",
                (
                    field("sensor", "sensor_name"),
                    field("rule", "rule_id"),
                    level(),
                    free("headline"),
                ),
            ),
            (
                "signatures",
                "signatures",
                (_UNIT, value("post", "post", "post"), level(), moment("at", "signed_at")),
            ),
            (
                "commands",
                "commands",
                (field("id", "command_id"), value("state", "state", "command"), free("title")),
            ),
        ),
    ),
    "cmd": Thing(
        "/api/commands/{}",
        (
            field("id", "command_id"),
            field("status"),
            field("version"),
            value("state", "state", "command"),
            level(),
            field("issuer", "issuer_name"),
            field("unit", "root_name"),
            free("title"),
            ("signed", lambda row, _words: f"{row['totals']['signed']}/{row['totals']['total']}"),
            moment("sign_by", "sign_by"),
            moment("finish_by", "finish_by"),
            ("may", _may),
        ),
        (
            (
                "missing",
                "missing",
                (
                    field("id", "assignment_id"),
                    _UNIT,
                    value("state", "state", "assignment"),
                    field("reason"),
                ),
            ),
        ),
        "instruction",
    ),
    "asg": Thing(
        "/api/assignments/{}",
        (
            field("id", "assignment_id"),
            field("status"),
            field("version"),
            value("state", "state", "assignment"),
            level(),
            _UNIT,
            field("issuer", "issuer_name"),
            free("title"),
            moment("sign_by", "sign_by"),
            moment("finish_by", "finish_by"),
            field("reason"),
            ("may", _may),
        ),
        (
            (
                "written",
                "acknowledgements",
                (value("step", "step", "step"), _UNIT, moment("at", "sent_at"), field("text")),
            ),
        ),
        "instruction",
    ),
    "pag": Thing(
        "/api/pages/{}",
        (
            field("id", "page_id"),
            field("status"),
            value("state", "state", "page"),
            level(),
            _UNIT,
            value("post", "post", "post"),
            free("headline"),
            moment("answer_by", "answer_by"),
            value("answer", "answer", "answer"),
        ),
    ),
}
_TIMELINE: tuple[Column, ...] = (
    moment("at", "at"),
    field("what", "kind"),
    field("step", "what"),
    field("tier"),
    field("unit", "unit_name"),
    field("count"),
    field("late"),
)


def thing_of(given: str) -> Thing:
    """What an id names. Raises WrongCall."""
    thing = THINGS.get(given.partition("-")[0])
    if thing is None:
        raise WrongCall(
            f"{plain(given)}: ids begin with {', '.join(f'{thing}-' for thing in THINGS)}"
        )
    return thing


def shown(given: argparse.Namespace, api: Api, screen: Screen, words: Words) -> None:
    """Print one thing."""
    if given.timeline:
        _timeline(given, api, screen, words)
        return
    thing = thing_of(given.id)
    answer = api.get(thing.path.format(given.id))
    if screen.as_json:
        raw(answer.raw)
        return
    body = answer.body
    banner(body["status"], screen, words)
    for heading, cell in thing.fields:
        screen.line(f"{words.heading(heading)}: {cell(body, words)}")
    if body[thing.long]:
        screen.line()
        screen.line(plain(body[thing.long]))
    for heading, key, columns in thing.tables:
        show(heading, columns, body[key], screen, words)


def _timeline(given: argparse.Namespace, api: Api, screen: Screen, words: Words) -> None:
    answer = api.get(f"/api/cases/{given.id}/timeline", after=given.after, limit=given.limit)
    if screen.as_json:
        raw(answer.raw)
        return
    banner(answer.body["status"], screen, words)
    show("timeline", _TIMELINE, answer.body["lines"], screen, words)
    if answer.body["next"]:
        screen.line(words.say("more", next=answer.body["next"]))
