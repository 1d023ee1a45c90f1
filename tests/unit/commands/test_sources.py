"""`fenghuo sources`: entries from one change to the next, keys shown once, sentences for errors."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.sources import cli
from shared.contracts.fields import DataGrade
from shared.contracts.sources import SourceDoor, SourceEntry
from shared.domain import source_changes as changes
from shared.runtime.errors import EXIT_USAGE
from tests.support.sources import a_key, a_source_entry

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DISTRICT, TOWN = "500118000000", "500118118000"
KAFKA = ("--kafka", "k:1")


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> dict[str, SourceEntry]:
    """The sources of the catalogue in place of Kafka."""
    present: dict[str, SourceEntry] = {}

    async def published(_bootstrap: str) -> Mapping[str, SourceEntry]:
        return dict(present)

    async def publish_entries(_bootstrap: str, entries: list[SourceEntry], _now: datetime) -> None:
        present.update({entry.source: entry for entry in entries})

    monkeypatch.setattr(cli, "published", published)
    monkeypatch.setattr(cli, "publish_entries", publish_entries)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "220")
    return present


def document_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_new_source_may_send_what_is_named_and_its_key_is_shown_once(
    catalogue: dict[str, SourceEntry], capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["create", "gas", "--name", "燃气公司", "--owner", DISTRICT, "--doors", "readings"]
    call += ["--sensors", "gas-*", "--places", TOWN, "--per-minute", "600", "--json", *KAFKA]
    assert cli.main(call) == 0
    document, entry = document_of(capsys), catalogue["gas"]
    key = document.pop("key")
    assert len(key) == 43
    assert entry.key_hashes == (a_key(key),)
    assert key not in entry.model_dump_json()
    assert (entry.doors, entry.sensors, entry.places) == (
        *((SourceDoor.READINGS,), ("gas-*",)),
        (TOWN,),
    )
    assert (entry.per_minute, entry.grade, entry.sets_grade) == (600, DataGrade.GENERAL, False)
    assert document == json.loads(entry.model_dump_json(exclude_none=True))


def test_a_bare_source_may_send_nothing(catalogue: dict[str, SourceEntry]) -> None:
    assert cli.main(["create", "new", "--name", "n", "--owner", DISTRICT, *KAFKA]) == 0
    entry = catalogue["new"]
    assert (entry.doors, entry.sensors, entry.places) == ((), (), ())


def test_a_key_goes_to_a_file_of_its_owner_alone(
    catalogue: dict[str, SourceEntry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    call = ["create", "gas", "--name", "n", "--owner", DISTRICT, "--key-file", str(file), *KAFKA]
    assert cli.main(call) == 0
    key = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert catalogue["gas"].key_hashes == (a_key(key),)
    assert key not in capsys.readouterr().out
    repeated = ["rotate", "gas", "--key-file", str(file), *KAFKA]
    assert cli.main(repeated) == EXIT_USAGE
    assert "cannot be written" in capsys.readouterr().err
    assert len(catalogue["gas"].key_hashes) == 1, "no key is published that nobody has"


def test_limits_change_and_the_rest_stays(catalogue: dict[str, SourceEntry]) -> None:
    catalogue["gas"] = a_source_entry("gas", "key", per_minute=10)
    assert cli.main(["limit", "gas", "--sensors", "gas-*", "gas-*", "--sets-grade", *KAFKA]) == 0
    expected = {"sensors": ("gas-*",), "sets_grade": True}
    assert catalogue["gas"] == a_source_entry("gas", "key", per_minute=10, **expected)
    call = ["limit", "gas", "--doors", "--per-minute", "0", "--no-sets-grade", *KAFKA]
    assert cli.main(call) == 0
    expected = {"sensors": ("gas-*",), "doors": ()}
    assert catalogue["gas"] == a_source_entry("gas", "key", **expected)


def test_a_rotation_keeps_the_older_keys_for_a_while() -> None:
    first = a_source_entry("gas", "first")
    second = changes.rotated(first, "second", NOW, HOUR)
    assert second.key_hashes == (a_key("first", NOW + HOUR), a_key("second"))
    third = changes.rotated(second, "third", NOW + HOUR / 2, HOUR)
    assert third.key_hashes == (
        a_key("first", NOW + HOUR),
        a_key("second", NOW + HOUR * 1.5),
        a_key("third"),
    )
    fourth = changes.rotated(third, "fourth", NOW + HOUR, timedelta(0))
    assert fourth.key_hashes == (a_key("fourth"),)


def test_four_valid_keys_are_the_most() -> None:
    entry = a_source_entry("gas", "first")
    for number in range(3):
        entry = changes.rotated(entry, f"key-{number}", NOW, HOUR)
    with pytest.raises(changes.WrongChange, match="many_keys"):
        changes.rotated(entry, "another", NOW, HOUR)
    alone = changes.revoked(entry, older_keys_only=True)
    assert alone.key_hashes == (a_key("key-2"),)
    assert not alone.ended
    SourceEntry.model_validate(entry.model_dump())


def test_a_revoked_source_has_no_key_and_may_be_created_again(
    catalogue: dict[str, SourceEntry],
) -> None:
    catalogue["gas"] = a_source_entry("gas", "key")
    assert cli.main(["revoke", "gas", *KAFKA]) == 0
    assert (catalogue["gas"].key_hashes, catalogue["gas"].ended) == ((), True)
    assert cli.main(["create", "gas", "--name", "n", "--owner", DISTRICT, *KAFKA]) == 0
    assert not catalogue["gas"].ended
    assert catalogue["gas"].doors == ()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("create", "old", "--name", "n", "--owner", DISTRICT), "exists: change it by limit"),
        (("create", "with:colon", "--name", "n", "--owner", DISTRICT), "source: String should"),
        (("create", "new", "--name", "n", "--owner", "nowhere"), "owner: String should"),
        (("limit", "old", "--places", "nowhere"), "places.0"),
        (("limit", "old", "--per-minute", "-1"), "per_minute"),
        (("limit", "nobody", "--sensors", "*"), "there is no source nobody"),
        (("rotate", "ended"), "has ended: create begins it again"),
        (("revoke", "ended"), "has ended"),
    ],
)
def test_a_wrong_change_gets_a_sentence_and_changes_nothing(
    catalogue: dict[str, SourceEntry],
    capsys: pytest.CaptureFixture[str],
    call: tuple[str, ...],
    words: str,
) -> None:
    catalogue |= {
        "old": a_source_entry("old", "key"),
        "ended": a_source_entry("ended", ended=True),
    }
    before = dict(catalogue)
    assert cli.main([*call, *KAFKA]) == EXIT_USAGE
    assert words in capsys.readouterr().err
    assert catalogue == before


def test_the_list_shows_limits_and_the_state_of_the_keys(
    catalogue: dict[str, SourceEntry],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert cli.main(["list", *KAFKA]) == 0
    assert "There are no sources." in capsys.readouterr().out
    catalogue["gas"] = a_source_entry(
        "gas",
        name="燃气公司 ‖ Gas company",
        key_hashes=(a_key("old", NOW), a_key("new")),
        sensors=tuple(f"gas-{number}" for number in range(9)),
    )
    catalogue["gone"] = a_source_entry("gone", ended=True)
    assert cli.main(["list", *KAFKA]) == 0
    out = capsys.readouterr().out
    for words in ("Gas company", "gas-3 +5", "until 2026-07-01 16:00:00, valid", "ended"):
        assert words in out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cli.main(["list", *KAFKA]) == 0
    assert "燃气公司" in capsys.readouterr().out
    assert cli.main(["list", "--json", *KAFKA]) == 0
    assert [entry["source"] for entry in document_of(capsys)["sources"]] == ["gas", "gone"]


def test_the_hash_is_that_of_the_token_as_it_is_sent() -> None:
    entry = changes.created(None, {"source": "s", "name": "s", "owner": DISTRICT}, "token")
    assert entry.key_hashes[0].sha256 == hashlib.sha256(b"token").hexdigest()
