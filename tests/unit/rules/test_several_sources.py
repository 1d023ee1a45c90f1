"""Rules over several sources on a bench: backtests, explanations, and memory that does not grow."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.rules import sources_engine
from deploy.commands.rules.explain import Chain, sentences
from deploy.commands.rules.explain_sources import source_sentences, supporting_ids
from deploy.commands.rules.sources_engine import Evidence, SourcesBench
from services.scoring.core.refusals import RefusedInput
from shared.contracts.conditions import AllOf, AnyOf, CompositeRule, Not, RuleHolds
from shared.contracts.fields import Level
from shared.contracts.reports import ReporterRole
from tests.unit.alerting.builders import (
    a_report,
    a_rule,
    a_warning,
    all_of,
    an_alarm,
    at,
    sources_of,
)
from tests.unit.alerting.engine_harness import alarm_of, clearing_of, transitions
from tests.unit.rules.packs import composite, corroboration, fields, write
from tests.unit.rules.test_cli import backtested, folder_of_work, run

__all__ = ["folder_of_work"]
PAIR = composite({"op": "rule", "rule": "flood-x"})


def test_the_alarms_of_rules_come_back_and_feed_others() -> None:
    outer = a_rule("y", all_of("x", "c"))
    bench = SourcesBench([a_rule("x", all_of("a", "b")), outer])
    assert bench.take(alarm_of("c")) == []
    bench.take(alarm_of("a"))
    assert transitions(bench.take(alarm_of("b"))) == [("x", "raised"), ("y", "raised")]
    assert transitions(bench.take(clearing_of("b", 5))) == [("x", "cleared"), ("y", "cleared")]


def test_a_rule_that_looks_at_itself_is_refused() -> None:
    with pytest.raises(RefusedInput, match="looks at itself"):
        SourcesBench([a_rule("x", all_of("y", "a")), a_rule("y", all_of("x", "a"))])


def test_time_ends_what_lingers() -> None:
    bench = SourcesBench([a_rule("x", all_of("a", "b", linger_s=600))])
    for message in (alarm_of("a"), alarm_of("b"), clearing_of("b", 5)):
        bench.take(message)
    [cleared] = bench.pass_time(at(60).timestamp())
    assert (cleared.transition, cleared.occurred_at) == ("cleared", at(15))


def test_warnings_count_while_in_force() -> None:
    bench = SourcesBench([a_rule("y", sources_of())])
    warning = a_warning(expires_at=at(120))
    assert bench.take(warning) == []
    [raised] = bench.take(a_report("p", occurred_at=at(10)))
    assert raised.transition == "raised"
    cancel = a_warning(msg_type="Cancel", references=(warning.cap_identifier,), occurred_at=at(20))
    assert transitions(bench.take(cancel)) == [("y", "cleared")]


def test_evidence_that_can_no_longer_count_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_engine, "_PRUNE_EACH", 50)
    rules = [a_rule("x", all_of("a", "b", linger_s=600)), a_rule("y", sources_of())]
    pruned, unpruned = SourcesBench(rules), SourcesBench(rules)
    monkeypatch.setattr(unpruned, "_prune", lambda: None)
    streams: list[list[Any]] = [[], []]
    for number in range(400):
        minutes = number * 60.0
        messages: list[Evidence] = [
            alarm_of("a", number, occurred_at=at(minutes)),
            alarm_of("b", number, occurred_at=at(minutes + 1)),
            clearing_of("a", minutes + 30, number=number),
            clearing_of("b", minutes + 31, number=number),
            a_report(f"p{number}", occurred_at=at(minutes + 40)),
        ]
        for events, bench in zip(streams, (pruned, unpruned), strict=True):
            for message in messages:
                events += bench.take(message)
    assert [event.id for event in streams[0]] == [event.id for event in streams[1]]
    assert streams[0]
    assert len(pruned._engine.evidence.alarms) < 800
    assert len(unpruned._engine.evidence.alarms) == 800 + len({e.alarm_id for e in streams[1]})


def test_backtest_of_a_composite_over_readings(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder_of_work / "candidate", PAIR)
    path = folder_of_work / "candidate" / "a.yaml"
    fresh = backtested(capsys, path)
    assert fresh["total"] == {"same": 0, "moved": 0, "added": 2, "removed": 0}
    assert set(fresh["by_rule"]) == {"both"}, "the rule that feeds it is not compared"
    write(folder_of_work / "deploy" / "rules", PAIR, name="both.yaml")
    assert backtested(capsys, path)["total"]["same"] == 2
    slow = composite({"op": "rule", "rule": "flood-x"}, clear_for_s=7200)
    write(folder_of_work / "candidate", slow)
    moved = backtested(capsys, path)
    assert moved["total"] == {"same": 0, "moved": 2, "added": 0, "removed": 0}
    assert moved["changes"][0]["moved_by"] == "ends +2h00m"
    graver = composite({"op": "rule", "rule": "flood-x", "level": "orange"})
    write(folder_of_work / "candidate", graver)
    assert backtested(capsys, path)["total"]["removed"] == 2


def test_backtest_of_corroboration_over_recorded_reports(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    callers = corroboration(
        sources=[{"source": "hotline", "trust": 0.5}, {"source": "grid_worker", "trust": 0.5}],
        need=1.0,
    )
    write(folder_of_work / "candidate", callers)
    path = folder_of_work / "candidate" / "a.yaml"
    reports = [
        a_report(f"p{n}", event_type="11A01", occurred_at=at(n), reporter_role=role).to_wire()
        for n, role in enumerate((ReporterRole.HOTLINE, ReporterRole.GRID_WORKER))
    ]
    evidence = folder_of_work / "reports.jsonl.gz"
    with gzip.open(evidence, "wb") as file:
        file.write(b"\n".join([*reports, b"{}", b"no JSON"]))
    code, out, _ = run(
        capsys,
        *("backtest", str(path), "--evidence", str(evidence), "--catalog", "catalog.jsonl"),
        "--json",
    )
    result = json.loads(out)
    assert (code, result["evidence"], result["bad_rows"]) == (0, 2, 2)
    assert result["total"] == {"same": 0, "moved": 0, "added": 1, "removed": 0}
    assert result["changes"][0]["sensor"] == "500118118000"
    write(folder_of_work / "candidate", fields())
    code, _, err = run(
        capsys,
        *("backtest", str(path), "--evidence", str(evidence), "--catalog", "catalog.jsonl"),
    )
    assert (code, "no rule of the candidate reads --evidence" in err) == (64, True)
    code, _, err = run(capsys, "backtest", str(path), "--catalog", "catalog.jsonl")
    assert (code, "nothing to play" in err) == (64, True)


def test_a_recorded_alarm_counts_where_its_rule_is_not_judged_anew(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"op": "any", "of": [{"op": "rule", "rule": "flood-x"}, {"op": "rule", "rule": "z"}]}
    write(folder_of_work / "candidate", composite(own), fields(rule_id="z", enabled=True))
    lines = [
        an_alarm("alm-z", rule_id="z", event_type="11A01").to_wire(),
        an_alarm("alm-w", rule_id="w", event_type="11A01").to_wire(),
    ]
    (folder_of_work / "alarms.jsonl").write_bytes(b"\n".join(lines))
    code, out, _ = run(
        capsys,
        *("backtest", "candidate/a.yaml", "--evidence", "alarms.jsonl"),
        *("--catalog", "catalog.jsonl", "--json"),
    )
    assert code == 0
    assert json.loads(out)["total"]["added"] == 0, "z is of the candidate: its readings decide"


def tree() -> CompositeRule:
    a, b, c = (RuleHolds(rule=name) for name in "abc")
    return CompositeRule(
        scope="village",
        when=AllOf(of=(a, AnyOf(of=(b, RuleHolds(rule="b", level=Level.RED))), Not(of=c))),
        level=Level.RED,
    )


def test_an_alarm_over_several_sources_is_explained_by_its_tree() -> None:
    rule = a_rule("x", tree())
    bench = SourcesBench([rule])
    inputs = [alarm_of("a"), alarm_of("b", occurred_at=at(1))]
    events = [event for message in inputs for event in bench.take(message)]
    events += bench.take(clearing_of("b", 5))
    assert supporting_ids(events) == {message.id for message in inputs}
    text = sentences(Chain(tuple(events), rule, rule, (), tuple(inputs)))
    assert "at v1 it comes of 2 records of its sources:" in text
    assert any("alarm alm-b-1 of b, yellow, at sensor-alm-b-1" in line for line in text)
    start = text.index("red holds:")
    assert text[start + 1 :] == [
        "    all of holds:",
        "        a at notice or above holds",
        "        any of holds:",
        "            b at notice or above holds",
        "            b at red or above does not hold",
        "        not holds:",
        "            c at notice or above does not hold",
    ]
    lines = source_sentences(events, None, inputs[:1])
    assert lines[-1] == f"not in the log any more: {inputs[1].id}"


def test_corroboration_is_explained_by_its_weights() -> None:
    rule = a_rule("y", sources_of())
    bench = SourcesBench([rule])
    inputs: list[Evidence] = [
        alarm_of("a"),
        a_report("p", occurred_at=at(1)),
        a_report("p", occurred_at=at(2)),
    ]
    events = [event for message in inputs for event in bench.take(message)]
    text = sentences(Chain(tuple(events), rule, rule, (), tuple(inputs)))
    assert text[-3:] == [
        "    person:p counts 0.6",
        "    sensor:sensor-alm-a-1 counts 0.8",
        "together 1.4, 1 is needed, of 1 kinds of sources",
    ]
    later = inputs[0].occurred_at + timedelta(hours=2)
    warning = a_warning(occurred_at=later)
    [line] = source_sentences(
        [event.model_copy(update={"references": (warning.id,)}) for event in events],
        None,
        [warning],
    )[1:]
    assert "of cma, 500118118000" in line
