"""The texts of pages about response modes."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts.graded import words_of
from shared.domain.page_texts.lines import EMPTY, joined_text
from shared.domain.page_texts.names import Names


def of_proposal(proposal: ModeProposal, names: Names, now: datetime) -> str:
    """Return the text that asks for a signature of a proposed mode."""
    if proposal.proposed_by is None:
        proposer = Bilingual("系统建议", "Proposed by the system")
    else:
        officer = names.officer(proposal.proposed_by)
        proposer = Bilingual(f"{officer.zh} 提议", f"Proposed by {officer.en}")
    signature_note = (
        Bilingual("待第二人签批", "A second person has to sign")
        if proposal.signatures
        else Bilingual("需两人签批", "Two people have to sign")
    )
    title, until = bilingual_of(proposal.title), names.moment(proposal.until, now)
    return joined_text(
        Bilingual(
            f"{proposer.zh}：{title.zh}，至 {until.zh} 自动结束。{signature_note.zh}。",
            f"{proposer.en}: {title.en}, ends by itself on {until.en}. {signature_note.en}.",
        ),
        words_of(proposal, proposal.reason),
    )


def of_mode(mode: ResponseModeEvent, names: Names, now: datetime) -> str:
    """Return the text that informs a unit of its mode."""
    title, until = bilingual_of(mode.title), EMPTY
    if mode.until is not None:
        end = names.moment(mode.until, now)
        until = Bilingual(f"，至 {end.zh} 自动结束", f", ends by itself on {end.en}")
    return joined_text(
        Bilingual(
            f"{title.zh}{until.zh}，请知悉并应答。",
            f"{title.en}{until.en}. Take note and answer.",
        ),
        words_of(mode, mode.reason),
    )
