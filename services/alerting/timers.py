"""Durable timers of alerting: holds, silences, alerts (validity, debt, flapping), episodes.

What a timer is about shows in its subject, so that it can be locked before it is claimed. A timer that
has been overtaken changes nothing: each step looks at the state first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from services.alerting.core import debt, validity
from services.alerting.core.alert import Alert
from services.alerting.core.episode import Cause, EpisodeKey
from services.alerting.core.inhibit import LONGER, MOST_TIMES
from services.alerting.core.lifecycle import calm
from services.alerting.core.outcome import Change
from services.alerting.core.records import origin_of_timer
from services.alerting.core.scopes import Region
from services.alerting.placing import HOLD, held_of
from services.alerting.scene import Needs, Scene
from services.alerting.store import evidence as store
from services.alerting.store.alerts import ALERT_TIMERS, Book, regions_of
from services.alerting.store.evidence import EXPIRY
from services.alerting.store.kept import Kept
from services.alerting.store.silences import SILENCE, silence_of_subject
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.domain.response_modes.effective import Modes
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer, arm

CaughtUp = Callable[[datetime], bool]
"""Whether all alarms that Kafka took before a moment have been applied."""


async def lock(work: Transaction, subjects: Collection[str]) -> None:
    """Lock what these timers are about, in the order of all locks."""
    needs = _needs(subjects)
    needs.regions |= await regions_of(work, needs.regrouped)
    await store.lock(work, needs.regions, defines=bool(needs.silences))
    if needs.alerts:
        await Book(work).load((), (), needs.alerts, (), ())


async def fire(
    work: Transaction, due: Sequence[Timer], modes: Modes, kept: Kept, caught_up: CaughtUp
) -> Scene:
    """Act on timers that have come due; what has changed is still to be saved.

    The timer of an episode waits until all alarms that Kafka took before its hour have been applied.
    """
    timers = {timer for timer in due if timer.kind == EXPIRY and not caught_up(timer.due_at)}
    later = work.now + LONGER
    await arm(
        work, [(timer.subject_id, timer.kind, timer.rung, later) for timer in timers], rearm=True
    )
    due = [timer for timer in due if timer not in timers]
    scene = await Scene.set(work, _needs([timer.subject_id for timer in due]), modes, kept=kept)
    for timer in due:
        if timer.kind == HOLD:
            alarm_id = held_of(timer.subject_id)[1]
            if timer.rung < MOST_TIMES and not caught_up(timer.due_at):
                scene.batch.placing.hold_on(alarm_id, timer.rung + 1)
            else:
                await scene.batch.placing.hold_over(alarm_id)
        elif timer.kind == SILENCE:
            await scene.batch.silence_over(silence_of_subject(timer.subject_id))
        elif timer.kind == EXPIRY:
            key = _key(timer.subject_id)
            cause = content_id("tmr", key.text)
            scene.board.expire(key, Cause(cause, cause, work.now, work.now))
        elif timer.kind in ALERT_TIMERS:
            await _alert(scene, timer, work.now)
        else:
            raise ValueError(f"nothing is known about a timer {timer.kind}")
    scene.batch.tell()
    return scene


async def _alert(scene: Scene, timer: Timer, now: datetime) -> None:
    alert = scene.book.alert(timer.subject_id)
    change = _step(alert, timer.kind, now) if alert is not None else None
    if alert is None or change is None:
        return
    origin = origin_of_timer(
        timer.kind, alert.alert_id, timer.due_at, alert.place, alert.incident_id
    )
    scene.batch.ledger.commit(change, origin)
    follower = validity.again(change.alert) if timer.kind == "validity" else None
    if follower is not None:
        await scene.batch.ledger.enter(follower, origin)


def _step(alert: Alert, kind: str, now: datetime) -> Change | None:
    match kind:
        case "validity":
            return validity.expire(alert, now)
        case "debt":
            return debt.chase(alert, now)
        case _:
            quiet = alert.open_or_merged and alert.flap is not None and alert.flap.until <= now
            return calm(alert) if quiet else None


def _needs(subjects: Collection[str]) -> Needs:
    needs = Needs()
    for subject in subjects:
        if subject.startswith(f"{HOLD}:"):
            region, alarm_id = held_of(subject)
            needs.regions.add(region)
            needs.waiting.add(alarm_id)
        elif subject.startswith(f"{SILENCE}:"):
            needs.silences.add(silence_of_subject(subject))
        elif "|" in subject:
            key = _key(subject)
            needs.regions.add(key.region)
            needs.episodes.add(key)
        else:
            needs.alerts.add(subject)
            needs.regrouped.add(subject)  # what follows an expired alert has its evidence
    return needs


def _key(subject: str) -> EpisodeKey:
    """The episode of a timer; the reverse of EpisodeKey.text."""
    rule_id, status, unit, scope = subject.split("|", 3)
    return EpisodeKey(rule_id, Region(Status(status), unit), scope)
