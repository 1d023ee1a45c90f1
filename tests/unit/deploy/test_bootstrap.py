"""The set-up script's sentences: each names the cause and what to do."""

import time
from pathlib import Path

import pytest

from deploy import bootstrap


def test_an_old_python_is_refused_with_a_way_out() -> None:
    with pytest.raises(bootstrap.BootstrapError, match=r"3\.11 or newer.*3\.9.*make PYTHON="):
        bootstrap.check_python((3, 9))


def test_this_python_is_accepted() -> None:
    bootstrap.check_python((3, 11))


def test_a_full_disk_is_named_before_anything_is_installed() -> None:
    with pytest.raises(bootstrap.BootstrapError, match=r"only 0\.4 GB"):
        bootstrap.check_disk(400_000_000)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("error: No space left on device (os error 28)", "the disk filled up"),
        ("Hash mismatch for `httpx2==0.28.1`", "does not have the hash"),
        ("Could not find a version that satisfies", "index cannot be reached"),
        ("client error: dns error: failed to lookup", "index cannot be reached"),
        ("Segmentation fault", "installing the packages failed"),
    ],
)
def test_an_installers_failure_becomes_one_sentence(output: str, sentence: str) -> None:
    explained = bootstrap.explain(output)
    assert sentence in explained
    assert "\n" not in explained


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["fly"]) == 2
    assert "usage:" in capsys.readouterr().err


def test_a_changed_lock_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bootstrap.fingerprint()
    lock = tmp_path / "requirements.lock"
    lock.write_text("other==1\n", encoding="ascii")
    monkeypatch.setattr(bootstrap, "LOCK", lock)
    assert bootstrap.fingerprint() != before


def test_a_long_step_reports_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "SILENT_S", 0.01)
    output, deadline = "", time.monotonic() + 60
    with bootstrap.never_silent("compiling"):
        while output.count("  compiling, 0 s") < 2:
            assert time.monotonic() < deadline, output
            time.sleep(0.01)
            output += capsys.readouterr().out
    capsys.readouterr()
    time.sleep(0.05)
    assert capsys.readouterr().out == "", "the step is over"
