"""What changes something: steps, answers, decisions, orders. One invocation is one act."""

from __future__ import annotations

import argparse
from typing import Any, TextIO

from deploy.commands.console.api import Answer, Api
from deploy.commands.console.errors import WrongCall
from deploy.commands.console.lists import banner, field, raw, show
from deploy.commands.console.words import Words
from shared.contracts.commands import Step
from shared.definitions.yaml_files.screen import Screen

_STEPPED = ("text", "until", "attempt", "units")
_DECIDED = ("reason", "version")
LIFT = "lift"


def step(given: argparse.Namespace, api: Api) -> Answer:
    """A step of the unit or of its issuer on one assignment."""
    body = {name: getattr(given, name) for name in _STEPPED if getattr(given, name)}
    return api.act(
        f"/api/assignments/{given.id}/acknowledgements", {"step": Step(given.verb), **body}
    )


def manage(given: argparse.Namespace, api: Api) -> Answer:
    """An act on a whole command."""
    body = {"version": given.version} if given.version else {}
    return api.act(f"/api/commands/{given.id}/{given.verb}", body)


def answer(given: argparse.Namespace, api: Api) -> Answer:
    """An answer to one's own page."""
    body = {"verb": given.answer, "text": given.text}
    return api.act(f"/api/pages/{given.id}/answers", body)


def decide(given: argparse.Namespace, api: Api) -> Answer:
    """A decision on an alert; approving names the level that is signed, so that none is signed unseen."""
    body: dict[str, Any] = {name: getattr(given, name) for name in _DECIDED if getattr(given, name)}
    if given.level:
        body["level"] = None if given.level == LIFT else given.level
    return api.act(f"/api/alerts/{given.id}/decisions", {"verb": given.verb, **body})


def issue(
    given: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> Answer:
    """Show whom the command reaches, ask for the word, send it to exactly those. Raises WrongCall."""
    selection = {"include": selected(given)}
    preview = api.look("/api/commands/preview", {"selection": selection, "limit": 0}).body
    if not screen.as_json:
        banner(given.status, screen, words)
        reaches = words.say("reaches", n=preview["recipients"], root=preview["root_name"])
        screen.line(reaches, style="bold")
        for heading, key in (("tier", "by_tier"), ("department", "by_department")):
            counts = [{"name": name, "count": n} for name, n in preview[key].items()]
            if counts:
                show("reach", ((heading, field("name")[1]), field("count")), counts, screen, words)
    if not given.yes:
        act = "issue" if given.status == "Actual" else "drill"
        word = f"{words.heading(act)} {preview['recipients']}"
        screen.sentence(words.say("type", word=word))
        if keyboard.readline().strip() != word:
            raise WrongCall(words.say("not_sent"))
    return api.act(
        "/api/commands",
        {
            "selection": selection,
            "event_type": given.event_type,
            "level": given.level,
            "title": given.title,
            "instruction": given.instruction,
            "status": given.status,
            "seen_digest": preview["digest"],
        },
    )


def selected(given: argparse.Namespace) -> list[dict[str, Any]]:
    """The parts of the selection. Raises WrongCall when there is none or one is half said."""
    parts: list[dict[str, Any]] = []
    if (given.subtree or given.department) and not given.tier:
        raise WrongCall("--subtree and --department need --tier: which tiers get it")
    if given.department and len(given.subtree) != 1:
        raise WrongCall("--department needs one --subtree: below which unit")
    if given.department:
        parts.append(
            {
                "kind": "departments",
                "of": given.subtree[0],
                "tiers": given.tier,
                "departments": given.department,
            }
        )
    else:
        parts += [{"kind": "subtree", "of": of, "tiers": given.tier} for of in given.subtree]
    parts += [{"kind": "group", "group": group} for group in given.group]
    if given.unit:
        parts.append({"kind": "units", "units": given.unit})
    if not parts:
        raise WrongCall("name who gets it: --subtree, --department, --group or --unit")
    return parts


def told(answer: Answer, screen: Screen, words: Words) -> None:
    """Say that it is recorded, or that it was before."""
    if screen.as_json:
        raw(answer.raw)
        return
    named = answer.body.get("command_id", answer.body["id"])
    screen.line(words.say("repeated" if answer.body["repeated"] else "recorded", id=named))
