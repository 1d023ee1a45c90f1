"""The demo's stack under the README's addresses, and what `make up` has left there put back."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from deploy.local.announcement import SHOWN_FILES, announced, withdraw
from deploy.local.paths import Paths


@pytest.fixture
def own(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


@pytest.fixture
def demo(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "demo" / "stack")
    paths.root.mkdir(parents=True)
    paths.create()
    _fill(paths, "demo")
    return paths


def _fill(paths: Paths, text: str) -> None:
    for name in SHOWN_FILES:
        (paths.run / name).write_text(f"{text} {name}")


def _variants(paths: Paths) -> list[str]:
    return [(paths.run / name).read_text().split()[0] for name in SHOWN_FILES]


def test_a_fresh_checkout_shows_the_demo_and_nothing_afterwards(own: Paths, demo: Paths) -> None:
    with announced(own, demo) as is_announced:
        assert is_announced
        assert _variants(own) == ["demo"] * 3
        assert own.secrets.stat().st_mode & 0o077 == 0
    assert not any(os.path.lexists(own.run / name) for name in SHOWN_FILES)


def test_the_files_of_make_up_are_set_aside_and_restored(own: Paths, demo: Paths) -> None:
    own.create()
    _fill(own, "up")
    with announced(own, demo) as is_announced:
        assert is_announced, "the stack of make up does not run"
        assert _variants(own) == ["demo"] * 3
    assert _variants(own) == ["up"] * 3


def test_a_running_stack_keeps_its_addresses(own: Paths, demo: Paths) -> None:
    own.create()
    _fill(own, "up")
    with (own.run / "stack.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with announced(own, demo) as is_announced:
            assert not is_announced
            assert _variants(own) == ["up"] * 3
    assert _variants(own) == ["up"] * 3


def test_a_stack_that_starts_during_the_demo_has_its_own_secrets(own: Paths, demo: Paths) -> None:
    own.create()
    _fill(own, "up")
    with announced(own, demo):
        withdraw(own)  # as every stack does when it starts
        assert _variants(own) == ["up"] * 3
    assert _variants(own) == ["up"] * 3, "the end of the demo removes nothing of the other stack"


def test_the_links_of_a_killed_demo_are_cleared_by_the_next_start(own: Paths, demo: Paths) -> None:
    own.create()
    _fill(own, "up")
    killed = announced(own, demo)
    killed.__enter__()
    withdraw(own)
    assert _variants(own) == ["up"] * 3
    with announced(own, demo):
        assert _variants(own) == ["demo"] * 3
    assert _variants(own) == ["up"] * 3
