"""Requests for silences and maintenance windows."""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alerts.grouping import AlarmRecord, GroupKey, group_key
from services.alerting.core.silences.silence import Silence, SilenceRefusal, change, create
from services.alerting.handlers.alarms import release_alarm
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.alerts import Callee
from shared.contracts.dead_letter import Reason
from shared.contracts.silences import SilenceRequest
from shared.contracts.topics import SILENCES
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(request: SilenceRequest, unit: UnitOfWork) -> None:
    """A request needs its silence with the hidden alarms, and all regions."""
    unit.plan.silence_ids.add(request.silence_id)


@router.subscriber(SILENCES, load=load)
async def handle_silence(
    request: SilenceRequest, unit: UnitOfWork, incoming: InboundMessage
) -> None:
    """Create, extend or end a silence. Raises Reject for a request that is not allowed.

    A period is judged by the moment at which Kafka accepted the request. A change moves the timer
    at the end of a weekly window, so it lets go of what a window that is over has hidden.
    """
    acted_at = incoming.acted_at(unit.now) or unit.now
    existing_silence = unit.silences.get(request.silence_id)
    if existing_silence is not None:
        silence = change(existing_silence, request, acted_at)
    elif request.verb == "create":
        silence = create(request, acted_at)
    else:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"there is no silence {request.silence_id}")
    if isinstance(silence, SilenceRefusal):
        raise Reject(Reason.NOT_ALLOWED, f"{silence}: silence {request.silence_id}")
    await save_silence(silence, request, unit, releases=not silence.is_open(unit.now))


async def save_silence(
    silence: Silence, request: SilenceRequest | None, unit: UnitOfWork, *, releases: bool = False
) -> None:
    """Store a silence; if it has ended or `releases` them, route the alarms that it hid.

    `request` None: the time of the silence has ended it, or the window of a weekly one.
    """
    unit.save_silence(silence, request)
    if silence.ended_at is not None or releases:
        hidden = unit.alerts.hidden_by(silence.silence_id)
        await _release_hidden(silence, hidden, unit)
        unit.save_silence(replace(silence, still_firing=len(hidden)), request)


async def _release_hidden(silence: Silence, hidden: list[AlarmRecord], unit: UnitOfWork) -> None:
    """Route the hidden alarms; each post is called once about several alarms of one danger."""
    called: set[tuple[GroupKey, Callee]] = set()
    for record in hidden:
        assert record.waiting_event is not None, "a hidden alarm waits"
        key = group_key(record.waiting_event)
        posts = silence.calls(record.snapshot.place)
        calls = tuple(post for post in posts if (key, post) not in called)
        if await release_alarm(record, unit, calls):
            called.update((key, post) for post in calls)
