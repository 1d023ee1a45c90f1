"""Texts and examples of the OpenAPI document that the routes themselves do not contain."""

from __future__ import annotations

from services.console.core.record import Json
from shared.contracts.topics import READINGS

TAGS = {
    "agency_warnings": "Warnings of other agencies · 外部预警",
    "alerts": "Alerts with their evidence, alarms, and decisions on alerts · 预警、告警与研判决定",
    "cases": "Cases with timeline, evaluation, review and photos · 案卷、时间线、评价与复盘",
    "commands": "Commands, assignments, units and feedback · 指令、任务、单位与反馈",
    "definitions": "Rules and plans, and their publication · 规则与预案的发布",
    "drills": "Drills · 演练",
    "duty": "Duty plans as they apply, as entries and as files · 值班计划",
    "feed": "The live stream and the list of its events · 实时事件流",
    "identity": "The officer who is signed in · 登录人员",
    "incidents": "New incidents · 新报事件",
    "ledger": "The ledger: entries, history, changes, decisions · 资源编目",
    "letters": "Dead letters, for operators of the system · 死信（系统运维）",
    "limits": "Limits in force, drafts with signatures, previews · 时限、草案签署与预演",
    "load": "Readings, alarms and pages by day and hour, weekly report · 工作负荷与周报",
    "modes": "Response modes and proposals of modes · 平急状态",
    "overview": "The numbers and the map of a place · 总览",
    "pages": "Pages to officers, answers, receipts of carriers · 叫应通知与答复",
    "photos": "Photos of feedback · 反馈照片",
    "push": "Pushes to browsers, and answers from notifications · 浏览器推送",
    "reachability": "Channels by which officers are reached, and communication tests · 通信可达",
    "reports": "Upward reports and the duties to report · 信息上报",
    "self_check": "What is missing before going live · 上线自检",
    "sensors": "Sensors and their readings · 感知设备与读数",
    "silences": "Silences and maintenance windows · 静默与检修窗口",
    "sources": "Data sources: keys, limits, refusals · 数据来源：密钥、范围、拒收",
    "supervision": "Deadlines that are missed or near · 督办",
}
"""The tags of operations, one for each feature, in English and Chinese."""

BOUNDS = {
    "/api/duty": "At most 31 days; a post has one holder at a time.",
    "/api/duty/calendar": "At most 28 days; a post has one holder at a time.",
    "/api/duty/gaps": "At most one entry for each post of a unit in the subtree.",
    "/api/duty/export": "The plan of one unit.",
    "/api/modes": "At most one entry for each unit that has decided, and its open proposals.",
    "/api/incidents/{incident_id}/reports": "The reports of one incident.",
    "/api/cases/{case_id}/review": "One document; at most 20 findings.",
    "/api/supervision/units": "The unit itself, the units one tier below and its departments.",
    "/api/alerts/{alert_id}/wording": "The words of one alert.",
    "/api/trends": "At most one entry for each of at most 100 alerts.",
    "/api/definitions": "At most one entry for each rule or plan.",
    "/api/definitions/{kind}/{definition_id}": "One document.",
    "/api/drills/readings/{reading_id}/course": "Seven steps, and one entry for each tier.",
    "/api/self-check": "At most one entry for each kind of what is missing.",
    "/api/units": "The units one tier below, its departments and groups.",
    "/api/commands/{command_id}/course": "At most 62 points.",
    "/api/cases/{case_id}/course": "At most 62 points.",
    "/api/commands/{command_id}/below": "The units one tier below.",
    "/api/command-drafts": "At most 20 drafts of the officer.",
    "/api/warnings/{warning_id}/command": "One document.",
    "/api/warnings/{warning_id}/incident": "One document.",
    "/api/overview": "One document; its map has one tile for each town.",
    "/api/pages/{page_id}/colleagues": "One entry for each officer of the unit of the page",
    "/api/push/devices": "One entry for each browser of the officer.",
    "/api/modes/preview": "One document.",
    "/api/pages/{page_id}/why": "The calls about one matter, at most 300.",
    "/api/alerts/{alert_id}/why": "The calls about one alert, at most 300.",
    "/api/map": "At most 1,600 cells and 300 alarms; one middle for each town and district.",
    "/api/limits": "One document of each subject, all versions, at most 50 closed drafts.",
    "/api/limits/documents/{limits_id}/{version}": "One document.",
    "/api/limits/drafts/{draft_id}/preview": "At most 50 cases of each difference.",
    "/api/ledger/entry": "One document.",
    "/api/load": "28 days, 24 hours, and at most 50 officers.",
    "/api/load/weekly": "Seven days; at most 60 commands, 100 units and 100 officers.",
    "/api/me": "One document.",
    "/api/events": "A stream; at most 1000 missed events are sent, otherwise a `reset`.",
}
"""The bound of each response to a read without the parameter `limit`."""

