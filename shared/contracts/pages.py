"""Reaching a person: roster 值班表, pages 推送, answers 叫应."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.envelope import Envelope, RealWorld
from shared.contracts.fields import (
    PHONE_PATTERN,
    Contract,
    Identifier,
    Instant,
    Language,
    Level,
    Line,
    PairOfTexts,
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
    VOICE = "voice"
    LOUDSPEAKER = "loudspeaker"
    SCREEN = "screen"
    OTHER = "other"


Address = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\s\x00-\x1f]+$")]
"""Where a channel finds a person: an e-mail address, a chat's user id."""


PhoneNumber = Annotated[str, Field(pattern=PHONE_PATTERN)]


class Officer(Contract):
    """A person on a post. `name`, `phone` and `addresses` are personal data.

    `addresses` holds an address per channel; a channel without an entry uses `phone`. `language` is
    the language of the pages.
    """

    officer_id: Identifier
    name: Annotated[Line, Field(json_schema_extra={"pii": True})]
    phone: Annotated[PhoneNumber | None, Field(json_schema_extra={"pii": True})] = None
    addresses: dict[Channel, Address] = Field(
        default_factory=dict, max_length=16, json_schema_extra={"pii": True}
    )
    language: Language = Language.ZH


class RosterSlot(RealWorld):
    """The present holder of a post. Without an officer the post is empty and calls skip it."""

    type: Literal["roster_slot"] = "roster_slot"
    unit: UnitId
    post: Post
    officer: Officer | None = None
    channels: Annotated[tuple[Channel, ...], Field(max_length=12)] = (Channel.CONSOLE,)
    synthetic: bool = False


def unit_and_post(key: str) -> tuple[str, Post] | None:
    """Return the unit and the post in a slot's key, `unit:post`; None for another key."""
    unit, _, post = key.rpartition(":")
    return (unit, Post(post)) if post in set(Post) else None


class PageState(StrEnum):
    """System facts and the answer about one page.

    `no_answer`: its time went by; `withdrawn`: settled, replaced or taken by somebody else before.
    """

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class SubjectKind(StrEnum):
    """The subject of a page. `contact_test`: the page only asks for a sign of its arrival.

    `fault` and `fault_digest` are the category 系统: faults of the system itself, never events.
    `warning`: the warning of another agency 外部预警. `silence`: a silence is about to end.
    """

    ALERT = "alert"
    ASSIGNMENT = "assignment"
    SUPERVISION = "supervision"
    MODE = "mode"
    ROSTER = "roster"
    CONTACT_TEST = "contact_test"
    DIGEST = "digest"
    FAULT = "fault"
    FAULT_DIGEST = "fault_digest"
    WARNING = "warning"
    SILENCE = "silence"

    @property
    def is_system(self) -> bool:
        """True for the category 系统: pages about faults of the system itself."""
        return self in (SubjectKind.FAULT, SubjectKind.FAULT_DIGEST)

    @property
    def is_digest(self) -> bool:
        """True for a page that carries the calls over an officer's budget."""
        return self in (SubjectKind.DIGEST, SubjectKind.FAULT_DIGEST)


Quorum = (
    Literal["any", "all"]
    | Annotated[int, Field(ge=1, le=9)]
    | Annotated[tuple[Post, ...], Field(min_length=1, max_length=3)]
)
"""The officers who have to answer `coming` before the calls end: `any` one, `all` of the first
unit, so many, or one for each of these posts.
"""


MOST_CALLS = 20
"""Nobody is called more often about one matter; after as many calls it only stays in sight."""


class Page(Envelope):
    """The `version`-th state of one message to one officer on one channel, complete.

    `rung` 0 is the first post called for the subject, each escalation adds one; `round` counts the
    planned repeats to the same officer. `resend` marks a transport repeat whose first outcome is
    unknown (重发). `mode`, `mode_version` and `mode_unit` are the mode that determines the call plan.
    `reason` is the reason of a `failed` page. `digest_id`: the page was above the officer's budget,
    so a digest carries it; the pages of the digest have this id as their `subject_id`.
    `called_at` is the time of the call. `to_note`: nobody has to come, so `coming` means 已知悉.
    Pages of one `escalation_id` are calls about one cause; they begin in `start_unit` and end with
    the answers of `quorum`.
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
    round: Annotated[int, Field(ge=1, le=MOST_CALLS)] = 1
    rung: Annotated[int, Field(ge=0, le=2 * MOST_CALLS)] = 0
    state: PageState
    level: Level
    headline: Line
    text: PairOfTexts = ""
    called_at: Instant | None = None
    answer_by: Instant
    to_note: bool = False
    escalation_id: Identifier | None = None
    start_unit: UnitId | None = None
    quorum: Quorum = "any"
    resend: bool = False
    reason: Line | None = None
    digest_id: Identifier | None = None
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None


class AnswerVerb(StrEnum):
    """The verbs of an answer: two system facts and four answers of a person.

    With `need_help` the officer stays on the matter, and the next post is called as well.
    """

    DELIVERED = "delivered"
    READ = "read"
    COMING = "coming"
    CANNOT = "cannot"
    HAND_OVER = "hand_over"
    NEED_HELP = "need_help"


class Answer(Envelope):
    """A receipt of the officer's device, or the officer's answer 叫应.

    `arrive_by` is until when who is `coming` will have acted; None = the level's own time.
    `hand_to` and `hand_to_post` name who is to be called instead (`hand_over`), None = the next in
    order.
    """

    type: Literal["answer"] = "answer"
    page_id: Identifier
    officer_id: Identifier
    verb: AnswerVerb
    text: Text = ""
    arrive_by: Instant | None = None
    hand_to: Identifier | None = None
    hand_to_post: Post | None = None

    @model_validator(mode="after")
    def _fits_the_verb(self) -> Answer:
        if self.arrive_by is not None and self.verb is not AnswerVerb.COMING:
            raise ValueError("arrive_by belongs to coming")
        named = self.hand_to is not None or self.hand_to_post is not None
        if named and self.verb is not AnswerVerb.HAND_OVER:
            raise ValueError("hand_to belongs to hand_over")
        return self
