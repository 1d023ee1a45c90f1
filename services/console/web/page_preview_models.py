"""Models of the responses that show a page before it is sent."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Post
from shared.contracts.pages import Channel


class ChannelText(ResponseModel):
    """A page in one language as a channel sends it.

    `most` is the longest text of the channel, in the unit of `size_bytes` if present, else in
    `characters`. `parts` counts the messages of an SMS. `shortened`: the text lacks words of the
    page, because the channel's texts are short.
    """

    title: str | None
    text: str
    characters: int
    size_bytes: int | None
    most: int | None
    parts: int | None
    shortened: bool


class ChannelPreview(ResponseModel):
    """A page as a channel sends it, in both languages."""

    channel: Channel
    zh: ChannelText
    en: ChannelText


class PagePreview(ResponseModel):
    """The page of the first call that an act causes, on each channel in use.

    `answer_by` is an example. `names_hidden`: the viewer may not read a name in the texts.
    """

    unit: str
    unit_name: str
    post: Post
    answer_by: datetime
    names_hidden: bool
    channels: list[ChannelPreview]


class CommandPagePreview(PagePreview):
    """The page of a command to a unit; with `deadlines_given` no deadline in it is an example."""

    deadlines_given: bool
