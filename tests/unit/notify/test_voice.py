"""Voice calls: what is spoken, and the gateway as a real server that is busy, slow or down."""

from __future__ import annotations

import re

import pytest

from services.notify.channels.port import Attempt, DeliveryOutcome, Tools
from services.notify.channels.registry import ChannelsFile
from services.notify.channels.voice import Voice, VoiceSettings
from services.notify.core.escalation.channel_waits import built_in
from shared.contracts.fields import Language, Level, Status
from shared.contracts.pages import Channel, Page
from shared.domain.page_texts.names import BEIJING
from shared.domain.page_texts.voice import LONGEST, keys, spoken
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError
from tests.support.carrier import SECRET, Behaviour, running_receiver
from tests.unit.notify.test_webhook import a_page

PHONE = "13800138000"


def a_voice(url: str, secret: str = SECRET) -> Voice:
    settings = ChannelsFile.model_validate(
        {"channels": [{"channel": "voice", "url": url, "secret": {"env": "VOICE_KEY"}}]}
    ).channels[0]
    assert isinstance(settings, VoiceSettings)
    tools = Tools(SystemClock(), environ={"VOICE_KEY": secret}, timeout_s=0.3)
    sender = settings.sender(tools)
    assert isinstance(sender, Voice)
    return sender


async def deliver(url: str, page: Page | None = None, address: str | None = PHONE) -> Attempt:
    voice = a_voice(url)
    try:
        return await voice.deliver(page or a_page(), address, resend=False)
    finally:
        await voice.close()


def speech(page: Page, language: Language = Language.ZH, *, resend: bool = False) -> str:
    return spoken(page, language, BEIJING, resend=resend)


async def test_the_gateway_gets_number_text_and_keys_signed() -> None:
    async with running_receiver() as receiver:
        assert await deliver(receiver.url) == Attempt(DeliveryOutcome.DELIVERED)
    (call,) = receiver.requests
    assert call.headers["webhook-id"] == a_page().page_id
    assert (call.data["to"], call.data["language"]) == (PHONE, "zh")
    assert call.data["keys"] == ["1", "2", "3", "4", "9"]
    assert call.data["text"] == speech(a_page())


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ({"outcome": "busy"}, DeliveryOutcome.NOT_SENT),
        ({"outcome": "no_answer"}, DeliveryOutcome.NOT_SENT),
        ({"outcome": "dialling"}, DeliveryOutcome.DELIVERED),
        (429, DeliveryOutcome.NOT_SENT),
        (503, DeliveryOutcome.UNKNOWN),
        (404, DeliveryOutcome.REFUSED),
        ("slow", DeliveryOutcome.UNKNOWN),
        ("lose", DeliveryOutcome.UNKNOWN),
    ],
)
async def test_each_behaviour_of_the_gateway_has_its_outcome(
    behaviour: Behaviour, outcome: DeliveryOutcome
) -> None:
    async with running_receiver() as receiver:
        receiver.behaviours.append(behaviour)
        assert (await deliver(receiver.url)).outcome is outcome


async def test_without_number_or_gateway_nothing_is_dialled() -> None:
    async with running_receiver() as receiver:
        refused = await deliver(receiver.url, address=None)
        assert refused.outcome is DeliveryOutcome.REFUSED
        assert receiver.requests == []
        url = receiver.url
    assert (await deliver(url)).outcome is DeliveryOutcome.NOT_SENT


def test_a_secret_that_is_no_key_is_refused_at_the_start() -> None:
    with pytest.raises(SetupError, match="voice"):
        a_voice("http://127.0.0.1:9/calls", secret="short")


def test_a_sentence_ends_once_where_its_line_ends() -> None:
    text = "已发布橙色预警。\n请转移。\n地点：朱沱镇 ‖ Alert issued.\nMove now.\nPlace: Zhutuo"
    page = a_page().model_copy(update={"text": text})
    assert "已发布橙色预警。请转移。地点：朱沱镇。请于" in speech(page)
    assert "Alert issued. Move now. Place: Zhutuo. Press by" in speech(page, Language.EN)


def test_numbers_are_spoken_digit_by_digit_and_signs_are_left_out() -> None:
    text = "联系 张三（电话 13800138000）\n【重要】水位 212.68 m <speak>请 & 注意</speak>"
    words = speech(a_page().model_copy(update={"text": text}))
    assert "1 3 8 0 0 1 3 8 0 0 0" in words
    assert "212.68" in words  # A measured value stays a number.
    assert not re.search(r"[<>&\[\]【】（）\n]", words)


@pytest.mark.parametrize("language", list(Language))
def test_a_long_text_is_cut_before_its_headline_and_its_keys(language: Language) -> None:
    page = a_page().model_copy(update={"text": "水" * 4_000, "level": Level.RED})
    words = speech(page, language)
    ending = keys(page, language, BEIJING)
    assert words.endswith(ending)
    assert len(words) - len(ending) <= LONGEST + 4
    for key in ("1", "2", "3", "4", "9"):
        assert key in ending


def test_a_drill_and_a_repeat_are_heard_first() -> None:
    page = a_page().model_copy(update={"status": Status.EXERCISE})
    assert "演练" in speech(page)[:16]
    assert "重发" in speech(page, resend=True)[:20]
    assert "演练" not in speech(a_page())


@pytest.mark.parametrize("level", list(Level))
def test_a_telephone_rings_no_sooner_than_the_text_message(level: Level) -> None:
    waits = built_in(level)
    assert waits[Channel.VOICE] >= waits[Channel.SMS] + 10 * (level is not Level.NOTICE)
