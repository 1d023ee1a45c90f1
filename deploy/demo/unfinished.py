"""Subjects that are still open when the scenario does not end, and the last act on each."""

from deploy.demo.city_watch import CityWatch, Json
from deploy.demo.console_client import ConsoleClient
from deploy.demo.officers import WATCH
from deploy.example.units import CITY
from shared.contracts.assignments import AssignmentState

_MOST = 5
"""So many of each kind are named; the rest is counted."""
_ORDER = list(AssignmentState)


async def describe_unfinished(why: str, watch: CityWatch, client: ConsoleClient) -> str:
    """`why`, followed by every open alert, command and assignment with the act last tried on it."""
    parts = [why]
    alerts, commands = watch.open_alerts(), watch.open_commands()
    last = [watch.commands[name] for name in watch.stays_open if name in watch.commands]
    parts += [_with(alert(row), client.tried(row["alert_id"])) for row in alerts[:_MOST]]
    for row in [*commands[:_MOST], *last]:
        parts.append(_with(command(row), client.tried(row["command_id"])))
        missing = await _unfinished(client, row["command_id"])
        if missing is None:
            parts.append("its assignments cannot be had")
            continue
        parts += [_with(assignment(row), client.tried(row["assignment_id"])) for row in missing]
    return "; ".join(parts)


def alert(json: Json) -> str:
    """An alert and who has to do what about it."""
    coming = json["next"]
    waits = f"waits for {coming['verb']} by {coming['unit']}" if coming else "waits for nobody"
    return (
        f"alert {json['alert_id']} of {json['place']} v{json['version']} {json['state']}, {waits}"
    )


def command(json: Json) -> str:
    """A command and how far it has come."""
    totals = json["totals"]
    return (
        f"command {json['command_id']} to {json['root']} v{json['version']} {json['state']}, "
        f"{totals['signed']} signed and {totals['reported']} reported of {totals['total']}"
    )


def assignment(json: Json) -> str:
    """An assignment and where it stands."""
    return (
        f"assignment {json['assignment_id']} of {json['unit']} "
        f"attempt {json['attempt']} {json['state']}"
    )


def _with(text: str, tried: str | None) -> str:
    return f"{text}, last tried: {tried or 'nothing'}"


async def _unfinished(client: ConsoleClient, command_id: str) -> list[Json] | None:
    """Those of a command that are furthest behind; None when the console does not answer."""
    result = await client.get(
        WATCH, "/api/assignments", unit=CITY, subtree=1, command=command_id, open=1, limit=500
    )
    if result is None:
        return None
    rows: list[Json] = result["assignments"]
    return sorted(rows, key=lambda row: _ORDER.index(row["state"]))[:_MOST]
