"""Acts on drafts: the draft, the record for the trail and a publication in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.limits_drafts import (
    DraftRefusal,
    DraftState,
    LimitsContent,
    LimitsDraft,
    digest_of,
    refusal_to_change,
    refusal_to_sign,
    refusal_to_withdraw,
)
from services.console.features.limits import draft_store
from services.console.features.limits.documents import (
    document_of,
    error_view,
    errors_of,
    limits_id_of,
    problems_of,
    version_of,
)
from services.console.recording.action_recorder import ActionConflict, KeyReused
from services.console.store.action_log import ActionEntry, store_within
from services.console.web.deps import ConsoleDeps
from services.console.web.idempotency import keyed_request
from services.console.web.problems import ApiProblem, unknown
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.limits import LimitsDocument, LimitsSignature
from shared.contracts.limits_acts import LimitsAct, LimitsVerb
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import LIMITS, LIMITS_ACTS
from shared.domain.limits.book import limits_key
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode

Published = Mapping[str, LimitsDocument]


@dataclass(frozen=True, slots=True)
class DraftOutcome:
    """A draft after an act, with the id of its record; `repeated`: the act was known."""

    draft: LimitsDraft
    act_id: str
    repeated: bool


async def save_draft(
    console: ConsoleDeps,
    viewer: Viewer,
    draft_id: str,
    body: LimitsContent,
    published: Callable[[], Published],
) -> DraftOutcome:
    """Write a draft, or change one that nobody has signed. Raises ApiProblem."""
    async with console.database.transaction() as work:
        versions = published()
        limits_id = limits_id_of(body.subject, body.unit, versions)
        await draft_store.lock(work.connection, limits_id)
        await work.refresh_clock()
        former = await draft_store.find(work.connection, draft_id)
        if former is not None:
            # Nobody learns by its id that a draft of a foreign unit exists.
            if former.author != viewer.officer_id and former.body.unit != body.unit:
                raise unknown("draft")
            _demand(refusal_to_change(former.state, former.author, viewer.officer_id))
        elif (
            await draft_store.count_live(work.connection, viewer.officer_id, draft_id)
            >= draft_store.MOST_LIVE
        ):
            raise ApiProblem(
                409,
                "There are too many drafts",
                f"At most {draft_store.MOST_LIVE}. Withdraw one first.",
                reason="limits_drafts_full",
            )
        version = version_of(limits_id, versions)
        draft = LimitsDraft(
            draft_id, limits_id, version, DraftState.OPEN, body, viewer.officer_id, (), work.now
        )
        _demand_correct(console, draft, versions, work.now)
        since = "" if former is None else former.changed_at.isoformat()
        return await _record(work, viewer, draft, LimitsVerb.DRAFT, since)


async def sign_draft(
    console: ConsoleDeps,
    viewer: Viewer,
    draft: LimitsDraft,
    digest: str,
    published: Callable[[], Published],
) -> DraftOutcome:
    """Sign a draft as read; the second signature publishes it. Raises ApiProblem."""
    async with console.database.transaction() as work:
        draft = await _locked(work, draft)
        refusal = refusal_to_sign(draft.state, draft.author, draft.signatures, viewer.officer_id)
        if refusal is DraftRefusal.SIGNED_ALREADY:
            console.demand(RefusedFor.SIGNED_ALREADY, draft.body.unit, LimitsVerb.SIGN)
        _demand(refusal)
        if digest != draft.digest:
            raise ApiProblem(
                409,
                "The draft has changed",
                "Read it again before you sign.",
                reason="stale_draft",
            )
        versions = published()
        _demand_newest(draft, versions)
        if await draft_store.is_published(work.connection, draft.limits_id, draft.version):
            raise _overtaken(draft)
        _demand_correct(console, draft, versions, work.now, 409)
        signature = LimitsSignature(
            officer_id=viewer.officer_id,
            name=viewer.name,
            unit=viewer.unit,
            post=viewer.post,
            signed_at=work.now,
        )
        signed = replace(
            draft,
            state=DraftState.PUBLISHED if draft.signatures else DraftState.SIGNED,
            signatures=(*draft.signatures, signature),
            changed_at=work.now,
        )
        outcome = await _record(work, viewer, signed, LimitsVerb.SIGN)
        if signed.state is DraftState.PUBLISHED and not outcome.repeated:
            document = document_of(
                signed.body,
                signed.limits_id,
                signed.version,
                issuer_of(console, signed.body.unit),
                work.now,
                signed.signatures,
            )
            work.publish(LIMITS, limits_key(document), document, document.id)
    return outcome


async def withdraw_draft(
    console: ConsoleDeps, viewer: Viewer, draft: LimitsDraft, reason: str
) -> DraftOutcome:
    """Withdraw a draft that is not published. Raises ApiProblem."""
    async with console.database.transaction() as work:
        draft = await _locked(work, draft)
        _demand(refusal_to_withdraw(draft.state))
        withdrawn = replace(
            draft,
            state=DraftState.WITHDRAWN,
            changed_at=work.now,
            closed_by=viewer.officer_id,
            reason=reason,
        )
        return await _record(work, viewer, withdrawn, LimitsVerb.WITHDRAW)


def issuer_of(console: ConsoleDeps, unit: str | None) -> str:
    """Return the unit in whose name a document is issued: its own, or the topmost unit."""
    return unit or console.names.top.unit


async def _locked(work: Transaction, draft: LimitsDraft) -> LimitsDraft:
    """Return the draft as it is once no other act on the document is under way."""
    await draft_store.lock(work.connection, draft.limits_id)
    await work.refresh_clock()
    current = await draft_store.find(work.connection, draft.draft_id)
    if current is None:
        raise unknown("draft")
    return current


async def _record(
    work: Transaction, viewer: Viewer, draft: LimitsDraft, verb: LimitsVerb, since: str = ""
) -> DraftOutcome:
    """Store the draft and its act, which is published after the commit.

    `since` is the time of the state that a changed draft replaces: its author may return to it.
    """
    act = _act(viewer, draft, verb, since, work.now)
    record = ActionRecord(LIMITS_ACTS, draft.draft_id, act, viewer.officer_id)
    outcome = DraftOutcome(draft, act.id, repeated=True)
    entry = ActionEntry(
        act.id,
        LIMITS_ACTS.name,
        draft.draft_id,
        encode(act),
        record.digest(),
        viewer.officer_id,
        keyed_request(answer_of(outcome)),
    )
    stored = await store_within(work.connection, [entry])
    match stored.refused(entry):
        case "key":
            raise KeyReused(act.id)
        case "act":
            raise ActionConflict(act.id)
    if not stored.acts[act.id].new:
        return outcome
    await draft_store.save(work.connection, draft)
    work.publish(LIMITS_ACTS, draft.draft_id, act, act.id)
    return replace(outcome, repeated=False)


def answer_of(outcome: DraftOutcome) -> dict[str, Any]:
    """Return the answer to an act on a draft."""
    draft = outcome.draft
    return {
        "id": outcome.act_id,
        "repeated": outcome.repeated,
        "draft_id": draft.draft_id,
        "state": draft.state,
        "limits_id": draft.limits_id,
        "version": draft.version,
        "digest": draft.digest,
    }


def _act(
    viewer: Viewer, draft: LimitsDraft, verb: LimitsVerb, since: str, now: datetime
) -> LimitsAct:
    cause = {"status": Status.ACTUAL, "trace_id": draft.draft_id}
    digest = digest_of(draft.body)
    return LimitsAct(
        id=content_id(
            "lma",
            draft.draft_id,
            verb,
            draft.version,
            digest,
            viewer.officer_id,
            draft.reason,
            since,
        ),
        verb=verb,
        draft_id=draft.draft_id,
        limits_id=draft.limits_id,
        limits_version=draft.version,
        unit=draft.body.unit,
        digest=digest,
        officer_id=viewer.officer_id,
        post=viewer.post,
        reason=draft.reason,
        **head(viewer, cause, (), (), now),
    )


def _demand_correct(
    console: ConsoleDeps,
    draft: LimitsDraft,
    published: Published,
    now: datetime,
    status: int = 422,
) -> None:
    """Refuse a draft with errors, all of them at once."""
    document = document_of(
        draft.body, draft.limits_id, draft.version, issuer_of(console, draft.body.unit), now
    )
    wrong = errors_of(problems_of(document, draft.body.subject, published, console.names.tree, now))
    if wrong:
        raise ApiProblem(
            status,
            "The document cannot be published so",
            wrong[0].text,
            reason="limits_wrong",
            errors=[error_view(problem) for problem in wrong],
        )


def _demand_newest(draft: LimitsDraft, published: Published) -> None:
    newest = version_of(draft.limits_id, published)
    latest = limits_id_of(draft.body.subject, draft.body.unit, published)
    if newest != draft.version or latest != draft.limits_id:
        raise _overtaken(draft)


def _overtaken(draft: LimitsDraft) -> ApiProblem:
    return ApiProblem(
        409,
        "Another version was published meanwhile",
        f"This draft is version {draft.version} of {draft.limits_id}. Withdraw it and draft anew.",
        reason="limits_overtaken",
    )


_SENTENCES: Mapping[DraftRefusal, tuple[str, str]] = {
    DraftRefusal.NOT_AUTHOR: ("Another officer writes this draft", "Only its author changes it."),
    DraftRefusal.AUTHOR_FIRST: ("Its author has not signed", "The author signs first."),
    DraftRefusal.DRAFT_CLOSED: ("The draft is closed", "It was published or withdrawn."),
    DraftRefusal.DRAFT_SIGNED: (
        "The draft is signed",
        "What is signed does not change. Withdraw it and draft anew.",
    ),
}


def _demand(refusal: DraftRefusal | None) -> None:
    if refusal is not None:
        title, detail = _SENTENCES[refusal]
        raise ApiProblem(409, title, detail, reason=refusal)
