"""The life of an escalation: opened, promised, unanswered, not deliverable, exhausted.

Every step ends in a placed call with its timer, or in an escalation that is over or exhausted. The
answers of officers are in `answers.py` beside this module.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from services.notify.core.digests.states import DigestTrigger
from services.notify.core.escalation import next_call, reasons, states
from services.notify.core.escalation.call_rules import CallRule, CallRules
from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.next_call import CallPosition, NextCall
from services.notify.core.escalation.priority import priority
from services.notify.core.escalation.profiles import MOST_LAPSES, Timing
from services.notify.core.escalation.states import EscalationState, EscalationTrigger
from services.notify.core.pages.page_row import PageRow
from services.notify.core.pages.states import PageTrigger
from services.notify.core.wording import escalations as wording
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Post
from shared.contracts.ids import content_id
from shared.contracts.pages import MOST_CALLS, Channel, PageState, Quorum, SubjectKind
from shared.contracts.units import lineage
from shared.domain.bilingual import Bilingual
from shared.domain.page_texts import marks, outages
from shared.domain.page_texts.names import Names, with_contact
from shared.domain.quorum import count_of, posts_called_at_once
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.effects import EFFECTS
from shared.domain.roster.post_holders import PostHolder, Roster


class EscalationEngine:
    """Opens escalations in one working set and makes their calls.

    Roster, rules, modes and names are only read.
    """

    def __init__(
        self,
        roster: Roster,
        rules: CallRules,
        modes: Modes,
        working_set: WorkingSet,
        names: Names,
    ) -> None:
        self.roster = roster
        self.modes = modes
        self.working_set = working_set
        self.names = names
        self._rules = rules

    def open(
        self,
        escalation: Escalation,
        holders: list[PostHolder],
        running: Escalation | None = None,
        first: PostHolder | None = None,
        named_after: str | None = None,
        *,
        recalled: bool = False,
    ) -> None:
        """Open an escalation and make its first call.

        The first call continues the call of `running`, or goes to the post holder `first`, or to
        the first of `holders`. One cause has one escalation per unit where the calls begin, unless
        the escalation is `named_after` an officer.
        """
        # The id of a cause is unique on its topic only; kind and purpose tell topics apart.
        escalation.escalation_id = content_id(
            "lad",
            f"{escalation.subject_kind}:{escalation.purpose}",
            escalation.cause_id,
            named_after or escalation.start_unit,
        )
        mode = self.modes.effective(escalation.status, escalation.start_unit)
        escalation.mode, escalation.mode_version = mode.mode, mode.version
        escalation.mode_unit = mode.unit
        escalation.priority = priority(escalation.status, escalation.level, recalled=recalled)
        if not self.working_set.open_escalation(escalation):
            return
        call = self._continued_call(escalation, holders, running)
        if call is None and (first or holders):
            call = next_call.opening(
                holders,
                escalation.start_unit,
                first or holders[0],
                self.timing(escalation),
                escalation.escalation_level,
                self._crew(escalation),
            )
        if call is None:
            self._exhaust(escalation)
        else:
            self._place(escalation, call)

    def expire(self, escalation_id: str, kind: str, step: int) -> None:
        """Apply a timer: of an `answer`, of the last resort (`last`), or of a `promise`.

        A timer of an earlier call changes nothing. A call that an outage delayed says so.
        """
        escalation = self.working_set.escalations.get(escalation_id)
        if escalation is None or escalation.step != step:
            return
        outage = outages.delay(escalation.due_at, self.working_set.now)
        if kind == "last" and escalation.state is EscalationState.EXHAUSTED:
            escalation.due_at = None
            self.working_set.mark_changed(escalation)
            self._time_out(escalation)
        elif kind == "promise" and escalation.state is EscalationState.ANSWERED:
            self._promise_broken(escalation, outage)
        elif kind == "answer" and escalation.state is EscalationState.OPEN:
            digest = self.working_set.digests.get(escalation.subject_id)
            if digest is not None and not digest.unanswered:
                self.working_set.step_digest(digest, DigestTrigger.SETTLED)
                self.working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)
                return
            self._time_out(escalation)
            self.call_next(escalation, declined=False, outage=outage)

    def promise_kept(self, escalation: Escalation, officer_id: str | None) -> None:
        """Disarm the promise of the officer who has acted."""
        if escalation.state is EscalationState.ANSWERED and escalation.answered_by == officer_id:
            escalation.due_at = None
            self.working_set.mark_changed(escalation)

    def digest_unanswered(self, page_row: PageRow) -> None:
        """Call the next post at once about a page whose digest has reached nobody."""
        escalation = self.working_set.escalations[page_row.escalation_id]
        called = escalation.officer_id == page_row.page.officer_id
        if escalation.state is EscalationState.OPEN and called:
            self._time_out(escalation)
            self.call_next(escalation, declined=True)

    def fail_page(self, page_row: PageRow, reason: str | None) -> None:
        """Record that a channel has failed for good.

        The officer's later channels are used at once. The next post is called at once when no
        channel of the call is left and no console shows the page.
        """
        self.working_set.step_page(page_row, PageTrigger.FAILED, reason=(reason or "unknown")[:200])
        escalation = self.working_set.escalations[page_row.escalation_id]
        if escalation.state is not EscalationState.OPEN:
            return
        pages = [row.page for row in self.working_set.current_pages(escalation)]
        queued = {page.page_id for page in pages if page.state is PageState.QUEUED}
        self.working_set.due_now |= queued
        reaches_someone = any(
            page.state
            is not (PageState.SENT if page.channel is Channel.CONSOLE else PageState.FAILED)
            for page in pages
        )
        called = {page.officer_id for page in pages}
        refused = {page.officer_id for page in pages if page.state is PageState.FAILED}
        if not reaches_someone and called == refused:
            self.call_next(escalation, declined=True)

    def call_next(
        self,
        escalation: Escalation,
        *,
        declined: bool,
        outage: Bilingual = marks.NONE,
        text: str | None = None,
    ) -> None:
        """Make the call that follows an unanswered or declined one, or end the escalation.

        `text` stands in place of the escalation's own; the words about an `outage` open it.
        """
        working_set = self.working_set
        if escalation.is_test:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.TESTED)
            return
        if not escalation.continues:
            digest = working_set.digests.get(escalation.subject_id)
            if (
                digest is not None
                and working_set.step_digest(digest, DigestTrigger.LAPSED)
                and declined
            ):
                digest.pass_on()
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.PASSED_ON)
            return
        if escalation.unit is None or escalation.post is None:
            self._exhaust(escalation, outage)
            return
        start_unit = escalation.start_unit
        holders = next_call.calling_order(self.roster, start_unit)
        position = CallPosition(
            escalation.unit, escalation.post, escalation.escalation_level, escalation.round
        )
        call = self._call_after(escalation, holders, position, declined=declined)
        coming = escalation.coming_officers
        while call is not None and all(
            holder.officer_id in coming for holder in (call.holder, *call.crew)
        ):
            call = self._call_after(escalation, holders, call.position, declined=True)
        if call is not None:
            escalation.state = states.step(escalation.state, EscalationTrigger.CALLED_ON)
            self._place(escalation, call, outages.opened(text or escalation.text, outage))
        elif not escalation.climbs and next_call.after(
            holders, start_unit, escalation.unit, escalation.post
        ):
            # The timers of the command service climb: two escalations would call everyone twice.
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.REPLACED)
        else:
            self._exhaust(escalation, outage)

    def is_short(self, escalation: Escalation) -> bool:
        """Return True when the officers who are coming and those still called are too few."""
        waiting = {row.page.officer_id for row in self.working_set.unanswered_pages(escalation)}
        return not self.suffice(escalation, {*waiting, *escalation.coming_officers})

    def suffice(self, escalation: Escalation, officers: Iterable[str]) -> bool:
        """Return True when these officers are enough to end the calls."""
        officers = set(officers)
        coming = {
            PostHolder(row.page.unit, row.page.post, row.page.officer_id)
            for row in self.working_set.pages_of(escalation.escalation_id)
            if row.page.officer_id in officers
        }
        unit = escalation.start_unit
        return count_of(
            self._quorum(escalation), coming, self.roster.holders(unit), unit
        ).is_reached

    def _crew(self, escalation: Escalation) -> frozenset[Post]:
        """Return the posts of the first unit that are called at once."""
        return posts_called_at_once(self._quorum(escalation), EFFECTS[escalation.mode].crew)

    def _quorum(self, escalation: Escalation) -> Quorum:
        """Return the quorum of the call plan; a call that no other post follows needs one."""
        return self.rule(escalation).quorum if escalation.climbs else "any"

    def _call_after(
        self,
        escalation: Escalation,
        holders: list[PostHolder],
        position: CallPosition,
        *,
        declined: bool,
    ) -> NextCall | None:
        return next_call.next_call(
            holders,
            escalation.start_unit,
            position,
            self.timing(escalation),
            declined=declined,
            climbs=escalation.climbs,
            crew=self._crew(escalation),
            rounds=self.rule(escalation).rounds,
        )

    def call_again(
        self, escalation: Escalation, holder: PostHolder, text: str, mark: Bilingual = marks.NONE
    ) -> None:
        """Call one named officer; silence leads to the post after the officer's own."""
        escalation.state = states.step(escalation.state, EscalationTrigger.CALLED_ON)
        own_unit = holder.unit == escalation.start_unit
        wait_s = self.timing(escalation).wait_s(first=False, own_unit=own_unit, round_=1)
        call = NextCall(holder, escalation.escalation_level, 1, wait_s)
        self._place(escalation, call, text, mark)

    def rule(self, escalation: Escalation) -> CallRule:
        """Return the call rule for the escalation's category and response mode."""
        return self._rules.rule(escalation.category, escalation.mode)

    def timing(self, escalation: Escalation) -> Timing:
        """Return the waits of the escalation's calls."""
        return self.rule(escalation).timing

    def _time_out(self, escalation: Escalation) -> None:
        for page_row in self.working_set.unanswered_pages(escalation):
            self.working_set.step_page(
                page_row, PageTrigger.TIMED_OUT, occurred_at=self.working_set.now
            )

    def _promise_broken(self, escalation: Escalation, outage: Bilingual) -> None:
        """Call the officer who promised to act again; after too many lapses call the next post."""
        escalation.lapses += 1
        officer, escalation.answered_by = escalation.answered_by, None
        if officer is not None:
            escalation.note_coming(officer, comes=False)
        holders = [
            holder
            for row in self.working_set.pages_of(escalation.escalation_id)
            if row.page.officer_id == officer
            and (holder := self.roster.holder(row.page.unit, row.page.post)) is not None
            and holder.officer_id == officer
        ]
        if not holders or escalation.lapses >= MOST_LAPSES:
            self.call_next(escalation, declined=True, outage=outage)
            return
        text = outages.opened(wording.promise_overdue(escalation.text), outage)
        self.call_again(escalation, holders[-1], text, marks.LAPSED)

    def _exhaust(self, escalation: Escalation, outage: Bilingual = marks.NONE) -> None:
        """Make one last call, to the commander at the top; the escalation stays on the screens."""
        escalation.state = states.step(escalation.state, EscalationTrigger.RAN_OUT)
        escalation.due_at = None
        self.working_set.mark_changed(escalation)
        self.working_set.exhausted.append(escalation.escalation_id)
        holder = next_call.last_resort(self.roster, escalation.start_unit)
        if holder is not None:
            wait_s = self.timing(escalation).tier_s
            call = NextCall(holder, escalation.escalation_level + 1, 1, wait_s)
            self._place(escalation, call, outages.opened(escalation.text, outage))

    def _place(
        self,
        escalation: Escalation,
        call: NextCall,
        text: str | None = None,
        mark: Bilingual = marks.NONE,
    ) -> None:
        """Make the call, on the channels of the response mode and of the roster.

        An escalation that has had the most calls gets no further one; it stays on the screens.
        """
        working_set = self.working_set
        if escalation.step >= MOST_CALLS:
            if escalation.state is not EscalationState.EXHAUSTED:
                escalation.state = states.step(escalation.state, EscalationTrigger.RAN_OUT)
                working_set.exhausted.append(escalation.escalation_id)
            escalation.due_at = None
            working_set.mark_changed(escalation)
            return
        channels = EFFECTS[escalation.mode].channels
        call = replace(
            call,
            holder=self._with_channels(call.holder, channels),
            crew=tuple(self._with_channels(holder, channels) for holder in call.crew),
            quorum=self._quorum(escalation),
        )
        called = {call.holder.officer_id, *(holder.officer_id for holder in call.crew)}
        pages = [row.page for row in working_set.pages_of(escalation.escalation_id)]
        earlier_calls = wording.earlier_calls(
            [page for page in pages if page.officer_id not in called],
            self._empty_units(escalation.start_unit, call.holder.unit),
            self.names,
        )
        words = with_contact(
            escalation.text if text is None else text,
            self._contact(escalation, call.holder, {page.officer_id for page in pages} | called),
        )
        full_text = wording.with_earlier_calls(words, earlier_calls)
        working_set.place_call(escalation, call, full_text, mark, self.rule(escalation).after_s)

    def _contact(
        self, escalation: Escalation, holder: PostHolder, called: Collection[str]
    ) -> Bilingual:
        """Return whom to call about an alert, beside the officers who are or were called."""
        if escalation.subject_kind is not SubjectKind.ALERT:
            return marks.NONE
        return self.names.contact(escalation.place, holder.unit, called)

    def _empty_units(self, start_unit: str, unit: str) -> list[str]:
        """Return the units below `unit`, on the way up from the start, without a filled post."""
        units = lineage(start_unit)
        below = units[: units.index(unit)] if unit in units else units
        return [name for name in below if not self.roster.holders(name)]

    def _with_channels(self, holder: PostHolder, channels: Iterable[Channel]) -> PostHolder:
        # A webhook's receiver has its own addresses; other channels need an address.
        added = [
            channel
            for channel in channels
            if channel is Channel.WEBHOOK or self.roster.address(holder.officer_id, channel)
        ]
        return replace(holder, channels=tuple(dict.fromkeys((*holder.channels, *added))))

    def _continued_call(
        self, escalation: Escalation, holders: list[PostHolder], running: Escalation | None
    ) -> NextCall | None:
        """Return the call that continues a running escalation: same level, round and end time."""
        if running is None or running.unit is None or running.post is None:
            return None
        start_unit = escalation.start_unit
        holder = next_call.at_or_after(holders, start_unit, running.unit, running.post)
        if holder is None or running.due_at is None:
            return None
        remaining_s = (running.due_at - self.working_set.now).total_seconds()
        crew = next_call.crew_of(holders, start_unit, holder, self._crew(escalation))
        return NextCall(
            holder, running.escalation_level, running.round, max(0.0, remaining_s), crew
        )
