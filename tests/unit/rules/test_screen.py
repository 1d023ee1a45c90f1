"""Tables for people: nothing is cut, whatever the width: what is long wraps, ids last; a pipe has
whole lines.
"""

from __future__ import annotations

import pytest

from shared.definitions.yaml_files.screen import Screen

ID = "cmd-39ac95e817eed9062edcc14fb4f7e1a2"
TITLE = "朱沱镇 防汛橙色指令：组织转移 / Flood orange: move people out of the low ground"
ROW = [ID, "橙色", "已下达", "永川区", TITLE, "6554/9105", "2026-11-28 20:58:00Z"]
COLUMNS = ["编号", "级别", "状态", "单位", "标题", "签收", "签收时限"]


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    Screen().table("指令", COLUMNS, [ROW])
    return capsys.readouterr().out.splitlines()


def test_output_into_a_pipe_has_one_complete_line_per_row(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (line,) = [name for name in printed(capsys) if name.startswith(ID)]
    assert all(cell in line for cell in ROW)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_terminal_shows_every_letter(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = printed(capsys)
    assert not [line for line in lines if "…" in line]
    assert width < 100 or any(ID in line for line in lines)
    together = "".join("".join(lines).split())
    assert all(letter in together for letter in "".join((ID + TITLE).split()))
