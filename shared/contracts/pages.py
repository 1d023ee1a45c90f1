"""Reaching a person: roster 值班表, pages 推送, answers 叫应."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    ResponseMode,
    Text,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion


class Channel(StrEnum):
    """Ways to a person. The mobile page shows the console's pages and is no channel of its own.

    `loudspeaker` 村村响 and `screen` are devices of a unit; `other` is whatever apprise can reach.
    """

    CONSOLE = "console"
    WEBHOOK = "webhook"
    SMS = "sms"
    EMAIL = "email"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    WEB_PUSH = "web_push"
    LOUDSPEAKER = "loudspeaker"
    SCREEN = "screen"
    OTHER = "other"


Address = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\s\x00-\x1f]+$")]
"""Where a channel finds a person: an e-mail address, a chat's user id, a push subscription."""


class Officer(Contract):
    """A person on a post. `name`, `phone` and `addresses` are personal data.

    `addresses` says by channel where the person is reached; a channel that is not in it uses `phone`.
    """

    officer_id: Identifier
    name: Annotated[Line, Field(json_schema_extra={"pii": True})]
    phone: Annotated[
        str | None, Field(pattern=r"^\+?[0-9][0-9 \-]{2,30}$", json_schema_extra={"pii": True})
    ] = None
    addresses: dict[Channel, Address] = Field(
        default_factory=dict, max_length=16, json_schema_extra={"pii": True}
    )


class RosterSlot(Envelope):
    """Who holds a unit's post now. No officer = the slot is empty and is skipped up at once."""

    type: Literal["roster_slot"] = "roster_slot"
    unit: UnitId
    post: Post
    officer: Officer | None = None
    channels: tuple[Channel, ...] = (Channel.CONSOLE,)
    synthetic: bool = False


class PageState(StrEnum):
    """System facts and the answer about one page."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


class SubjectKind(StrEnum):
    """What a page is about."""

    ALERT = "alert"
    ASSIGNMENT = "assignment"
    SUPERVISION = "supervision"
    MODE = "mode"


class Page(Envelope):
    """The `version`-th state of one message to one officer on one channel, complete.

    `rung` 0 is the first post called for the subject, each escalation adds one; `round` counts the
    planned repeats to the same officer. `resend` marks a transport repeat whose first outcome is
    unknown (重发). `mode`, `mode_version` and `mode_unit` are the mode that the calling goes by.
    """

    type: Literal["page"] = "page"
    page_id: Identifier
    version: Version
    subject_kind: SubjectKind
    subject_id: Identifier
    alert_id: Identifier | None = None
    command_id: Identifier | None = None
    assignment_id: Identifier | None = None
    officer_id: Identifier
    unit: UnitId
    post: Post
    channel: Channel
    round: Annotated[int, Field(ge=1, le=20)] = 1
    rung: Annotated[int, Field(ge=0, le=20)] = 0
    state: PageState
    level: Level
    headline: Line
    text: Text = ""
    answer_by: Instant
    resend: bool = False
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None


class AnswerVerb(StrEnum):
    """What comes back about a page: two system facts and three answers."""

    DELIVERED = "delivered"
    READ = "read"
    COMING = "coming"
    CANNOT = "cannot"
    HAND_OVER = "hand_over"


class Answer(Envelope):
    """A receipt of the officer's device, or the officer's answer 叫应."""

    type: Literal["answer"] = "answer"
    page_id: Identifier
    officer_id: Identifier
    verb: AnswerVerb
    text: Text = ""
