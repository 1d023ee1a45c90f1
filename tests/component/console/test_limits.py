"""Limits through the console: what holds, drafts with two signatures, publication, refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from services.console.features.limits.draft_store import MOST_LIVE
from shared.contracts.limits import LimitsDocument
from shared.contracts.limits_acts import LimitsAct, LimitsVerb
from shared.contracts.refusals import RefusedFor
from shared.contracts.topics import LIMITS, LIMITS_ACTS
from shared.runtime.clock import SystemClock
from tests.component.console.test_grants import dsn_of
from tests.support.console_events import CITY, DISTRICT, SONGJI, ZHUTUO
from tests.support.console_harness import ConsoleHarness
from tests.support.console_limits import (
    AUTHOR,
    DRAFTS,
    SECOND,
    STRANGER,
    administering,
    draft_body,
    put,
)
from tests.support.limits import shipped

DRAFT = f"{DRAFTS}/lmd-1"


async def send(
    console: ConsoleHarness, officer: str, method: str, path: str, body: Any = None, key: str = ""
) -> httpx2.Response:
    headers = {"idempotency-key": key} if key else {}
    async with console.client(officer) as client:
        return await client.request(method, path, json=body, headers=headers)


async def ready(console: ConsoleHarness, **more: Any) -> None:
    await administering(console, dsn_of(console), **more)


async def drafted(console: ConsoleHarness, officer: str = AUTHOR, **change: Any) -> str:
    """Write the draft, and return the digest of its content."""
    answer = await send(console, officer, "PUT", DRAFT, draft_body(**change))
    assert answer.status_code == 202, answer.text
    digest: str = answer.json()["digest"]
    return digest


async def sign(
    console: ConsoleHarness, officer: str, digest: str, key: str = ""
) -> httpx2.Response:
    return await send(console, officer, "POST", f"{DRAFT}/sign", {"digest": digest}, key)


async def outbox(console: ConsoleHarness, topic: str) -> list[bytes]:
    """Return the records that leave for a topic, in their order."""
    async with console.deps.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT value FROM console.outbox WHERE topic = $1 ORDER BY seq", topic
        )
    return [row["value"] for row in rows]


async def acts(console: ConsoleHarness) -> list[tuple[str, LimitsVerb]]:
    records = [
        LimitsAct.model_validate_json(value) for value in await outbox(console, LIMITS_ACTS.name)
    ]
    assert all(record.draft_id == "lmd-1" for record in records)
    return [(record.officer_id, record.verb) for record in records]


async def published(console: ConsoleHarness) -> list[LimitsDocument]:
    values = await outbox(console, LIMITS.name)
    return [LimitsDocument.model_validate_json(value) for value in values]


async def state(console: ConsoleHarness) -> str:
    answer = await send(console, AUTHOR, "GET", DRAFT)
    result: str = answer.json()["state"]
    return result


async def test_what_holds_for_a_unit_comes_with_its_document(console: ConsoleHarness) -> None:
    await ready(console)
    own = shipped("assignments-standard").model_copy(
        update={"limits_id": "assignments-yongchuan", "unit": DISTRICT}
    )
    put(console, own)
    answer = (await send(console, STRANGER, "GET", f"/api/limits?unit={ZHUTUO}")).json()
    assert answer["unit_name"] == "朱沱镇"
    assert answer["may_draft"] is False
    assert answer["in_force"]["assignments"]["limits_id"] == "assignments-yongchuan"
    assert answer["in_force"]["assignments"]["unit"] == DISTRICT
    assert answer["in_force"]["reports"]["limits_id"] == "reports-standard"
    assert answer["in_force"]["reports"]["values"]["reports"]["levels"]
    everywhere = (await send(console, "o-city-b", "GET", "/api/limits?everywhere=1")).json()
    assert everywhere["in_force"]["assignments"]["limits_id"] == "assignments-standard"
    assert {version["limits_id"] for version in everywhere["versions"]} == {
        "assignments-standard",
        "reports-standard",
    }
    outside = await send(console, STRANGER, "GET", f"/api/limits?unit={SONGJI}")
    assert outside.status_code == 403
    path = "/api/limits/documents/assignments-yongchuan/1"
    assert (await send(console, STRANGER, "GET", path)).json()["values"]["assignments"]
    assert (await send(console, STRANGER, "GET", f"{path}1")).status_code == 404


async def test_the_second_signature_publishes_with_its_record(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    assert (await sign(console, AUTHOR, digest)).json()["state"] == "signed"
    assert await published(console) == []
    answer = await sign(console, SECOND, digest)
    assert (answer.status_code, answer.json()["state"]) == (202, "published")
    [document] = await published(console)
    assert (document.limits_id, document.version) == (f"assignments-{DISTRICT}", 1)
    assert [signature.officer_id for signature in document.signed_by] == [AUTHOR, SECOND]
    assert document.unit == document.origin_unit == DISTRICT
    assert document.assignments == shipped("assignments-standard").assignments
    assert await acts(console) == [
        (AUTHOR, LimitsVerb.DRAFT),
        (AUTHOR, LimitsVerb.SIGN),
        (SECOND, LimitsVerb.SIGN),
    ]
    put(console, document)
    answer = (await send(console, AUTHOR, "GET", f"/api/limits?unit={DISTRICT}")).json()
    [version] = [item for item in answer["versions"] if item["unit"] == DISTRICT]
    assert version["has_begun"] is False
    assert answer["in_force"]["assignments"]["limits_id"] == "assignments-standard"
    assert [draft["state"] for draft in answer["drafts"]] == ["published"]


async def test_nobody_signs_twice_and_the_author_signs_first(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    early = await sign(console, SECOND, digest)
    assert (early.status_code, early.json()["reason"]) == (409, "author_first")
    await sign(console, AUTHOR, digest)
    repeated = await sign(console, AUTHOR, digest)
    assert (repeated.status_code, repeated.json()["reason"]) == (403, "signed_already")
    assert [refusal.reason for refusal in console.refused()] == [RefusedFor.SIGNED_ALREADY]
    assert await state(console) == "signed"
    await sign(console, SECOND, digest)
    assert (await sign(console, SECOND, digest)).json()["reason"] == "signed_already"
    assert len(await published(console)) == 1


async def test_officers_without_the_right_for_the_unit_do_nothing(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    for method, path, body in (
        ("PUT", f"{DRAFTS}/lmd-2", draft_body()),
        ("GET", DRAFT, None),
        ("POST", f"{DRAFT}/sign", {"digest": digest}),
        ("POST", f"{DRAFT}/withdraw", {"reason": "x"}),
        ("POST", "/api/limits/checks", draft_body()),
        ("POST", "/api/limits/previews", draft_body()),
        ("GET", f"{DRAFT}/preview", None),
    ):
        answer = await send(console, STRANGER, method, path, body)
        assert (answer.status_code, answer.json()["reason"]) == (403, "not_administrator"), path
    everywhere = await send(console, AUTHOR, "PUT", f"{DRAFTS}/lmd-3", draft_body(unit=None))
    assert everywhere.status_code == 403
    listed = (await send(console, STRANGER, "GET", f"/api/limits?unit={ZHUTUO}")).json()
    assert listed["drafts"] == []


async def test_a_document_for_every_unit_is_that_of_the_topmost_unit(
    console: ConsoleHarness,
) -> None:
    await ready(console, unit=CITY)
    digest = await drafted(console, unit=None)
    for officer in (AUTHOR, SECOND):
        assert (await sign(console, officer, digest)).status_code == 202
    [document] = await published(console)
    assert (document.limits_id, document.version) == ("assignments-standard", 2)
    assert (document.unit, document.origin_unit) == (None, CITY)


async def test_only_its_author_changes_a_draft_and_nobody_a_signed_one(
    console: ConsoleHarness,
) -> None:
    await ready(console)
    first = await drafted(console)
    foreign = await send(console, SECOND, "PUT", DRAFT, draft_body(name_zh="别名"))
    assert (foreign.status_code, foreign.json()["reason"]) == (409, "not_author")
    second = await drafted(console, name_zh="别名")
    stale = await sign(console, AUTHOR, first)
    assert (stale.status_code, stale.json()["reason"]) == (409, "stale_draft")
    assert await drafted(console) == first
    assert await drafted(console, name_zh="别名") == second
    await sign(console, AUTHOR, second)
    late = await send(console, AUTHOR, "PUT", DRAFT, draft_body())
    assert (late.status_code, late.json()["reason"]) == (409, "draft_signed")


async def test_a_withdrawn_draft_is_over(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    await sign(console, AUTHOR, digest)
    withdrawal = {"reason": "等待市里意见"}
    answer = await send(console, SECOND, "POST", f"{DRAFT}/withdraw", withdrawal)
    assert answer.json()["state"] == "withdrawn"
    draft = (await send(console, AUTHOR, "GET", DRAFT)).json()
    assert (draft["closed_by"], draft["reason"], draft["may"]) == (SECOND, "等待市里意见", [])
    for path, body in (("sign", {"digest": digest}), ("withdraw", withdrawal)):
        answer = await send(console, SECOND, "POST", f"{DRAFT}/{path}", body)
        assert (answer.status_code, answer.json()["reason"]) == (409, "draft_closed")
    assert (await acts(console))[-1] == (SECOND, LimitsVerb.WITHDRAW)
    assert await published(console) == []


async def test_a_version_that_came_in_between_refuses_the_second_signature(
    console: ConsoleHarness,
) -> None:
    await ready(console)
    digest = await drafted(console)
    await sign(console, AUTHOR, digest)
    between = shipped("assignments-standard").model_copy(
        update={"limits_id": f"assignments-{DISTRICT}", "unit": DISTRICT}
    )
    put(console, between)
    answer = await sign(console, SECOND, digest)
    assert (answer.status_code, answer.json()["reason"]) == (409, "limits_overtaken")
    assert await published(console) == []
    assert await state(console) == "signed"


async def test_of_two_drafts_of_a_version_one_is_published(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    second = await send(console, SECOND, "PUT", f"{DRAFTS}/lmd-2", draft_body(name_zh="另一稿"))
    rival = {"digest": second.json()["digest"]}
    await sign(console, AUTHOR, digest)
    await send(console, SECOND, "POST", f"{DRAFTS}/lmd-2/sign", rival)
    await sign(console, SECOND, digest)
    answer = await send(console, AUTHOR, "POST", f"{DRAFTS}/lmd-2/sign", rival)
    assert (answer.status_code, answer.json()["reason"]) == (409, "limits_overtaken")
    assert len(await published(console)) == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"in_force_from": "2026-01-01T00:00:00+08:00"}, "in_force_from", "生效时间太近"),
        ({"unit": "500118999000"}, "unit", "资源编目里没有单位"),
        ({"assignments": None}, "document", "文件没有主题"),
        ({"subject": "reports"}, "reports", "取值与主题不符"),
    ],
)
async def test_a_wrong_draft_is_refused_with_every_field(
    console: ConsoleHarness, change: dict[str, Any], field: str, words: str
) -> None:
    await ready(console)
    answer = await send(console, AUTHOR, "PUT", DRAFT, draft_body(**change))
    assert (answer.status_code, answer.json()["reason"]) == (422, "limits_wrong")
    errors = {error["where"]: error["what"] for error in answer.json()["errors"]}
    assert words in errors[field]
    assert (await send(console, AUTHOR, "GET", DRAFT)).status_code == 404
    checked = (
        await send(console, AUTHOR, "POST", "/api/limits/checks", draft_body(**change))
    ).json()
    assert {problem["field"] for problem in checked["problems"]} == set(errors)


async def test_values_out_of_bounds_name_their_field(console: ConsoleHarness) -> None:
    await ready(console)
    body = draft_body()
    body["assignments"]["sign"][0]["within_s"] = 0
    answer = await send(console, AUTHOR, "PUT", DRAFT, body)
    assert answer.status_code == 422
    assert any("sign.0.within_s" in error["what"] for error in answer.json()["errors"])
    del body["assignments"]["sign"][0]
    answer = await send(console, AUTHOR, "PUT", DRAFT, body)
    assert "no time for" in answer.text


async def test_a_check_tells_warnings_and_stores_nothing(console: ConsoleHarness) -> None:
    await ready(console)
    body = draft_body()
    body["assignments"]["finish"] = [
        {"levels": ["notice", "blue", "yellow", "orange"], "within_s": 20000, "source": "测试"},
        {"levels": ["red"], "within_s": 25000, "source": "测试"},
    ]
    answer = (await send(console, AUTHOR, "POST", "/api/limits/checks", body)).json()
    assert (answer["limits_id"], answer["version"]) == (f"assignments-{DISTRICT}", 1)
    assert {problem["severity"] for problem in answer["problems"]} == {"warning"}
    assert "比较轻的橙色" in answer["problems"][0]["zh"]
    assert (await send(console, AUTHOR, "PUT", DRAFT, body)).status_code == 202


async def test_the_end_of_the_last_document_for_every_unit_is_refused(
    console: ConsoleHarness,
) -> None:
    await ready(console, unit=CITY)
    body = draft_body(unit=None, enabled=False, assignments=None)
    answer = await send(console, AUTHOR, "PUT", DRAFT, body)
    assert [error["where"] for error in answer.json()["errors"]] == ["enabled"]


async def test_a_draft_that_is_signed_too_late_is_refused(console: ConsoleHarness) -> None:
    await ready(console)
    begin: datetime = SystemClock().now() + timedelta(seconds=61)
    digest = await drafted(console, in_force_from=begin.isoformat())
    await sign(console, AUTHOR, digest)
    async with console.deps.database.connection() as connection:
        await connection.execute(
            "UPDATE console.limits_draft SET body = jsonb_set(body, '{in_force_from}', $1)",
            f'"{SystemClock().now().isoformat()}"',
        )
    digest = (await send(console, AUTHOR, "GET", DRAFT)).json()["digest"]
    answer = await sign(console, SECOND, digest)
    assert (answer.status_code, answer.json()["reason"]) == (409, "limits_wrong")
    assert [error["where"] for error in answer.json()["errors"]] == ["in_force_from"]


async def test_a_key_makes_a_repeat_the_same_act(console: ConsoleHarness) -> None:
    await ready(console)
    digest = await drafted(console)
    await sign(console, AUTHOR, digest, key="press-1")
    first = (await sign(console, SECOND, digest, key="press-2")).json()
    second = await sign(console, SECOND, digest, key="press-2")
    assert (second.status_code, second.json()) == (202, {**first, "repeated": True})
    assert len(await published(console)) == 1
    assert len(await acts(console)) == 3


async def test_drafts_are_bounded(console: ConsoleHarness) -> None:
    await ready(console)
    for number in range(MOST_LIVE):
        answer = await send(console, AUTHOR, "PUT", f"{DRAFTS}/lmd-n{number}", draft_body())
        assert answer.status_code == 202
    more = await send(console, AUTHOR, "PUT", f"{DRAFTS}/lmd-more", draft_body())
    assert (more.status_code, more.json()["reason"]) == (409, "limits_drafts_full")
