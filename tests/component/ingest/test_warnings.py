"""The route for warnings of other agencies: one record in Kafka, or a problem with every line."""

from __future__ import annotations

import pytest

from services.ingest.core.cap.encoding import LONGEST_UTF_8
from services.ingest.web.gate import WARNING_LIMIT
from shared.contracts.topics import WARNINGS
from tests.component.ingest.harness import IngestHarness
from tests.support.cap import HEAD, a_document

PATH = "/v1/warnings"
CAP = {"content-type": "application/cap+xml; charset=utf-8"}


@pytest.fixture
def ingest() -> IngestHarness:
    return IngestHarness()


@pytest.mark.parametrize("media_type", ["application/cap+xml", "application/xml", "text/xml"])
async def test_a_warning_is_one_record_under_the_source_of_the_token(
    ingest: IngestHarness, media_type: str
) -> None:
    answer = await ingest.post(PATH, a_document(), **{"content-type": media_type})
    assert answer.status_code == 202
    (sent,) = ingest.publisher.sent
    assert (sent.topic, sent.key) == (WARNINGS.name, b"gauges")
    warning = WARNINGS.model.validate_json(sent.body)
    assert answer.json() == {"accepted": 1, "id": warning.id}
    assert (warning.source_id, warning.cap_identifier) == ("gauges", HEAD["identifier"])
    assert ingest.metric("fenghuo_ingest_accepted_total", kind="warning", status="Actual") == 1


async def test_a_wrong_document_is_refused_whole_with_every_error(ingest: IngestHarness) -> None:
    answer = await ingest.post(PATH, a_document({"scope": "-"}, {"urgency": "soon"}), **CAP)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:fenghuo:problem:not_cap"
    assert [error["where"].partition(": ")[2] for error in problem["errors"]] == [
        "alert.scope",
        "alert.info[0].urgency",
    ]
    assert ingest.publisher.sent == []


async def test_the_charset_of_the_header_is_the_documents(ingest: IngestHarness) -> None:
    gbk = {"content-type": "application/xml; charset=GBK"}
    answer = await ingest.post(PATH, a_document(encoding="gbk"), **gbk)
    assert answer.status_code == 202
    (sent,) = ingest.publisher.sent
    warning = WARNINGS.model.validate_json(sent.body)
    assert warning.source_text == a_document().decode()
    answer = await ingest.post(PATH, a_document(encoding="gbk"), **CAP)
    assert answer.status_code == 400
    assert "utf-8" in answer.json()["errors"][0]["what"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_time_out_of_bounds_is_a_problem_of_its_element(
    ingest: IngestHarness, text: str
) -> None:
    update = {"msgType": "Update", "references": f"s,i,{text}"}
    for head, location in (({"sent": text}, "alert.sent"), (update, "alert.references")):
        answer = await ingest.post(PATH, a_document(head), **CAP)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"].endswith(location)
    assert ingest.publisher.sent == []


async def test_the_longest_document_fits_into_a_record(ingest: IngestHarness) -> None:
    declaration = '<?xml version="1.0" encoding="windows-1252"?>'
    latin = {"headline": "x", "event": "x", "area": "-"}
    room = WARNING_LIMIT - len(a_document(info=latin, declaration=declaration)) - 100
    euros = (LONGEST_UTF_8 - WARNING_LIMIT) // 2
    latin["description"] = "\u20ac" * euros + "\n" * (room - euros) + "."
    body = a_document(info=latin, declaration=declaration, encoding="windows-1252")
    answer = await ingest.post(PATH, body, **{"content-type": "text/xml"})
    assert answer.status_code == 202
    assert len(ingest.publisher.sent[0].body) < 780 * 1024


async def test_each_route_reads_its_own_media_types(ingest: IngestHarness) -> None:
    assert (await ingest.post(PATH, b"{}")).status_code == 415
    assert (await ingest.post("/v1/reports", a_document(), **CAP)).status_code == 415


async def test_it_is_bounded_and_needs_a_token(ingest: IngestHarness) -> None:
    assert (await ingest.post(PATH, b"<" * (WARNING_LIMIT + 1), **CAP)).status_code == 413
    answer = await ingest.post(PATH, a_document(), **CAP, authorization="Bearer wrong")
    assert answer.status_code == 401
    assert ingest.publisher.sent == []


async def test_an_unconfirmed_warning_is_to_be_sent_again(ingest: IngestHarness) -> None:
    ingest.publisher.down = True
    assert (await ingest.post(PATH, a_document(), **CAP)).status_code == 503
