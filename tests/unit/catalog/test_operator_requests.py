"""`fenghuo catalog` put, retire, move and merge: the records that they send, and wrong calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.commands.catalog import cli, requests
from shared.contracts.catalog import Entry, catalog_key
from shared.contracts.catalog_requests import CatalogRequest, PutEntries
from shared.contracts.fields import Post
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE
from tests.unit.catalog.builders import (
    DISTRICT,
    TOWN,
    VILLAGE,
    a_sensor,
    a_unit,
    merge,
    move,
    retire,
)

COMMON = ["--unit", DISTRICT, "--reason", "区划调整", "--officer", "o-9", "--kafka", "127.0.0.1:1"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[CatalogRequest]:
    """Return the requests that a call sends; Kafka takes all of them."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    results: list[CatalogRequest] = []

    async def send(_bootstrap: str, every: Sequence[CatalogRequest]) -> None:
        results.extend(every)

    monkeypatch.setattr(requests, "_send", send)
    return results


@pytest.mark.parametrize(
    ("words", "act"),
    [
        (["retire", "sensor:a", "sensor:b"], retire("sensor:a", "sensor:b")),
        (["move", "sensor:a", "--to", VILLAGE], move(VILLAGE, "sensor:a")),
        (["merge", TOWN, "--into", "500118107000"], merge(TOWN, "500118107000")),
    ],
)
def test_a_call_is_one_request(
    words: list[str], act: object, sent: list[CatalogRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*words, *COMMON]) == 0
    (request,) = sent
    assert request.act == act
    assert (request.origin_unit, request.officer_id, request.reason, request.post) == (
        DISTRICT, "o-9", "区划调整", Post.A,
    )  # fmt: skip
    assert request.id in capsys.readouterr().out


def test_the_entries_of_a_file_are_put_in_their_order_500_a_request(
    sent: list[CatalogRequest], tmp_path: Path
) -> None:
    entries: list[Entry] = [a_unit(TOWN), *(a_sensor(f"s-{number:04}") for number in range(1_200))]
    file = tmp_path / "entries.jsonl"
    file.write_text(
        "\n\n".join(entry.model_dump_json(exclude_none=True) for entry in entries), "utf-8"
    )
    assert cli.main(["put", str(file), *COMMON]) == 0
    acts = [request.act for request in sent]
    puts = [put for act in acts if isinstance(act, PutEntries) for put in act.puts]
    assert [len(act.puts) for act in acts if isinstance(act, PutEntries)] == [500, 500, 201]
    assert [catalog_key(put.entry) for put in puts] == [catalog_key(entry) for entry in entries]
    assert len({request.id for request in sent}) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"kind":"group"}\n{"kind":"nothing"}\nno json\n', ("line 1: ", "line 2: ", "line 3: ")),
        (b"", ("nothing was sent",)),
        (b"\xff\xfe", ("not valid",)),
        (None, ("not valid",)),
    ],
)
def test_a_wrong_file_is_named_line_by_line_and_nothing_is_sent(
    content: bytes | None,
    words: tuple[str, ...],
    sent: list[CatalogRequest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "entries.jsonl"
    if content is not None:
        file.write_bytes(content)
    assert cli.main(["put", str(file), *COMMON]) == EXIT_USAGE
    error = capsys.readouterr().err
    assert all(word in error for word in words)
    assert sent == []


@pytest.mark.parametrize(
    "words",
    [["retire", "Zhutuo"], ["move", "sensor:a", "--to", "nowhere"], ["merge", "1", "--into", "2"]],
)
def test_a_wrong_key_or_unit_is_refused(
    words: list[str], sent: list[CatalogRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*words, *COMMON]) == EXIT_USAGE
    assert "not valid" in capsys.readouterr().err
    assert sent == []


def test_without_kafka_the_call_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cli.main(["retire", "sensor:a", *COMMON]) == EXIT_UNAVAILABLE
    assert "127.0.0.1:1" in capsys.readouterr().err