_TOWN = "500118118000"
_WINDOW = {"begin_at": "2026-11-25T00:00:00Z", "end_at": "2026-11-25T06:00:00Z"}
_SELECTION = {"include": [{"kind": "subtree", "of": _TOWN, "tiers": ["village"]}]}
_LIMITS_END = {
    "subject": "assignments",
    "unit": _TOWN,
    "enabled": False,
    "name_zh": "朱沱镇交办时限",
    "name_en": "Times of assignments in Zhutuo",
    "in_force_from": "2026-12-10T00:00:00Z",
    "source": "镇党政办会议纪要",
}
_RULE = """- rule_id: flood.my-gauge
  name_zh: 水位超保证
  name_en: Above the guarantee level
  event_type: 11A01
  sensor_kind: river_gauge
  metric: water_level
  unit: m
  datum: 吴淞
  source: 某文件
  body:
    kind: threshold
    rungs:
      - {level: orange, raise_at: 212.0, clear_at: 211.5, source: 保证水位}
"""
_CASES = """- case: above the level
  sensors:
    - {sensor_id: g, kind: river_gauge, metric: water_level, unit: m, datum: 吴淞, interval_s: 300}
  rules: [flood.my-gauge]
  push: [{sensor: g, at: "0s", value: 212.4}]
  want:
    - {rule: flood.my-gauge, transition: raised, level: orange, between: ["0s", "1m"]}
"""
_SOURCE_LIMITS = {
    "name": "雨量监测平台",
    "owner": _TOWN,
    "doors": ["readings"],
    "sensors": ["rain-*"],
    "places": [_TOWN],
    "per_minute": 6000,
}
EXAMPLES: dict[tuple[str, str], Json] = {
    ("post", "/api/sources"): {
        "source": "rain-network",
        "limits": _SOURCE_LIMITS,
        "reason": "接入雨量监测平台",
    },
    ("post", "/api/sources/{source_id}/limits"): {
        "limits": _SOURCE_LIMITS,
        "reason": "增加站点",
    },
    ("post", "/api/sources/{source_id}/rotation"): {"overlap_h": 24, "reason": "定期更换密钥"},
    ("post", "/api/sources/{source_id}/revocation"): {"reason": "平台停用"},
    ("post", "/api/limits/checks"): _LIMITS_END,
    ("post", "/api/limits/previews"): _LIMITS_END,
    ("put", "/api/limits/drafts/{draft_id}"): _LIMITS_END,
    ("post", "/api/limits/drafts/{draft_id}/sign"): {"digest": "5f" * 32},
    ("post", "/api/limits/drafts/{draft_id}/withdraw"): {"reason": "等待市里意见"},
    ("post", "/api/commands"): {
        "selection": _SELECTION,
        "event_type": "11A01",
        "level": "yellow",
        "title": "沿江巡查",
        "instruction": "每两小时一次",
        "status": "Exercise",
    },
    ("put", "/api/command-drafts/{draft_id}"): {"title": "沿江巡查", "level": "yellow"},
    ("post", "/api/commands/page-preview"): {
        "selection": _SELECTION,
        "event_type": "11A01",
        "level": "yellow",
        "title": "沿江巡查",
    },
    ("post", "/api/commands/preview"): {"selection": _SELECTION, "limit": 100},
    ("post", "/api/commands/{command_id}/{verb}"): {"version": 3},
    ("post", "/api/assignments/{assignment_id}/acknowledgements"): {
        "step": "report",
        "text": "已转移 32 人",
    },
    ("post", "/api/assignments/acknowledgements"): {
        "step": "sign",
        "assignments": ["asg-0123456789abcdef0123456789abcdef"],
    },
    ("post", "/api/pages/{page_id}/answers"): {"verb": "coming", "text": "十分钟到"},
    ("post", "/api/alerts/{alert_id}/decisions"): {
        "verb": "approve",
        "level": "orange",
        "version": 4,
    },
    ("post", "/api/alerts/{alert_id}/preview"): {"verb": "approve", "reason": "已核实"},
    ("post", "/api/silences"): {**_WINDOW, "sensor_id": "gauge-zhutuo", "reason": "检修"},
    ("post", "/api/silences/{silence_id}/end"): {"end_at": None, "reason": "检修完成"},
    ("post", "/api/letters/acts"): {
        "place": f"{READINGS.name}/3@1418",
        "verb": "ask",
        "reason": "设备已编目",
    },
    ("put", "/api/accounts/{officer_id}"): {
        "name": "李远",
        "unit": _TOWN,
        "post": "B",
        "phone": "13900000001",
    },
    ("post", "/api/accounts/{officer_id}/acts"): {"verb": "grant", "right": "see", "unit": _TOWN},
    ("post", "/api/definitions/check"): {"kind": "rule", "text": _RULE},
    ("post", "/api/definitions/test"): {"text": _RULE, "cases": _CASES},
    ("post", "/api/definitions/backtest"): {"text": _RULE, "hours": 24},
    ("post", "/api/definitions/publish"): {
        "kind": "rule",
        "text": _RULE,
        "reason": "防汛办会议纪要",
        "versions": {"flood.my-gauge-candidate": 0},
    },
    ("post", "/api/definitions/acts"): {
        "kind": "rule",
        "id": "flood.my-gauge-candidate",
        "version": 1,
        "verb": "put_in_force",
        "reason": "回测无误",
    },
    ("post", "/api/ledger/requests"): {
        "act": {"op": "move", "keys": ["sensor:gauge-zhutuo"], "to": _TOWN},
        "reason": "站点迁移",
        "trial": True,
    },
    ("post", "/api/modes/proposals"): {
        "unit": _TOWN,
        "mode": "standby",
        "until": "2026-11-26T00:00:00Z",
        "reason": "强降雨",
    },
    ("post", "/api/modes/proposals/{proposal_id}/{verb}"): {"version": 1},
    ("put", "/api/duty/entries/{entry_id}"): {
        "rule": {
            "kind": "member",
            "officer": {"officer_id": "o-500118118000-b", "name": "李远"},
        },
        "version": 0,
    },
    ("post", "/api/duty/tests"): {"unit": _TOWN, "officer_id": "o-500118118000-b"},
    ("post", "/api/reports"): {
        "incident_id": "inc-0123456789abcdef0123456789abcdef",
        "kind": "initial",
        "means": "written",
        "place": _TOWN,
        "event_type": "11A01",
        "headline": "朱沱镇沿江道路被淹",
    },
    ("post", "/api/cases/{case_id}/review"): {
        "text": "转移及时，预警到户偏慢",
        "findings": [
            {"owner": _TOWN, "title": "补齐夜间值守", "finish_by": "2027-01-31T00:00:00Z"}
        ],
    },
    ("post", "/api/drills"): {
        "title": "防汛演练",
        "event_type": "11A01",
        "level": "orange",
        "place": _TOWN,
    },
    ("post", "/api/drills/readings"): {"sensor_id": "gauge-zhutuo", "value": 212.4},
    ("post", "/api/incidents"): {
        "draft_id": "inc-on-my-phone-1",
        "event_type": "12:fire",
        "place": _TOWN,
        "position": {"lat": 29.013, "lon": 105.848},
        "headline": "老街居民楼冒烟",
    },
    ("post", "/api/push/devices"): {
        "endpoint": "https://fcm.googleapis.com/fcm/send/cT0",
        "keys": {
            "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts"
            "1XbjhazAkj7I99e8QcYP7DkM",
            "auth": "tBHItJI5svbpez7KI4CCXg",
        },
        "name": "Chrome · Android",
    },
    ("post", "/push/answers"): {"ticket": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "verb": "coming"},
    ("post", "/carriers/receipts"): {
        "page_id": "pag-0123456789abcdef0123456789abcdef",
        "verb": "delivered",
    },
    ("post", "/carriers/keys"): {"page_id": "pag-0123456789abcdef", "key": "1"},
    ("post", "/carriers/replies"): {"channel": "sms", "address": "10086", "text": "1"},
}

REFUSALS: dict[int, tuple[str, str, str]] = {
    401: ("Sign in first", "signed_out", "There is no session or token, or it has ended."),
    403: (
        "Not allowed",
        "outside_subtree",
        "The officer may not read or do this; `reason` is the rule that forbids it.",
    ),
    404: ("No such alert", "unknown", "There is none, or the officer may not see it."),
    409: (
        "The idempotency key has been used",
        "key_reused",
        "The subject has changed since the officer read it, the officer has done this before with "
        "other contents, or the key stands for another request.",
    ),
    413: (
        "The body is too large",
        "too_large",
        "A body has at most 64 KiB, a file 1 MiB, a photo 4 MiB.",
    ),
    415: ("Not a photo", "photo_type", "The contents are no JPEG, PNG or WebP image."),
    422: (
        "The request is not valid",
        "invalid",
        "The request is well-formed but not acceptable; each error is named.",
    ),
    500: ("Internal error", "bug", "The console has failed; its log has the cause."),
    503: ("Not available now", "unavailable", "Nothing is lost: send the same request again."),
}
"""Title, reason and description of a refusal by its status."""
