"""The fixed texts of the play: reports, the drill's command, the last command, nonsense at the
door.
"""

import json
from datetime import datetime
from typing import Any

from deploy.demo.actors import DRILL_ROOT, GAS_VILLAGE, ZHUTUO, Actors
from deploy.demo.demo_clock import at
from deploy.demo.strands import REPORT_AT
from deploy.example.units import DISTRICT

Json = dict[str, Any]

DRILL_ORDER: Json = {
    "selection": {"include": [{"kind": "subtree", "of": DRILL_ROOT, "tiers": ["town", "village"]}]},
    "event_type": "11A01",
    "level": "yellow",
    "title": "演练：朱沱镇防汛转移演练 ‖ Drill: moving people at Zhutuo",
    "instruction": "本指令为演练。 ‖ This is a drill.",
    "status": "Exercise",
}
LAST_ORDER: Json = {
    "selection": {"include": [{"kind": "subtree", "of": DISTRICT, "tiers": ["town"]}]},
    "event_type": "11A01",
    "level": "blue",
    "title": "汛后检查：报送堤岸与设施受损情况 ‖ After the flood: report damage",
    "instruction": "各镇街检查堤岸、泵站、监测设备，签收后反馈。 ‖ Inspect and report.",
    "status": "Actual",
}
"""Given when the water is down; one town has not signed it yet when the play ends."""


def reports(actors: Actors) -> list[tuple[datetime, Json]]:
    """Return the reports of people, each with its event time."""
    gas = {
        "incident_id": "inc-gas-demo",
        "event_type": "12:gas_leak",
        "place": GAS_VILLAGE,
        "reporter_id": actors.reporter,
        "reporter_role": "grid_worker",
    }
    return [
        _report(REPORT_AT, "rep-gas-1", gas, "initial", 1, "巡查闻到明显燃气味"),
        _report(at(18, 23), "rep-gas-2", gas, "follow_up", 2, "已疏散周边住户，燃气公司到场"),
        _report(at(20, 4), "rep-gas-3", gas, "final", 3, "泄漏点已修复，浓度正常"),
        _report(
            at(19, 5),
            "rep-zhutuo-1",
            {
                "incident_id": "inc-flood-zhutuo",
                "event_type": "11A01",
                "place": ZHUTUO,
                "reporter_id": "zhutuo-dyke-watch",
                "reporter_role": "officer",
            },
            "initial",
            1,
            "江水漫上码头，沿江低洼处进水",
        ),
        _report(
            at(18, 20),
            "rep-drill-1",
            {
                "incident_id": "inc-drill",
                "event_type": "11A01",
                "place": "500105000000",
                "reporter_id": "drill-observer",
                "reporter_role": "officer",
                "status": "Exercise",
            },
            "initial",
            1,
            "演练：江水上涨",
        ),
    ]


def nonsense() -> list[tuple[str, str, bytes, str, int]]:
    """(what, path, body, content type, status it must be answered with) for the HTTP door."""
    path, kind = "/v1/readings", "application/json"
    good: Json = {
        "id": "door-1",
        "sensor_id": "gauge-wulong",
        "metric": "water_level",
        "value": 174.5,
        "unit": "m",
        "datum": "吴淞",
        "occurred_at": at(18, 20).isoformat(),
    }
    nan = json.dumps({**good, "value": float("nan")}).encode()
    future = json.dumps({**good, "occurred_at": "2099-01-01T00:00:00+08:00"}).encode()
    unknown = json.dumps({**good, "sensor_id": "gauge-atlantis"}).encode()
    wrong = json.dumps({**good, "value": "174.5"}).encode()
    return [
        ("not JSON", path, b"{level: high!", kind, 400),
        ("wrong types", path, wrong, kind, 422),
        ("NaN", path, nan, kind, 400),
        ("unknown sensor", path, unknown, kind, 422),
        ("future time", path, future, kind, 422),
        ("10 MB", path, b"[" + b" " * 10_000_000 + b"]", kind, 413),
        ("not said to be JSON", path, json.dumps(good).encode(), "text/plain", 415),
    ]


def _report(
    when: datetime, report_id: str, fields: Json, kind: str, number: int, headline: str
) -> tuple[datetime, Json]:
    return when, {
        "id": report_id,
        "kind": kind,
        "number": number,
        "headline": headline,
        "occurred_at": when.isoformat(),
        **fields,
    }
