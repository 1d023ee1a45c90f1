"""Pages as each channel will send them, before the record that causes them exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.console.core.access import Viewer
from services.console.core.directory import Directory
from services.console.core.masking import DataClass, opens
from services.console.core.record import Json
from services.console.core.sms_parts import parts
from shared.contracts.fields import DataGrade, Language, Level, Status
from shared.contracts.pages import Channel, Page, PageState, RosterSlot, SubjectKind
from shared.contracts.units import tier_of
from shared.domain.bilingual import in_language
from shared.domain.page_texts import marks
from shared.domain.page_texts.messages import LENGTHS, message, public_headline, utf8
from shared.domain.page_texts.notifications import notification
from shared.domain.page_texts.voice import spoken
from shared.domain.response_modes.effects import EFFECTS
from shared.domain.roster.post_holders import PostHolder, Roster
from shared.domain.shortening import MORE
from shared.domain.wording import CHANNELS

EXAMPLE_ID = "preview-000000"
"""The id of a page that is only shown; its end stands in place of the reference."""
EXAMPLE_WAIT = timedelta(minutes=10)
"""The time for an answer of a page that is only shown; the call plan of notify has the real one."""
HIDDEN = "＊＊＊"
"""The name of an officer whose name the reader of a preview may not see."""
_SHORT = (Channel.SMS, Channel.VOICE, Channel.WEB_PUSH)
_ORDER = (*_SHORT, *(channel for channel in CHANNELS if channel not in _SHORT))


@dataclass(frozen=True, slots=True)
class PageDraft:
    """The words of a page and what its channels make of them."""

    subject_kind: SubjectKind
    status: Status
    level: Level
    headline: str
    text: str
    data_grade: DataGrade
    to_note: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """The settings of notify that stand in its texts: the link to the console, and the zone."""

    link: str | None
    zone: ZoneInfo


def masked_roster(directory: Directory, units: Iterable[str], viewer: Viewer) -> Roster:
    """Return the posts of these units; names and numbers only where the viewer may read them."""
    return Roster(_masked(slot, viewer) for slot in directory.slots_of(units))


def _masked(slot: RosterSlot, viewer: Viewer) -> RosterSlot:
    officer = slot.officer
    if officer is None:
        return slot
    name = officer.name if opens(viewer, slot.unit, DataClass.NAME) else HIDDEN
    phone = officer.phone if opens(viewer, slot.unit, DataClass.ON_DUTY) else None
    masked = officer.model_copy(update={"name": name, "phone": phone, "addresses": {}})
    return slot.model_copy(update={"officer": masked})


def channels_of(slots: Iterable[RosterSlot], *, push: bool) -> list[Channel]:
    """Return the channels of these posts and those that a response mode adds; short ones first."""
    used = {channel for slot in slots if slot.officer is not None for channel in slot.channels}
    used |= {channel for effects in EFFECTS.values() for channel in effects.channels}
    used |= {Channel.CONSOLE, Channel.WEB_PUSH} if push else {Channel.CONSOLE}
    return [channel for channel in _ORDER if channel in used]


def page_of(draft: PageDraft, holder: PostHolder, now: datetime) -> Page:
    """Return the page of a first call to this officer."""
    return Page(
        id=EXAMPLE_ID,
        status=draft.status,
        occurred_at=now,
        sent_at=now,
        origin_unit=holder.unit,
        tier=tier_of(holder.unit),
        areas=(holder.unit,),
        trace_id=EXAMPLE_ID,
        data_grade=draft.data_grade,
        page_id=EXAMPLE_ID,
        version=1,
        subject_kind=draft.subject_kind,
        subject_id=EXAMPLE_ID,
        officer_id=holder.officer_id,
        unit=holder.unit,
        post=holder.post,
        channel=Channel.CONSOLE,
        state=PageState.SENT,
        level=draft.level,
        headline=marks.headline(draft.status, draft.headline),
        text=draft.text,
        called_at=now,
        answer_by=now + EXAMPLE_WAIT,
        to_note=draft.to_note,
    )


def page_preview(page: Page, unit_name: str, channels: Iterable[Channel], sending: Sending) -> Json:
    """Return the page of a first call and its reader, on each of these channels."""
    return {
        "unit": page.unit,
        "unit_name": unit_name,
        "post": page.post,
        "answer_by": page.answer_by,
        "names_hidden": HIDDEN in page.text,
        "channels": _channel_texts(page, channels, sending),
    }


def _channel_texts(page: Page, channels: Iterable[Channel], sending: Sending) -> list[Json]:
    """Return a page as each of these channels sends it, in both languages."""
    return [
        {
            "channel": channel,
            **{language.value: _sent(page, channel, language, sending) for language in Language},
        }
        for channel in channels
    ]


def _sent(page: Page, channel: Channel, language: Language, sending: Sending) -> Json:
    title, text = _title_and_text(page, channel, language, sending)
    length = LENGTHS.get(channel)
    return {
        "title": title,
        "text": text,
        "characters": len(text),
        "size_bytes": len(text.encode()) if length is not None and length.size is utf8 else None,
        "most": None if length is None else length.most,
        "parts": parts(text) if channel is Channel.SMS else None,
        "shortened": _is_shortened(page, channel, language, sending, text),
    }


def _title_and_text(
    page: Page, channel: Channel, language: Language, sending: Sending
) -> tuple[str | None, str]:
    headline = in_language(page.headline, language)
    match channel:
        case Channel.VOICE:
            return None, spoken(page, language, sending.zone, resend=False)
        case Channel.WEB_PUSH:
            words = notification(page, language, sending.zone, page.sent_at, resend=False)
            return words["title"], words["body"]
        case Channel.LOUDSPEAKER | Channel.SCREEN:
            return None, public_headline(page, language)
        case Channel.CONSOLE | Channel.WEBHOOK:
            return headline, in_language(page.text, language)
        case Channel.EMAIL:
            return headline, _message(page, channel, language, sending)
        case _:
            return None, _message(page, channel, language, sending)


def _message(page: Page, channel: Channel | None, language: Language, sending: Sending) -> str:
    return message(
        page, language, resend=False, link=sending.link, zone=sending.zone, channel=channel
    )


def _is_shortened(
    page: Page, channel: Channel, language: Language, sending: Sending, text: str
) -> bool:
    """Return True when words of the page are left out because the channel's texts are short."""
    if channel in LENGTHS:
        return text != _message(page, None, language, sending)
    return channel is Channel.VOICE and MORE in text and MORE not in page.headline + page.text
