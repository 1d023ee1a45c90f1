"""`fenghuo catalog import`: errors and dry runs send nothing; answers decide what was applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.catalog import cli, imports
from deploy.commands.catalog.answers import Answers
from deploy.commands.catalog.outcome import causes, spans_of
from shared.contracts.catalog import CatalogEntry, catalog_key
from shared.contracts.catalog_requests import CatalogRequest, PutEntries
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.domain.catalog_files.acts import keys_of
from shared.domain.catalog_files.problems import RowPlace
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE
from tests.unit.catalog.builders import (
    DISTRICT,
    T0,
    TOWN,
    a_record,
    a_request,
    a_sensor,
    a_unit,
    put,
    retire,
)

COMMON = ["--unit", DISTRICT, "--reason", "首次编目", "--officer", "o-9", "--kafka", "127.0.0.1:1"]
LEDGER = [a_unit(DISTRICT, "永川区", None), a_unit(TOWN, "朱沱镇")]
HEAD = "sensor_id,sensor_kind,name,place,metric,unit_of_measure,interval_s\n"


def lines(*names: str) -> str:
    rows = (f"{name},rain_gauge,雨量站 {name},{TOWN},rainfall,mm,300\n" for name in names)
    return HEAD + "".join(rows)


def a_letter(place: tuple[int, int], detail: str, **fields: Any) -> DeadLetter:
    head = {
        "id": "dlq-1",
        "reason": Reason.STALE,
        "detail": detail,
        "service": "catalog",
        "topic": "catalog.requests.v1",
        "partition": place[0],
        "offset": place[1],
        "refused_at": T0,
    }
    return DeadLetter(**{**head, **fields})


class Service:
    """The service as far as the command sees it: it applies or refuses each request."""

    def __init__(self) -> None:
        self.records = {catalog_key(entry): a_record(entry) for entry in LEDGER}
        self.requests: list[CatalogRequest] = []
        self.refused_key = ""
        self.answers_at_most = 1_000

    def read(self, _bootstrap: str) -> tuple[dict[str, CatalogEntry], dict[str, int]]:
        return dict(self.records), {}

    async def deliver(
        self,
        _bootstrap: str,
        requests: Sequence[CatalogRequest],
        _positions: Mapping[str, int],
        answers: Answers,
        on_answer: Callable[[], None],
    ) -> None:
        for offset, request in enumerate(requests):
            self.requests.append(request)
            answers.sent(request, (0, offset))
            if offset >= self.answers_at_most:
                continue
            if self.refused_key in keys_of(request.act):
                answers.refuse(a_letter((0, offset), f"{self.refused_key} has version 3 now"))
            else:
                self._apply(request, answers)
            on_answer()

    def _apply(self, request: CatalogRequest, answers: Answers) -> None:
        for key, entry in keys_of(request.act).items():
            answers.take(key, entry)
            if entry is None:
                del self.records[key]
            else:
                self.records[key] = a_record(entry)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    result = Service()
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr(imports, "read_ledger", result.read)
    monkeypatch.setattr(imports, "deliver", result.deliver)
    return result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sensors.csv"
    path.write_text(lines(*(f"s-{number:04}" for number in range(1_200))), encoding="utf-8")
    return path


def test_a_file_is_applied_and_changes_nothing_the_second_time(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["import", str(file), *COMMON]) == 0
    assert "1200 条已生效，0 条被拒收" in capsys.readouterr().out
    assert [len(keys_of(request.act)) for request in service.requests] == [500, 500, 200]
    assert {request.reason for request in service.requests} == {"首次编目"}
    service.requests.clear()
    assert cli.main(["import", str(file), *COMMON]) == 0
    assert service.requests == []
    assert "1200 条不变" in capsys.readouterr().out


def test_the_dry_run_shows_the_changes_and_sends_nothing(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["import", str(file), "--dry-run", *COMMON]) == 0
    out = capsys.readouterr().out
    assert "将新增 1200 条" in out
    assert "试运行" in out
    assert service.requests == []


def test_a_file_with_an_error_sends_nothing(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(lines("a", "b") + "c,rain_gauge,站,500118999000,rainfall,mm,x\n", "utf-8")
    assert cli.main(["import", str(file), *COMMON]) == 1
    out = capsys.readouterr().out
    assert "第 4 行" in out
    assert "什么都不会改变" in out
    assert service.requests == []


def test_warnings_are_errors_when_they_are_strict(service: Service, file: Path) -> None:
    file.write_text(HEAD + f"a,odd,站,{TOWN},odd_metric,x,300\n", "utf-8")
    assert cli.main(["import", str(file), "--strict", *COMMON]) == 1
    assert service.requests == []
    assert cli.main(["import", str(file), *COMMON]) == 0
    assert len(service.requests) == 1


def test_a_refused_request_is_reported_with_its_rows_and_the_next_call_goes_on(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.refused_key = "sensor:s-0733"
    assert cli.main(["import", str(file), *COMMON]) == 1
    out = capsys.readouterr().out
    assert "拒收 500 条（第 502 至 1001 行）" in out
    assert "起因：第 735 行 sensor:s-0733" in out
    assert "700 条已生效，500 条被拒收" in out
    service.refused_key = ""
    service.requests.clear()
    assert cli.main(["import", str(file), "--json", *COMMON]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["unchanged"], document["applied"], document["refused"]) == (700, 500, [])
    assert len(service.requests) == 1


def test_without_an_answer_the_command_says_so(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers_at_most = 1
    assert cli.main(["import", str(file), *COMMON]) == EXIT_UNAVAILABLE
    assert "500 条已生效，700 条未办结" in capsys.readouterr().err


def test_an_interruption_names_what_is_in_force(
    service: Service,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service.answers_at_most = 2

    async def interrupted(*arguments: Any) -> None:
        await service.deliver(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(imports, "deliver", interrupted)
    assert cli.main(["import", str(file), *COMMON]) == imports.INTERRUPTED
    assert "1000 条已生效" in capsys.readouterr().err


def test_entries_that_a_complete_file_does_not_name_are_retired(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.records["sensor:old"] = a_record(a_sensor("old"))
    file.write_text(lines("s-1"), "utf-8")
    assert cli.main(["import", str(file), "--complete", "sensor", "--json", *COMMON]) == 0
    assert json.loads(capsys.readouterr().out)["retired"] == ["sensor:old"]
    assert [request.act.op for request in service.requests] == ["put", "retire"]
    assert "sensor:old" not in service.records


def test_a_wrong_unit_is_a_wrong_call(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["import", str(file), *COMMON, "--unit", "nowhere"]
    assert cli.main(arguments) == EXIT_USAGE
    assert service.requests == []


def answers_to(*acts: Any) -> Answers:
    answers = Answers()
    for offset, act in enumerate(acts):
        answers.sent(a_request(act, request_id=f"crq-{offset}"), (0, offset))
    return answers


def test_only_the_requested_entry_is_an_answer() -> None:
    answers = answers_to(put(a_sensor("a"), a_sensor("b")), retire("sensor:c"))
    answers.take("sensor:a", a_sensor("a", name="旧名"))
    answers.take("sensor:c", a_sensor("c"))
    assert (answers.applied, answers.open_entries) == (0, 3)
    answers.take("sensor:a", a_sensor("a"))
    answers.take("sensor:c", None)
    assert (answers.applied, answers.open_requests) == (2, ["crq-0"])
    answers.take("sensor:a", a_sensor("a"))
    assert answers.applied == 2


def test_an_entry_that_has_become_so_before_the_request_is_in_force() -> None:
    answers = Answers()
    answers.take("sensor:a", a_sensor("a"))
    answers.take("sensor:b", a_sensor("b"))
    answers.take("sensor:b", None)
    answers.sent(a_request(put(a_sensor("a"), a_sensor("b"))), (0, 0))
    assert (answers.applied, answers.open_entries) == (1, 1)


@pytest.mark.parametrize(
    "fields",
    [{"service": "audit"}, {"topic": "catalog.resources.v1"}, {"offset": 7}, {"partition": 1}],
)
def test_only_the_letter_of_the_ledger_about_the_request_refuses(fields: dict[str, Any]) -> None:
    answers = answers_to(put(a_sensor("a")))
    answers.refuse(a_letter((0, 0), "x", **fields))
    assert answers.refused == {}
    answers.refuse(a_letter((0, 0), "x"))
    answers.refuse(a_letter((0, 0), "a second reading of the letter"))
    assert list(answers.refused) == ["crq-0"]
    assert (answers.open_requests, answers.open_entries, answers.applied) == ([], 0, 0)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("sensor:a has version 3 now", ["sensor:a"]),
        (f"{DISTRICT} does not write unit:{TOWN}", [f"unit:{TOWN}"]),
        ("unit:x is named by entries in use: sensor:a, sensor:b", ["sensor:a"]),
        ("sensor:ab has version 3 now", []),
    ],
)
def test_the_cause_is_an_entry_of_the_request_that_the_letter_names(
    detail: str, expected: list[str]
) -> None:
    keys = keys_of(PutEntries(puts=put(a_sensor("a"), a_unit(TOWN)).puts))
    assert causes(a_letter((0, 0), detail), keys) == expected


def test_rows_that_follow_on_each_other_are_one_span() -> None:
    places = [RowPlace(row, sheet) for sheet in ("甲", "乙") for row in (5, 2, 3, 9)]
    assert [(first.sheet, first.row, last.row) for first, last in spans_of(places)] == [
        ("乙", 2, 3), ("乙", 5, 5), ("乙", 9, 9), ("甲", 2, 3), ("甲", 5, 5), ("甲", 9, 9),
    ]  # fmt: skip
    assert list(spans_of([])) == []


def test_the_words_of_a_letter_are_shown_harmless(
    service: Service,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(
        _bootstrap: str,
        requests: Sequence[CatalogRequest],
        _positions: object,
        answers: Answers,
        _on_answer: object,
    ) -> None:
        answers.sent(requests[0], (0, 0))
        answers.refuse(a_letter((0, 0), "sensor:s-0001 \x1b[2J\n has version 3"))

    file.write_text(lines("s-0001"), "utf-8")
    monkeypatch.setattr(imports, "deliver", refuse)
    assert cli.main(["import", str(file), *COMMON]) == 1
    assert "\x1b" not in capsys.readouterr().out
