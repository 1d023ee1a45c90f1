"""The command line speaks one language and tells the time of the place."""

from __future__ import annotations

import pytest

from deploy.commands.console.api import Answer
from deploy.commands.console.lists import when
from shared.contracts.fields import Language


@pytest.mark.parametrize(
    ("moment", "view"),
    [
        ("2026-11-24T02:13:40.123Z", "2026-11-24 10:13:40"),
        ("2026-11-24T20:13:40Z", "2026-11-25 04:13:40"),
        ("2026-11-24T10:13:40+08:00", "2026-11-24 10:13:40"),
        (None, ""),
        ("soon", "soon"),
    ],
)
def test_a_table_tells_beijing_time(moment: object, view: str) -> None:
    assert when(moment) == view


@pytest.mark.parametrize(("language", "view"), [(Language.ZH, "洪水"), (Language.EN, "Flood")])
def test_an_answer_is_read_in_one_language_and_passed_on_as_it_came(
    language: Language, view: str
) -> None:
    raw = '{"alerts": [{"headline": "洪水 ‖ Flood"}]}'.encode()
    answer = Answer(raw, language)
    assert answer.body["alerts"][0]["headline"] == view
    assert answer.raw == raw
