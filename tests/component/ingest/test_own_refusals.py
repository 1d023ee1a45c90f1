"""A source asks what was refused of it, and gets its own refusals only."""

from __future__ import annotations

import itertools

import httpx2
import pytest

from services.ingest.refusal_writer import SourceRefusalWriter
from shared.contracts.refusals import SourceRefusal
from shared.contracts.topics import SOURCE_REFUSALS
from tests.component.ingest.harness import TOKEN, IngestHarness, a_reading, a_report
from tests.support.sources import a_source_entry, catalogued

PATH = "/v1/sources/me/refusals"
SINGLE, BATCH = "/v1/readings", "/v1/readings/batch"


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


async def answer_to(ingest: IngestHarness, token: str = TOKEN, query: str = "") -> httpx2.Response:
    """Ask after what Kafka has was read."""
    state = ingest.app.state
    await SourceRefusalWriter(
        state.platform, state.intake.admission.refusals, state.intake.now
    ).write()
    positions = itertools.count()
    for record in ingest.publisher.sent:
        if record.topic == SOURCE_REFUSALS.name:
            refusal = SourceRefusal.from_wire(record.value or b"")
            state.recent_refusals.add(next(positions), refusal)
    headers = {"authorization": f"Bearer {token}"}
    return await ingest.client.get(PATH + query, headers=headers)


async def test_every_kind_of_refusal_is_listed_with_its_reason(ingest: IngestHarness) -> None:
    ingest.put_source(sensors=("zhutuo-*",))
    await ingest.post(SINGLE, a_reading(id="z:1", unit="cm"))
    for number in range(2):
        readings = [a_reading(id="ok"), a_reading(id=f"f:{number}", sensor_id="rain-7")]
        await ingest.post(BATCH, {"readings": readings})
    await ingest.post(SINGLE, b"not JSON")
    await ingest.post(SINGLE, a_reading(), **{"content-type": "text/plain"})
    await ingest.post("/v1/reports", a_report(place="here"))
    answer = await answer_to(ingest)
    assert answer.status_code == 200
    document = answer.json()
    assert (document["source"], "next_before" in document) == ("gauges", False)
    listed = {
        (item["action"], item["code"]): (item["count"], item.get("first_id"))
        for item in document["refusals"]
    }
    assert listed == {
        (f"POST {SINGLE}", "unit_mismatch"): (1, "gauges:z:1"),
        (f"POST {BATCH}", "sensor_not_allowed"): (2, "gauges:f:0"),
        (f"POST {SINGLE}", "not_json"): (1, None),
        (f"POST {SINGLE}", "media_type"): (1, None),
        ("POST /v1/reports", "schema"): (1, None),
    }
    [detail] = [item["detail"] for item in document["refusals"] if item["code"] == "unit_mismatch"]
    assert detail == "unit: cm is not the unit of zhutuo-3; allowed: m"


async def test_what_the_system_could_not_take_is_not_listed(ingest: IngestHarness) -> None:
    ingest.publisher.down = True
    assert (await ingest.post(SINGLE, a_reading())).status_code == 503
    ingest.publisher.down = False
    assert (await answer_to(ingest)).json()["refusals"] == []


async def test_a_source_sees_no_refusal_of_another(ingest: IngestHarness) -> None:
    ingest.app.state.intake.on_catalog(catalogued(a_source_entry("rain", "token-of-rain")))
    await ingest.post(SINGLE, a_reading(unit="cm"))
    assert len((await answer_to(ingest)).json()["refusals"]) == 1
    assert (await answer_to(ingest, "token-of-rain")).json() == {"source": "rain", "refusals": []}


async def test_pages(ingest: IngestHarness) -> None:
    for change in ({"unit": "cm"}, {"metric": "flow"}, {"datum": "黄海"}):
        await ingest.post(SINGLE, a_reading(**change))
    first = (await answer_to(ingest, query="?limit=2")).json()
    second = (await answer_to(ingest, query=f"?limit=2&before={first['next_before']}")).json()
    codes = [item["code"] for page in (first, second) for item in page["refusals"]]
    assert sorted(codes) == ["datum_mismatch", "metric_mismatch", "unit_mismatch"]
    assert "next_before" not in second


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=1001", "?limit=x", "?limit=%D9%A3", "?before=-1", f"?before={2**63}"],
)
async def test_a_wrong_question_is_a_problem(ingest: IngestHarness, query: str) -> None:
    answer = await answer_to(ingest, query=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("query ")


async def test_without_a_valid_key_there_is_no_answer(ingest: IngestHarness) -> None:
    assert (await answer_to(ingest, "wrong")).status_code == 401
    ingest.put_source(ended=True)
    assert (await answer_to(ingest)).status_code == 401
