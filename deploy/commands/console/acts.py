"""Commands that change something: steps, answers, decisions, orders. One invocation is one act."""

from __future__ import annotations

import argparse
from typing import Any, TextIO

from deploy.commands.console.api import Answer, Api
from deploy.commands.console.errors import WrongCall
from deploy.commands.console.lists import banner, field, raw, show
from deploy.commands.console.words import Words
from shared.contracts.assignments import Step
from shared.contracts.fields import Language
from shared.definitions.yaml_files.screen import Screen

_STEPPED = ("text", "until", "attempt", "units")
_DECIDED = ("reason", "version")
LIFT = "lift"
WORDS = ("headline", "description", "instruction")


def step(options: argparse.Namespace, api: Api) -> Answer:
    """Send a step of the unit or of the issuer on an assignment."""
    body = {name: getattr(options, name) for name in _STEPPED if getattr(options, name)}
    return api.act(
        f"/api/assignments/{options.id}/acknowledgements", {"step": Step(options.verb), **body}
    )


def manage(options: argparse.Namespace, api: Api) -> Answer:
    """Send an act on a command."""
    body = {"version": options.version} if options.version else {}
    return api.act(f"/api/commands/{options.id}/{options.verb}", body)


def answer(options: argparse.Namespace, api: Api) -> Answer:
    """Answer a page of the officer, or all waiting pages about its matter. Raises WrongCall."""
    body: dict[str, Any] = {"verb": options.answer, "text": options.text}
    if options.minutes:
        body["in_minutes"] = options.minutes
    if options.to:
        body["hand_to"] = _colleague(options.id, options.to, api)
    if options.whole_matter:
        body["whole_matter"] = True
    return api.act(f"/api/pages/{options.id}/answers", body)


def _colleague(page_id: str, person: str, api: Api) -> str:
    """Return the id of the officer on duty with this name or id. Raises WrongCall."""
    colleagues = api.get(f"/api/pages/{page_id}/colleagues").body["colleagues"]
    matches = [item for item in colleagues if person in (item["name"], item["officer_id"])]
    if len(matches) == 1:
        return str(matches[0]["officer_id"])
    choices = ", ".join(
        f"{item['officer_id']} ({item['unit_name']} {item['name']})"
        for item in matches or colleagues
    )
    raise WrongCall(f"--to fits {len(matches)} officers on duty; choose one of: {choices}")


def decide(options: argparse.Namespace, api: Api) -> Answer:
    """Send a decision on an alert; an approval names the signed level, so no level is signed
    unseen.
    """
    body: dict[str, Any] = {
        name: getattr(options, name) for name in _DECIDED if getattr(options, name)
    }
    if options.level:
        body["level"] = None if options.level == LIFT else options.level
    return api.act(f"/api/alerts/{options.id}/decisions", {"verb": options.verb, **body})


def word(options: argparse.Namespace, api: Api) -> Answer:
    """Write the words of an alert, to be signed with its level."""
    words: dict[str, Any] = {
        name: {language: getattr(options, f"{name}_{language}") for language in Language}
        for name in WORDS
    }
    words |= {"areas": options.areas, "contact": options.contact}
    if options.until:
        words["valid_until"] = options.until
    body: dict[str, Any] = {"verb": "word", "wording": words}
    if options.version:
        body["version"] = options.version
    return api.act(f"/api/alerts/{options.id}/decisions", body)


def issue(
    options: argparse.Namespace, api: Api, screen: Screen, words: Words, keyboard: TextIO
) -> Answer:
    """Show the recipients of the command, ask for confirmation, send the command to exactly these.

    Raises WrongCall.
    """
    reach = {"selection": {"include": selection_of(options)}, "assist": _assist_of(options)}
    preview = api.look("/api/commands/preview", {**reach, "limit": 0}).body
    if not screen.as_json:
        banner(options.status, screen, words)
        reaches = words.say("reaches", n=preview["recipients"], root=preview["root_name"])
        screen.line(reaches, style="bold")
        for heading, key in (("tier", "by_tier"), ("department", "by_department")):
            counts = [{"name": name, "count": n} for name, n in preview[key].items()]
            if counts:
                show("reach", ((heading, field("name")[1]), field("count")), counts, screen, words)
    if not options.yes:
        act = "issue" if options.status == "Actual" else "drill"
        word = f"{words.heading(act)} {preview['recipients']}"
        screen.sentence(words.say("type", word=word))
        if keyboard.readline().strip() != word:
            raise WrongCall(words.say("not_sent"))
    return api.act(
        "/api/commands",
        {
            **reach,
            "event_type": options.event_type,
            "level": options.level,
            "title": options.title,
            "instruction": options.instruction,
            "sign_by": options.sign_by,
            "finish_by": options.finish_by,
            "status": options.status,
            "seen_digest": preview["digest"],
        },
    )


def selection_of(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the parts of the selection. Raises WrongCall for an empty or incomplete selection."""
    parts: list[dict[str, Any]] = []
    if (options.subtree or options.department) and not options.tier:
        raise WrongCall("--subtree and --department need --tier: which tiers get it")
    if options.department and len(options.subtree) != 1:
        raise WrongCall("--department needs one --subtree: below which unit")
    if options.department:
        parts.append(
            {
                "kind": "departments",
                "of": options.subtree[0],
                "tiers": options.tier,
                "departments": options.department,
            }
        )
    else:
        parts += [{"kind": "subtree", "of": of, "tiers": options.tier} for of in options.subtree]
    parts += [{"kind": "group", "group": group} for group in options.group]
    if options.unit:
        parts.append({"kind": "units", "units": options.unit})
    if not parts:
        raise WrongCall("name who gets it: --subtree, --department, --group or --unit")
    return parts


def _assist_of(options: argparse.Namespace) -> dict[str, Any] | None:
    """Return the selection of the assisting units, or None."""
    parts: list[dict[str, Any]] = [
        {"kind": "group", "group": group} for group in options.assist_group
    ]
    if options.assist:
        parts.append({"kind": "units", "units": options.assist})
    return {"include": parts} if parts else None


def _show_results(results: list[dict[str, Any]], screen: Screen, words: Words) -> None:
    """Print the outcome of each assignment, by the name of its unit."""
    for result in results:
        named = " ".join(filter(None, (result["unit_name"], result["assignment_id"])))
        if result["reason"] is not None:
            screen.line(words.say("refused", id=named, reason=result["reason"]), style="bold red")
        else:
            key = "repeated" if result["repeated"] else "recorded"
            screen.line(words.say(key, id=named))


def show_answer(answer: Answer, screen: Screen, words: Words) -> None:
    """Print whether the act is newly recorded or was recorded before."""
    if screen.as_json:
        raw(answer.raw)
        return
    if "results" in answer.body:
        _show_results(answer.body["results"], screen, words)
        return
    named = answer.body.get("command_id", answer.body["id"])
    screen.line(words.say("repeated" if answer.body["repeated"] else "recorded", id=named))
