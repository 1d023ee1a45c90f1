"""Rules and plans over the API: checked, tried, published as candidates, put in force."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from services.console.core.definitions import Definitions
from services.console.features.definitions.trials import TrialBusy, TrialRefused
from services.console.web.openapi_contents import EXAMPLES
from shared.contracts.plans import PlanDefinition
from shared.contracts.refusals import RefusedFor
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import PLANS, RULES
from shared.definitions.yaml_files.writing import to_yaml
from tests.component.console.test_grants import dsn_of
from tests.component.console.test_reachability import ask
from tests.support.console_definitions import OUTCOME_OF_CASES, OUTCOME_OF_READINGS
from tests.support.console_events import CITY, ZHUTUO, a_rule
from tests.support.console_harness import ConsoleHarness
from tests.unit.plans.builders import a_plan
from tests.unit.plans.builders import fields as plan_fields

ADMIN = "o-city-b"
RULE = EXAMPLES["post", "/api/definitions/check"]["text"]
CASES = EXAMPLES["post", "/api/definitions/test"]["cases"]
NAME = "flood.my-gauge"


async def administering(
    console: ConsoleHarness, officer: str = ADMIN, unit: str = CITY
) -> Definitions:
    grant = Grant(right=Right.ADMINISTER, unit=unit)
    await change_grant(dsn_of(console), officer, grant, give=True)
    return console.deps.part(Definitions)


async def post(
    console: ConsoleHarness, path: str, body: dict[str, Any], code: int, officer: str = ADMIN
) -> Any:
    answer = await ask(console, officer, "POST", f"/api/definitions/{path}", json=body)
    assert answer.status_code == code, answer.text
    return answer.json()


def rule_body(text: str = RULE, **more: Any) -> dict[str, Any]:
    return {"kind": "rule", "text": text, "reason": "会议纪要", **more}


def sent(console: ConsoleHarness) -> list[RuleDefinition]:
    """Return the rules that Kafka has, and put them into the table as Kafka would."""
    definitions = console.deps.part(Definitions)
    rules = [
        RuleDefinition.from_wire(record.body)
        for record in console.kafka.sent
        if record.topic == RULES.name
    ]
    for rule in rules:
        definitions.put_rule(rule)
    return rules


async def test_a_text_is_checked_and_every_error_has_its_line(console: ConsoleHarness) -> None:
    await administering(console)
    body = {"kind": "rule", "text": RULE}
    answer = await post(console, "check", body, 200)
    assert (answer["errors"], answer["unchanged"]) == (0, [])
    (change,) = answer["changes"]
    assert (change["id"], change["shadow_of"]) == (f"{NAME}-candidate", NAME)
    assert (change["standing"], change["version"], change["was"]) == ("shadow", 1, 0)
    wrong = RULE.replace("unit: m", "unit: mm").replace("raise_at: 212.0", "raise_at: 211.0")
    answer = await post(console, "check", {"kind": "rule", "text": wrong}, 200)
    lines = {finding["field"]: finding["line"] for finding in answer["findings"]}
    assert answer["errors"] >= 2
    assert lines["unit"] == 7
    for text in ("- [", "a: b", "\ufeff- {rule_id: [}", "- &a {rule_id: *a}", "!!python/x y"):
        answer = await post(console, "check", {"kind": "rule", "text": text}, 200)
        assert answer["errors"] > 0, text
        assert answer["changes"] == [], text
    refused = await post(console, "publish", rule_body(wrong), 422)
    assert refused["reason"] == "definition_invalid"
    assert any(error["where"].startswith("rules.yaml:7 ") for error in refused["errors"])
    assert console.kafka.sent == []


async def test_a_rule_is_published_as_a_shadow_and_put_in_force_by_a_second_act(
    console: ConsoleHarness,
) -> None:
    definitions = await administering(console)
    definitions.put_rule(a_rule(NAME).model_copy(update={"version": 6}))
    answer = await post(console, "publish", rule_body(versions={f"{NAME}-candidate": 0}), 202)
    assert answer["recorded"] == 1
    (candidate,) = sent(console)
    assert (candidate.rule_id, candidate.version) == (f"{NAME}-candidate", 1)
    assert candidate.shadow_of == NAME
    assert candidate.author is not None
    assert (candidate.author.officer_id, candidate.author.reason) == (ADMIN, "会议纪要")
    assert candidate.origin_unit == CITY
    rows = await listed(console)
    assert [(row["id"], row["standing"], row["may"]) for row in rows] == [
        (NAME, "in_force", ["end"]),
        (f"{NAME}-candidate", "shadow", ["put_in_force", "end"]),
    ]
    assert [row["sensors"] for row in rows] == [1, 1]
    assert [row["levels"] for row in rows] == [["blue", "orange"], ["orange"]]
    act = {
        "kind": "rule",
        "id": candidate.rule_id,
        "version": 1,
        "verb": "put_in_force",
        "reason": "回测无误",
    }
    assert (await post(console, "acts", {**act, "version": 2}, 409))["reason"] == "stale"
    await post(console, "acts", {**act, "id": "none"}, 404)
    answer = await post(console, "acts", act, 202)
    assert [(item["id"], item["version"]) for item in answer["results"]] == [
        (NAME, 7),
        (f"{NAME}-candidate", 2),
    ]
    sent(console)
    live = definitions.rules[NAME]
    assert (live.version, live.shadow_of, live.enabled) == (7, None, True)
    assert live.body == candidate.body
    assert [row["id"] for row in await listed(console)] == [NAME]
    repeated = {**act, "version": 2}
    assert (await post(console, "acts", repeated, 409))["reason"] == "not_now"
    assert (await post(console, "publish", rule_body(), 202))["results"] == []
    answer = await post(console, "acts", {**act, "id": NAME, "version": 7, "verb": "end"}, 202)
    sent(console)
    assert (await listed(console))[0]["standing"] == "off"


async def listed(console: ConsoleHarness, place: str = CITY, kind: str = "rule") -> Any:
    answer = await ask(console, ADMIN, "GET", f"/api/definitions?kind={kind}&place={place}")
    assert answer.status_code == 200, answer.text
    return answer.json()["definitions"]


async def test_a_definition_is_read_as_a_text_that_can_be_published_again(
    console: ConsoleHarness,
) -> None:
    definitions = await administering(console)
    definitions.put_rule(a_rule(NAME))
    answer = await ask(console, ADMIN, "GET", f"/api/definitions/rule/{NAME}")
    assert answer.status_code == 200
    text = answer.json()["text"]
    checked = await post(console, "check", {"kind": "rule", "text": text}, 200)
    assert (checked["errors"], checked["unchanged"]) == (0, [NAME])
    higher = text.replace("212.0", "213.0")
    (change,) = (await post(console, "check", {"kind": "rule", "text": higher}, 200))["changes"]
    assert change["changed"] == ["body.rungs[1].raise_at"]
    answer = await ask(console, ADMIN, "GET", "/api/definitions/rule/none")
    assert answer.status_code == 404


async def test_of_two_officers_with_one_version_the_second_is_refused(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    await administering(console, "o-city-a")
    first = await post(console, "publish", rule_body(), 202)
    repeated = await post(console, "publish", rule_body(), 202)
    assert [item["repeated"] for item in (*first["results"], *repeated["results"])] == [False, True]
    second = RULE.replace("212.0", "213.0")
    answer = await post(console, "publish", rule_body(second), 202, "o-city-a")
    assert (answer["recorded"], answer["results"][0]["reason"]) == (0, "version_taken")
    sent(console)
    stale = rule_body(second, versions={f"{NAME}-candidate": 0})
    answer = await post(console, "publish", stale, 409, "o-city-a")
    assert answer["reason"] == "stale"
    answer = await post(console, "publish", rule_body(second), 202, "o-city-a")
    assert [(item["version"], item["reason"]) for item in answer["results"]] == [(2, None)]


async def test_the_right_reaches_over_what_the_rule_is_about(console: ConsoleHarness) -> None:
    await post(console, "check", {"kind": "rule", "text": RULE}, 403)
    await administering(console, "o-town-b", ZHUTUO)
    refused = await post(console, "publish", rule_body(), 403, "o-town-b")
    assert refused["reason"] == "not_administrator"
    own = RULE.replace("metric:", "sensor_ids: [gauge-zhutuo]\n  metric:")
    await post(console, "publish", rule_body(own), 202, "o-town-b")
    (candidate,) = sent(console)
    assert candidate.origin_unit == ZHUTUO
    definitions = console.deps.part(Definitions)
    definitions.put_rule(a_rule(NAME))  # of the whole city: a town may not narrow it
    act = {"kind": "rule", "id": f"{NAME}-candidate", "version": 1, "verb": "put_in_force"}
    await post(console, "acts", {**act, "reason": "本镇"}, 403, "o-town-b")
    assert RefusedFor.NOT_ADMINISTRATOR in {refusal.reason for refusal in console.refused()}


async def test_a_plan_is_a_candidate_before_it_holds(console: ConsoleHarness) -> None:
    definitions = await administering(console)
    definitions.put_plan(a_plan("existing", levels=["blue"]))
    text = to_yaml([plan_fields(levels=["red"])])
    checked = await post(console, "check", {"kind": "plan", "text": text}, 200)
    (change,) = checked["changes"]
    assert (change["id"], change["standing"]) == ("flood-candidate", "shadow")
    assert change["recipients"] is not None
    clash = to_yaml([plan_fields(levels=["blue"])])
    await post(console, "publish", {**rule_body(clash), "kind": "plan"}, 422)
    await post(console, "publish", {**rule_body(text), "kind": "plan"}, 202)
    (record,) = [record for record in console.kafka.sent if record.topic == PLANS.name]
    candidate = PlanDefinition.from_wire(record.body)
    definitions.put_plan(candidate)
    act = {"kind": "plan", "id": "flood-candidate", "version": 1, "verb": "put_in_force"}
    await post(console, "acts", {**act, "reason": "会签"}, 202)
    plans = [
        PlanDefinition.from_wire(record.body)
        for record in console.kafka.sent
        if record.topic == PLANS.name
    ]
    assert [(plan.plan_id, plan.shadow_of, plan.enabled) for plan in plans[1:]] == [
        ("flood", None, True),
        ("flood-candidate", "flood", False),
    ]
    assert {row["id"] for row in await listed(console, kind="plan")} == {
        "existing", "flood-candidate"
    }  # fmt: skip


async def test_cases_decide_and_a_backtest_tells_what_would_have_been_different(
    console: ConsoleHarness,
) -> None:
    await administering(console)
    trials = console.trials
    answer = await post(console, "test", {"text": RULE, "cases": CASES}, 200)
    assert (answer["passed"], answer["failed"], answer["untried"]) == (1, 0, [NAME])
    names = [file.name for file in trials.files]
    assert names == ["rules.yaml", "rules.test.yaml"]
    trials.outcome = {**OUTCOME_OF_CASES, "passed": 0, "failed": 1}
    refused = await post(console, "publish", rule_body(cases=CASES), 422)
    assert refused["reason"] == "cases_failed"
    assert console.kafka.sent == []
    trials.outcome = OUTCOME_OF_CASES
    await post(console, "publish", rule_body(cases=CASES), 202)
    trials.outcome = OUTCOME_OF_READINGS
    answer = await post(console, "backtest", {"text": RULE, "hours": 6}, 200)
    assert answer["total"] == {"equal": 1, "moved": 0, "added": 2, "removed": 0}
    assert answer["by_rule"] == [{"rule": NAME, "equal": 1, "moved": 0, "added": 2, "removed": 0}]


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (TrialBusy(), 409, "trial_busy"),
        (TrialRefused("not finished in 120 s"), 422, "trial_refused"),
    ],
)
async def test_a_trial_that_cannot_be_made_says_why(
    console: ConsoleHarness, error: Exception, code: int, reason: str
) -> None:
    await administering(console)
    console.trials.error = error
    answer = await post(console, "backtest", {"text": RULE}, code)
    assert answer["reason"] == reason


async def test_while_kafka_is_away_nothing_is_published(console: ConsoleHarness) -> None:
    await administering(console)
    console.kafka.down = True
    await post(console, "publish", rule_body(), 503)
    console.kafka.down = False
    answer = await post(console, "publish", rule_body(), 202)
    assert answer["recorded"] == 1, "the same request is the same act"


async def test_json_is_as_good_as_yaml(console: ConsoleHarness) -> None:
    await administering(console)
    text = json.dumps([json.loads(a_rule("my.rule").model_dump_json(include=WRITTEN))])
    answer = await post(console, "check", {"kind": "rule", "text": text}, 200)
    assert (answer["errors"], len(answer["changes"])) == (0, 1)


WRITTEN = {
    "rule_id", "name_zh", "name_en", "event_type", "sensor_kind", "metric", "unit", "datum", "body",
    "source",
}  # fmt: skip
