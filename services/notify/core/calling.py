"""The life of one calling: opened, answered, handed over, promised, unanswered, unreachable, exhausted.

Every way on ends in a placed call with its timer, or in a ladder that is over or exhausted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.notify.core import answers, ladders, marks, plan, wording
from services.notify.core.answers import Ending, Refusal
from services.notify.core.book import Book, PageLine
from services.notify.core.call_rules import CallRule, CallRules
from services.notify.core.digests.states import DigestStep
from services.notify.core.ladders import Ladder, LadderState, LadderStep
from services.notify.core.names import Names
from services.notify.core.plan import Call, Position
from services.notify.core.priority import priority
from services.notify.core.profiles import MOST_LAPSES, Timing
from services.notify.core.roster import Roster, Seat
from services.notify.core.states import PageStep
from shared.contracts.ids import content_id
from shared.contracts.pages import MOST_CALLS, Answer, Channel, PageState
from shared.contracts.units import lineage
from shared.domain.bilingual import Both
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.effects import EFFECTS

SETTLED = "无需答复：事项已处理。"
REPLACED = "无需答复：已有新的通知。"
RECALLED = "无需答复：所依据的预警已撤回。"
TAKEN = "无需答复：已有人应答。"
TESTED = "通信测试已结束。"
PASSED_ON = "摘要已结束：其中各事项按各自时限继续呼叫。"


class Refused(Exception):
    """The answer does not count; nothing was changed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Caller:
    """Opens ladders in one Book and moves them on."""

    def __init__(
        self, roster: Roster, calls: CallRules, modes: Modes, book: Book, names: Names
    ) -> None:
        self._roster = roster
        self._calls = calls
        self._modes = modes
        self._book = book
        self._names = names

    def open(
        self,
        ladder: Ladder,
        seats: list[Seat],
        running: Ladder | None = None,
        at: Seat | None = None,
        named_after: str | None = None,
        *,
        recalled: bool = False,
    ) -> None:
        """Open a ladder and make its first call, where `running` stands or at the seat `at`.

        One cause has one ladder per unit where it starts, unless it is `named_after` a person.
        """
        ladder.ladder_id = content_id("lad", ladder.cause_id, named_after or ladder.start_unit)
        mode = self._modes.effective(ladder.status, ladder.start_unit)
        ladder.mode, ladder.mode_version, ladder.mode_unit = mode.mode, mode.version, mode.unit
        ladder.priority = priority(ladder.status, ladder.level, recalled=recalled)
        if not self._book.open(ladder):
            return
        timing, crew = self._timing(ladder), EFFECTS[ladder.mode].crew
        call = self._taken_over(ladder, seats, running)
        if call is None and (at or seats):
            call = plan.opening(seats, ladder.start_unit, at or seats[0], timing, ladder.rung, crew)
        if call is None:
            self._exhaust(ladder, timing)
        else:
            self._place(ladder, call)

    def answer(self, answer: Answer) -> None:
        """Note a receipt or an answer; raises Refused."""
        book = self._book
        line = book.pages.get(answer.page_id)
        reason = answers.refusal(answer, line.page if line else None)
        if reason is not None:
            raise Refused(reason)
        assert line is not None
        effect = answers.EFFECTS[answer.verb]
        here = effect.page is PageStep.ANSWERED
        book.advance(line, effect.page, occurred_at=answer.occurred_at, answered_here=here)
        if effect.ladder is Ending.NOTHING:
            return
        ladder = book.ladders[line.ladder_id]
        if ladder.is_test:
            if ladder.state is LadderState.OPEN:
                book.end(ladder, LadderStep.SETTLED, TESTED)
            return
        for page_line in book.waiting(ladder):
            if page_line.page.officer_id == answer.officer_id:
                book.advance(page_line, PageStep.ANSWERED, occurred_at=answer.occurred_at)
        digest = book.digests.get(ladder.subject_id)
        if digest is not None and book.step_digest(digest, DigestStep.ANSWERED):
            digest.answer = answer
            digest.pass_on()
        if effect.ladder is Ending.STOP:
            self._promise(ladder, answer)
            return
        took_it = ladder.state is LadderState.ANSWERED and ladder.answered_by == answer.officer_id
        being_called = ladder.state is LadderState.OPEN and ladder.officer_id == answer.officer_id
        if not (took_it or being_called):
            return
        if not ladder.goes_on:
            book.end(ladder, LadderStep.SETTLED, PASSED_ON)
            return
        ladder.answered_by = None
        named = self._handed_to(ladder, line, answer)
        if named is None:
            self._go_on(ladder, declined=True)
        else:
            self._call_again(ladder, named, self._handed(ladder, line, answer))

    def _promise(self, ladder: Ladder, answer: Answer) -> None:
        """Somebody is coming: stop calling, until he was to have acted. The same person may name
        another time."""
        took_it = ladder.state is LadderState.ANSWERED and ladder.answered_by == answer.officer_id
        if ladder.state in ladders.LIVE:
            ladder.answered_by = answer.officer_id
            self._book.end(ladder, LadderStep.COMING, TAKEN)
        elif not (took_it and ladder.due_at is not None):
            return
        ladder.due_at = answers.promised(answer, ladder, self._timing(ladder), self._book.now)
        self._book.touch(ladder)

    def kept(self, ladder: Ladder, officer_id: str | None) -> None:
        """The officer has acted: if he was the one who promised to, nothing is waited for."""
        if ladder.state is LadderState.ANSWERED and ladder.answered_by == officer_id:
            ladder.due_at = None
            self._book.touch(ladder)

    def _handed_to(self, ladder: Ladder, line: PageLine, answer: Answer) -> Seat | None:
        """The seat that a handing over names, on the way up from where the calling began.

        Nobody is called more often for it than the last post of a ladder is.
        """
        if answer.hand_to is not None:
            result = (
                seat
                for unit in lineage(ladder.start_unit)
                for seat in self._roster.seats(unit)
                if seat.officer_id == answer.hand_to
            )
            seat = next(result, None)
        elif answer.hand_to_post is not None:
            seat = self._roster.seat(line.page.unit, answer.hand_to_post)
        else:
            return None
        if seat is None or seat.officer_id == answer.officer_id:
            return None
        calls = {
            page_line.page.round
            for page_line in self._book.pages_of(ladder.ladder_id)
            if page_line.page.officer_id == seat.officer_id
        }
        return seat if len(calls) < self._rule(ladder).rounds else None

    def _handed(self, ladder: Ladder, line: PageLine, answer: Answer) -> str:
        by = self._names.person(line.page.unit, line.page.post, answer.officer_id)
        return wording.handed(ladder.text, by)

    def fire(self, ladder_id: str, kind: str, step: int) -> None:
        """The time is over for an answer (`answer`), of the last resort (`last`), of a `promise`."""
        ladder = self._book.ladders.get(ladder_id)
        if ladder is None or ladder.step != step:
            return
        if kind == "last" and ladder.state is LadderState.EXHAUSTED:
            ladder.due_at = None
            self._book.touch(ladder)
            self._time_out(ladder)
        elif kind == "promise" and ladder.state is LadderState.ANSWERED:
            self._lapse(ladder)
        elif kind == "answer" and ladder.state is LadderState.OPEN:
            digest = self._book.digests.get(ladder.subject_id)
            if digest is not None and not digest.waiting:
                self._book.step_digest(digest, DigestStep.SETTLED)
                self._book.end(ladder, LadderStep.SETTLED, SETTLED)
                return
            self._time_out(ladder)
            self._go_on(ladder, declined=False)

    def pass_by(self, line: PageLine) -> None:
        """The digest that told of this page has reached nobody: the next post is called at once."""
        ladder = self._book.ladders[line.ladder_id]
        if ladder.state is LadderState.OPEN and ladder.officer_id == line.page.officer_id:
            self._time_out(ladder)
            self._go_on(ladder, declined=True)

    def _time_out(self, ladder: Ladder) -> None:
        for line in self._book.waiting(ladder):
            self._book.advance(line, PageStep.TIMED_OUT, occurred_at=self._book.now)

    def _lapse(self, ladder: Ladder) -> None:
        """Who promised to act has not: he is called again, after too many lapses the next post."""
        ladder.lapses += 1
        officer, ladder.answered_by = ladder.answered_by, None
        seats = [
            seat
            for line in self._book.pages_of(ladder.ladder_id)
            if line.page.officer_id == officer
            and (seat := self._roster.seat(line.page.unit, line.page.post)) is not None
            and seat.officer_id == officer
        ]
        if not seats or ladder.lapses >= MOST_LAPSES:
            self._go_on(ladder, declined=True)
            return
        self._call_again(ladder, seats[-1], wording.lapsed(ladder.text), marks.LAPSED)

    def _call_again(self, ladder: Ladder, seat: Seat, text: str, mark: Both = marks.NONE) -> None:
        """Call one named person of the ladder; silence leads on from his post."""
        ladder.state = ladders.step(ladder.state, LadderStep.CALLED_ON)
        own = seat.unit == ladder.start_unit
        wait_s = self._timing(ladder).wait_s(first=False, own_unit=own, round_=1)
        self._place(ladder, Call(seat, ladder.rung, 1, wait_s), text, mark)

    def failed(self, line: PageLine, reason: str | None) -> None:
        """A channel has failed for good: the officer's next ones are used at once; when none of the
        call's is left and no console shows it, the next post is called at once."""
        book = self._book
        book.advance(line, PageStep.FAILED, reason=(reason or "unknown")[:200])
        ladder = book.ladders[line.ladder_id]
        if ladder.state is not LadderState.OPEN:
            return
        call = [page_line.page for page_line in book.present(ladder)]
        queued = {page.page_id for page in call if page.state is PageState.QUEUED}
        book.hastened |= queued
        shown = any(
            page.state
            is not (PageState.SENT if page.channel is Channel.CONSOLE else PageState.FAILED)
            for page in call
        )
        called = {page.officer_id for page in call}
        refused = {page.officer_id for page in call if page.state is PageState.FAILED}
        if not shown and called == refused:
            self._go_on(ladder, declined=True)

    def _go_on(self, ladder: Ladder, *, declined: bool) -> None:
        if ladder.is_test:
            self._book.end(ladder, LadderStep.SETTLED, TESTED)
            return
        if not ladder.goes_on:
            digest = self._book.digests.get(ladder.subject_id)
            if (
                digest is not None
                and self._book.step_digest(digest, DigestStep.LAPSED)
                and declined
            ):
                digest.pass_on()
            self._book.end(ladder, LadderStep.SETTLED, PASSED_ON)
            return
        timing = self._timing(ladder)
        if ladder.unit is None or ladder.post is None:
            self._exhaust(ladder, timing)
            return
        seats = plan.ladder(self._roster, ladder.start_unit)
        position = Position(ladder.unit, ladder.post, ladder.rung, ladder.round)
        call = plan.next_call(
            seats,
            ladder.start_unit,
            position,
            timing,
            declined=declined,
            climbs=ladder.climbs,
            crew=EFFECTS[ladder.mode].crew,
            rounds=self._rule(ladder).rounds,
        )
        if call is not None:
            ladder.state = ladders.step(ladder.state, LadderStep.CALLED_ON)
            self._place(ladder, call)
        elif not ladder.climbs and plan.after(seats, ladder.start_unit, ladder.unit, ladder.post):
            # The command service's own clock climbs: two ladders would call everyone twice.
            self._book.end(ladder, LadderStep.SETTLED, REPLACED)
        else:
            self._exhaust(ladder, timing)

    def _exhaust(self, ladder: Ladder, timing: Timing) -> None:
        """Nobody came: one last call, to the commander at the top; then it stays in sight."""
        ladder.state = ladders.step(ladder.state, LadderStep.RAN_OUT)
        ladder.due_at = None
        self._book.touch(ladder)
        self._book.ran_out.append(ladder.ladder_id)
        seat = plan.last_resort(self._roster, ladder.start_unit)
        if seat is not None:
            self._place(ladder, Call(seat, ladder.rung + 1, 1, timing.tier_s))

    def _timing(self, ladder: Ladder) -> Timing:
        return self._rule(ladder).timing

    def _rule(self, ladder: Ladder) -> CallRule:
        return self._calls.rule(ladder.level, ladder.mode)

    def _place(
        self, ladder: Ladder, call: Call, text: str | None = None, mark: Both = marks.NONE
    ) -> None:
        """Make the call, on the mode's channels as well as on the roster's; after the most calls that a
        matter may have there is no further one, it only stays in sight."""
        if ladder.step >= MOST_CALLS:
            if ladder.state is not LadderState.EXHAUSTED:
                ladder.state = ladders.step(ladder.state, LadderStep.RAN_OUT)
                self._book.ran_out.append(ladder.ladder_id)
            ladder.due_at = None
            self._book.touch(ladder)
            return
        more = EFFECTS[ladder.mode].channels
        call = replace(
            call,
            seat=self._widened(call.seat, more),
            also=tuple(self._widened(seat, more) for seat in call.also),
        )
        called = {call.seat.officer_id, *(seat.officer_id for seat in call.also)}
        pages = [line.page for line in self._book.pages_of(ladder.ladder_id)]
        before = wording.tried(
            [page for page in pages if page.officer_id not in called],
            self._unmanned(ladder.start_unit, call.seat.unit),
            self._names,
        )
        said = wording.called_on(ladder.text if text is None else text, before)
        self._book.place(ladder, call, said, mark, self._rule(ladder).after_s)

    def _unmanned(self, start_unit: str, unit: str) -> list[str]:
        """Units on the way up to `unit` in which nobody is on duty."""
        way = lineage(start_unit)
        below = way[: way.index(unit)] if unit in way else way
        return [name for name in below if not self._roster.seats(name)]

    def _widened(self, seat: Seat, more: Iterable[Channel]) -> Seat:
        # A gateway knows its people itself; elsewhere somebody without an address is not reached.
        reached = [
            channel
            for channel in more
            if channel is Channel.WEBHOOK or self._roster.address(seat.officer_id, channel)
        ]
        return replace(seat, channels=tuple(dict.fromkeys((*seat.channels, *reached))))

    def _taken_over(self, ladder: Ladder, seats: list[Seat], running: Ladder | None) -> Call | None:
        """The call that continues a running ladder: same rung, same round, same end of waiting."""
        if running is None or running.unit is None or running.post is None:
            return None
        seat = plan.at_or_after(seats, ladder.start_unit, running.unit, running.post)
        if seat is None or running.due_at is None:
            return None
        left_s = (running.due_at - self._book.now).total_seconds()
        also = plan.crew_of(seats, ladder.start_unit, seat, EFFECTS[ladder.mode].crew)
        return Call(seat, running.rung, running.round, max(0.0, left_s), also)
