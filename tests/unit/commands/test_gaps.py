"""`fenghuo gaps`: what blocks partitions, and the acceptance that an operator writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from deploy.commands.gaps import cli
from shared.contracts.gaps import GapAcceptance
from shared.runtime.errors import EXIT_USAGE

SILENT = "http://127.0.0.1:9"
GAPS = [
    {
        "service": "alerting",
        "topic": "alarm.events.v1",
        "partition": partition,
        "kind": kind,
        "offset": 1000,
        "gap_id": f"gap-{partition}",
        "reason": "told by the service",
    }
    for partition, kind in enumerate(("truncated", "unreadable"))
]
ACCEPT = ("accept", "alerting", "alarm.events.v1")


class GapsHandler(BaseHTTPRequestHandler):
    """Answers as a service whose partitions are blocked."""

    def do_GET(self) -> None:
        body = json.dumps(GAPS).encode()
        self.send_response(200 if self.path == "/gaps" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), GapsHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[GapAcceptance]:
    """Collect the acceptances in place of Kafka."""
    acceptances: list[GapAcceptance] = []

    async def send(_bootstrap: str, acceptance: GapAcceptance) -> None:
        acceptances.append(acceptance)

    monkeypatch.setattr(cli, "send", send)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return acceptances


@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh_CN.UTF-8", "主题结尾丢失或被重建"), ("en_GB.UTF-8", "lost its end or was created anew")],
)
def test_list_shows_each_gap_and_names_who_does_not_answer(
    address: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    locale: str,
    words: str,
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["list", "--services", address]) == 0
    out = capsys.readouterr().out
    assert words in out
    assert "alarm.events.v1" in out
    assert cli.main(["list", "--json", "--services", address, SILENT]) == 1
    assert json.loads(capsys.readouterr().out) == {"gaps": GAPS, "silent": [SILENT]}


def test_an_acceptance_names_the_gap_the_person_and_the_reason(
    address: str, sent: list[GapAcceptance]
) -> None:
    common = ("--reason", "power cut", "--officer", "o-1", "--kafka", "k:1", "--services", address)
    assert cli.main([*ACCEPT, "0", *common]) == 0
    assert cli.main([*ACCEPT, "1", "--continue-at", "1001", *common]) == 0
    assert [
        (acceptance.service, acceptance.partition, acceptance.gap_id, acceptance.continue_at)
        for acceptance in sent
    ] == [("alerting", 0, "gap-0", None), ("alerting", 1, "gap-1", 1001)]
    assert {(acceptance.officer_id, acceptance.reason) for acceptance in sent} == {
        ("o-1", "power cut")
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("7", "--reason", "r"), "has no gap in alarm.events.v1 partition 7"),
        (("1", "--reason", "r"), "name the offset by --continue-at"),
        (("0", "--reason", ""), "the acceptance is not valid"),
        (("0", "--reason", "r", "--unit", "nowhere"), "the acceptance is not valid"),
    ],
)
def test_a_wrong_acceptance_gets_a_sentence(
    address: str,
    sent: list[GapAcceptance],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    call = [*ACCEPT, *arguments, "--kafka", "k:1", "--services", address]
    assert cli.main(call) == EXIT_USAGE
    assert words in " ".join(capsys.readouterr().err.split())
    assert sent == []
