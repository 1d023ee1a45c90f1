"""Where an alarm goes: to an alert, or aside - held back, inhibited, silenced - until its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from services.alerting.core.alert import Alarm, Alert, Flap, graded
from services.alerting.core.board import Board
from services.alerting.core.counts import Counts
from services.alerting.core.facts import Fact
from services.alerting.core.flapping import flaps, quiet
from services.alerting.core.grouping import WAITING, Disposition, Known, merge_alarm, place_alarm
from services.alerting.core.inhibit import LONGER, hold_of, inhibited
from services.alerting.core.lifecycle import revise_alarm, take_alarm
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.silences import Silence, hiding
from services.alerting.ledger import Ledger, words
from services.alerting.store.alerts import Book
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import Callee
from shared.contracts.fields import Status
from shared.domain.response_modes.effective import Modes
from shared.runtime import timers
from shared.runtime.database import Transaction

HOLD = "hold"
"""Kind of the timer at the end of a hold."""
_FLIPS = frozenset({AlarmTransition.RAISED, AlarmTransition.CLEARED})


class Placing:
    """Places alarms in one transaction; `silences` are those that stand, by id; `modes` hold now."""

    def __init__(
        self,
        work: Transaction,
        book: Book,
        board: Board,
        ledger: Ledger,
        counts: Counts,
        silences: Mapping[str, Silence],
        modes: Modes,
    ) -> None:
        self._work = work
        self._book = book
        self._board = board
        self._ledger = ledger
        self._counts = counts
        self._silences = silences
        self._modes = modes
        self._holds: dict[str, tuple[int, datetime] | None] = {}
        self.hidden: Counter[str] = Counter()

    async def place(
        self,
        event: AlarmEvent,
        fact: Fact,
        known: Known | None,
        *,
        waited: bool = False,
        calls: tuple[Callee, ...] = (),
    ) -> bool:
        """Find out what becomes of an alarm, weigh it where it belongs, record it; whether in an alert.

        `waited`: what may inhibit it has had its time.
        """
        own = self._book.alert(known.alert_id) if known is not None else None
        if own is not None and not own.open_or_merged:
            own = None
        disposition = place_alarm(event, known, in_open_alert=own is not None)
        silence_id = known.silence_id if known is not None else None
        if disposition is None:
            disposition, silence_id = self._aside(fact, known, waited)
        # In another alert an alarm begins anew: what it was before says nothing there.
        former = known.alarm if known is not None and own is not None else None
        alarm = merge_alarm(event, fact, former)
        owner = known.alert_id if known is not None else None
        weighed = False
        if own is not None or disposition is None:
            weighed = True
            alert, result, home = await self._take(event, fact, alarm, own, calls)
            owner, disposition = alert.alert_id, disposition or result
            alarm = replace(alarm, home=alarm.home or home)
        waits = disposition in WAITING and disposition is not Disposition.RETROSPECTIVE
        held = event if waits and fact.open else None
        if disposition is not Disposition.SILENCED:
            silence_id = None
        self._book.record_alarm(Known(alarm, fact, owner, disposition, held, silence_id))
        if disposition is not Disposition.HELD:
            self._end_hold(known)
        self._counts.dispositions["alarm", disposition, fact.status] += 1
        return weighed

    async def look_again(self, changed: Fact) -> None:
        """An alarm has changed: what waits for its rule may have to wait longer, or no longer."""
        for waiting in self._book.waiting_for(changed):
            assert waiting.held is not None, "only what is held waits"
            if waiting.fact.alarm_id == changed.alarm_id:
                continue
            silent = self._inhibited(waiting.fact)
            if waiting.disposition is Disposition.HELD:
                if silent:
                    self._book.record_alarm(replace(waiting, disposition=Disposition.INHIBITED))
                    self._end_hold(waiting)
                    counted = "alarm", Disposition.INHIBITED, changed.status
                    self._counts.dispositions[counted] += 1
            elif not silent:
                await self.release(waiting)

    async def release(self, waiting: Known, calls: tuple[Callee, ...] = ()) -> bool:
        """Weigh an alarm that has waited as if it had just come; False: it waits on, nobody is called."""
        assert waiting.held is not None, "only what is held is released"
        bare = replace(waiting, held=None)
        return await self.place(waiting.held, waiting.fact, bare, waited=True, calls=calls)

    async def hold_over(self, alarm_id: str) -> None:
        """The bound of a hold is reached: whatever may inhibit it had time to arrive."""
        known = self._book.known(alarm_id)
        if known is not None and known.held is not None and known.disposition is Disposition.HELD:
            await self.release(known)

    def hold_on(self, alarm_id: str, times: int) -> None:
        """The time of a hold is over, and what may inhibit it may be unread yet: it goes on once more."""
        known = self._book.known(alarm_id)
        if known is not None and known.held is not None and known.disposition is Disposition.HELD:
            self._holds[_hold_of(known.fact)] = times, self._work.now + LONGER

    async def save(self) -> None:
        """Write the timers of what is held back, and take away those of what no longer is."""
        armed = [(hold, HOLD, *until) for hold, until in self._holds.items() if until is not None]
        await timers.arm(self._work, armed, rearm=True)
        over = [hold for hold, until in self._holds.items() if until is None]
        await timers.disarm(self._work, over, [HOLD])

    def _aside(
        self, fact: Fact, known: Known | None, waited: bool
    ) -> tuple[Disposition | None, str | None]:
        """Why this alarm goes to no alert now, and by which silence; None = it does go."""
        if self._inhibited(fact):
            return Disposition.INHIBITED, None
        silence = hiding(self._silences.values(), fact, self._work.now)
        if silence is not None:
            if known is None or known.silence_id != silence.silence_id:
                self.hidden[silence.silence_id] += 1
            return Disposition.SILENCED, silence.silence_id
        hold = hold_of(fact)
        if hold is None or waited:
            return None, None
        if known is None or known.disposition is not Disposition.HELD:
            self._hold(fact, hold)
        return Disposition.HELD, None

    def _hold(self, fact: Fact, hold: timedelta) -> None:
        self._holds[_hold_of(fact)] = 0, self._work.now + hold

    def _end_hold(self, known: Known | None) -> None:
        if known is not None and known.disposition is Disposition.HELD:
            self._holds[_hold_of(known.fact)] = None

    async def _take(
        self,
        event: AlarmEvent,
        fact: Fact,
        alarm: Alarm,
        own: Alert | None,
        calls: tuple[Callee, ...],
    ) -> tuple[Alert, Disposition, str]:
        revised_only = event.transition is AlarmTransition.REVISED
        if own is not None and revised_only and graded(own, event.data_grade) is own:
            revised = revise_alarm(own, alarm)
            if revised is not None:
                self._book.replace(revised)
                return revised, Disposition.JOINED, alarm.home
        flap = self._flap(event, fact)
        return await self._ledger.weigh(
            event,
            own,
            lambda before, home: take_alarm(
                before, replace(alarm, home=alarm.home or home), *words(event), flap
            ),
            calls,
        )

    def _flap(self, event: AlarmEvent, fact: Fact) -> Flap | None:
        if event.transition not in _FLIPS:
            return None
        raises = self._book.raises(fact)
        if self._book.known(event.alarm_id) is None:
            raises = [*raises, fact.began_at]
        if not flaps(raises, event.occurred_at):
            return None
        mode = self._modes.effective(fact.status, fact.place)
        return Flap(event.level, self._work.now + quiet(mode.mode), mode)

    def _inhibited(self, fact: Fact) -> bool:
        return bool(fact.inhibited_by) and inhibited(fact, self._board.known.facts.values())


def _hold_of(fact: Fact) -> str:
    """The subject of a hold's timer: it names the region to lock."""
    region = region_of(fact.status, fact.place)
    return f"{HOLD}:{region.status}|{region.unit}|{fact.alarm_id}"


def held_of(subject: str) -> tuple[Region, str]:
    """The region and the alarm of a hold's timer, by its subject."""
    status, unit, alarm_id = subject.removeprefix(f"{HOLD}:").split("|")
    return Region(Status(status), unit), alarm_id
