"""Models of the responses with pages and the answers to them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.features.pages.why_views import CallReason
from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import AnswerVerb, Channel, PageState, SubjectKind


class AskedOfficerView(ResponseModel):
    """An officer whose answer is asked for; without a name where the viewer does not see it."""

    contract = "Page"

    own: bool
    officer_name: str | None
    unit_name: str
    post: Post


class QuorumView(ResponseModel):
    """The number of officers whose answer ends the calls, how many have answered, and who."""

    needed: int
    count: int
    answered: list[AskedOfficerView]
    waiting: list[AskedOfficerView]


class PageView(ResponseModel):
    """A page to the officer.

    In a list by matter a waiting page stands for all `matter_count` waiting pages about its matter;
    `late_units` are the first of the units that do not answer in it. `quorum` is null where one
    answer is enough.
    """

    contract = "Page"

    page_id: str
    status: Status
    version: int
    unit: str
    unit_name: str
    post: Post
    round: int
    rung: int
    state: PageState
    level: Level
    headline: str
    text: str
    subject_kind: SubjectKind
    alert_id: str | None
    command_id: str | None
    assignment_id: str | None
    answer_by: datetime
    to_note: bool
    quorum: QuorumView | None
    answer: AnswerVerb | None
    channel: Channel | None
    resend: bool
    reason: str | None
    sent_at: datetime
    matter: str
    matter_count: int
    late_units: list[str]
    late_unit_count: int


class PageList(ResponseModel):
    """The pages of the officer."""

    pages: list[PageView]
    next: str | None
    waiting: int


class ColleagueView(ResponseModel):
    """An officer on duty to whom a page can be handed over."""

    contract = "Page"

    officer_id: str
    name: str
    unit: str
    unit_name: str
    post: Post


class ColleagueList(ResponseModel):
    """The officers on duty to whom a page can be handed over, in calling order."""

    colleagues: list[ColleagueView]


class CallView(ResponseModel):
    """A call about a matter."""

    contract = "Page"

    page_id: str
    own: bool
    officer_name: str | None
    unit_name: str
    post: Post
    channel: Channel | None
    round: int
    rung: int
    state: PageState
    called_at: datetime
    answer: AnswerVerb | None
    answered_at: datetime | None


class WhyView(ResponseModel):
    """The reason why the officer was called about a matter, or was not, and all calls about it."""

    reason: CallReason
    place_name: str
    level: Level
    status: Status
    calls: list[CallView]


class RecordedReceipt(ResponseModel):
    """Kafka has the receipt or the answer that the carrier sent."""

    repeated: bool


class ReplyResult(ResponseModel):
    """The result of a written reply, with the sentence that the person receives."""

    recorded: bool = Field(alias="taken")
    reply: str


class KeyResult(ResponseModel):
    """The outcome of a key in a voice call, and the sentence that the gateway speaks."""

    recorded: bool = Field(alias="taken")
    reply: str
    repeat: bool
