"""Nothing in the tree names a package index or this machine."""

import pytest

from deploy import hygiene


def test_the_tree_is_clean() -> None:
    assert hygiene.check_tree() == []


def test_the_lock_pins_and_hashes_every_package() -> None:
    text = (hygiene.ROOT / "requirements.lock").read_text(encoding="utf-8")
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(requirements) > 50
    assert all("==" in line for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)
    assert "://" not in text


@pytest.mark.parametrize(
    "line",
    [
        "index-url = https" + "://mirror.example.cn/pyp" + "i/simple",
        "<url>https" + "://repo.example.org/mav" + "en2</url>",
        "registry=https" + "://packages.example.org/np" + "mjs/",
    ],
)
def test_an_index_address_is_found(line: str) -> None:
    assert list(hygiene.offences("some.toml", line)) == ["some.toml:1: address of a package index"]


def test_an_address_in_a_lock_file_is_reported() -> None:
    lines = {
        "some.lock": "tool @ https" + "://files.example.org/tool.whl",
        "some/package-lock.json": '"resolved": "https' + '://files.example.org/tool.tgz",',
    }
    for name, line in lines.items():
        assert list(hygiene.offences(name, line)) == [f"{name}:1: address in a lock file"]


def test_an_ordinary_link_is_fine() -> None:
    text = "see https://kafka.apache.org/documentation and https://www.rfc-editor.org/rfc/rfc9110"
    assert list(hygiene.offences("README.md", text)) == []


def test_a_path_of_this_machine_is_found() -> None:
    offences = list(hygiene.offences("a.py", "x = '/opt/mine/y'", machine_paths=["/opt/mine"]))
    assert offences == ["a.py:1: absolute path of this machine"]
