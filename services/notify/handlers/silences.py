"""Silences 静默: their owner is told before they end while alarms that they hold are on."""

from __future__ import annotations

from services.notify.core.subjects.silences import call_about_silence
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.silences import SilenceEvent
from shared.contracts.topics import SILENCE_STATES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(silence: SilenceEvent, unit: UnitOfWork) -> None:
    """Load the escalations about the silence."""
    unit.need_subject(silence.silence_id)


@router.subscriber(SILENCE_STATES, load=load)
async def handle_silence(silence: SilenceEvent, unit: UnitOfWork) -> None:
    """Call the owner of a silence that is about to end, or end the calls."""
    call_about_silence(silence, unit.engine)
