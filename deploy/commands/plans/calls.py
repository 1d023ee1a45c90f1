"""`calls`: what is wrong with the settings of how people are called, and what they come to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from shared.contracts.calls import CallPlan, ContactTestPlan
from shared.contracts.fields import Post
from shared.contracts.pages import Channel, Quorum
from shared.definitions.call_plans.pack import CallPack, load
from shared.definitions.yaml_files.findings import Severity
from shared.definitions.yaml_files.screen import Screen
from shared.domain.wording import CHANNELS, POSTS
from shared.runtime.clock import SystemClock

DEFAULT_FOLDER = Path(__file__).parents[3] / "deploy" / "calls"
FAILED = 1


def calls(options: argparse.Namespace, screen: Screen) -> int:
    """Everything that is wrong at once; without errors, each plan in words."""
    pack = load(options.folder or DEFAULT_FOLDER, SystemClock().now())
    for finding in pack.findings:
        screen.line(str(finding), style="red" if finding.severity is Severity.ERROR else "yellow")
    if not pack.errors:
        _explain(pack, screen)
    warnings = len(pack.findings) - len(pack.errors)
    screen.line(
        f"{len(pack.calls)} call plans, {len(pack.tests)} communication tests, "
        f"{len(pack.errors)} errors, {warnings} warnings"
    )
    screen.document(
        {
            "calls": [call.call_id for call in pack.calls],
            "tests": [test.test_id for test in pack.tests],
            "errors": len(pack.errors),
            "warnings": warnings,
            "findings": [str(finding) for finding in pack.findings],
        }
    )
    return FAILED if pack.errors or (options.strict and pack.findings) else 0


def _explain(pack: CallPack, screen: Screen) -> None:
    for plan in pack.calls:
        where = ", ".join(plan.modes) or "every mode (a stricter one takes its share)"
        off = "" if plan.enabled else "  off"
        screen.table(
            f"{plan.call_id}: {', '.join(plan.levels) or 'system'} in {where}{off}",
            ("after", "what"),
            [(f"{at:g} s", channels) for at, channels in timeline(plan)],
        )
        screen.line(f"{plan.call_id}: the calls end when {enough(plan.quorum)} coming")
    for test in pack.tests:
        screen.line(_tested(test))


def enough(quorum: Quorum) -> str:
    """Return who has to be coming before the calls end, in words."""
    match quorum:
        case "any" | 1:
            return "one officer is"
        case "all":
            return "all officers of the unit who are on duty are"
        case tuple():
            return f"one officer of each of these posts is: {', '.join(quorum)};"
        case _:
            return f"{quorum} officers are"


def timeline(plan: CallPlan) -> list[tuple[float, str]]:
    """Return the steps from the first call to the unit above when nobody answers."""
    named = {channel for step in plan.steps for channel in step.channels}
    suffix = " on all other channels" if len(named) < len(CHANNELS) else ""
    results = [(0.0, f"first post{suffix}")]
    results += [(step.after_s, _names(step.channels)) for step in plan.steps]
    at = plan.first_s
    if plan.repeat_s is not None:
        results.append((at, "first post again"))
        at += plan.repeat_s
    for post in list(Post)[1:]:
        results.append((at, " ".join(POSTS[post])))
        at += plan.post_s
    results.append((at, f"the unit above, every {plan.tier_s:g} s one more"))
    return sorted(results, key=lambda item: item[0])


def _names(channels: Sequence[Channel]) -> str:
    return ", ".join(" ".join(CHANNELS[channel]) for channel in channels)


def _tested(test: ContactTestPlan) -> str:
    where = _names(test.channels) if test.channels else "all channels"
    off = "" if test.enabled else "  off"
    return (
        f"{test.test_id}: posts {', '.join(test.posts)} every {test.every_days} days, "
        f"{test.begin:%H:%M} to {test.end:%H:%M} {test.zone}, on {where}{off}"
    )
