"""The text of a communication test: no officer may mistake it for an alert."""

from __future__ import annotations

from shared.contracts.pages import Channel
from shared.domain.bilingual import Bilingual
from shared.domain.page_texts.lines import joined_text, one_line
from shared.domain.wording import CHANNELS


def of_contact_test(channel: Channel) -> tuple[str, str]:
    """Return headline and text of a communication test."""
    name = CHANNELS[channel]
    return (
        one_line(Bilingual(f"通信测试：{name.zh}", f"Communication test: {name.en}")),
        joined_text(
            Bilingual(
                f"这是对{name.zh}的例行通信测试，没有险情，无需到岗。"
                "收到请应答“能到岗”（1），仅表示已收到。",
                f"This only tests the {name.en}: no alert, nothing to do. "
                "Answer 1 to confirm that it has come.",
            )
        ),
    )
