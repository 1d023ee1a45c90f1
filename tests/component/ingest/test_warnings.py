"""The door for other agencies' warnings: CAP in, one record in Kafka, or a problem with every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.ingest.core.cap.encoding import LONGEST_UTF_8
from services.ingest.gate import WARNING_LIMIT
from shared.contracts.topics import WARNINGS
from tests.component.ingest.doors import Doors
from tests.support.cap import HEAD, a_document

DOOR = "/v1/warnings"
KIND = {"content-type": "application/cap+xml; charset=utf-8"}


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return Doors(tmp_path)


@pytest.mark.parametrize("kind", ["application/cap+xml", "application/xml", "text/xml"])
async def test_a_warning_is_one_record_under_the_source_of_the_token(
    doors: Doors, kind: str
) -> None:
    answer = await doors.post(DOOR, a_document(), **{"content-type": kind})
    assert answer.status_code == 202
    (sent,) = doors.publisher.sent
    assert (sent.topic, sent.key) == (WARNINGS.name, b"gauges")
    warning = WARNINGS.model.validate_json(sent.value)
    assert answer.json() == {"accepted": 1, "id": warning.id}
    assert (warning.source_id, warning.cap_identifier) == ("gauges", HEAD["identifier"])
    assert doors.metric("fenghuo_ingest_accepted_total", kind="warning", status="Actual") == 1


async def test_a_wrong_document_is_refused_whole_with_every_error(doors: Doors) -> None:
    answer = await doors.post(DOOR, a_document({"scope": "-"}, {"urgency": "soon"}), **KIND)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:fenghuo:problem:not_cap"
    assert [one["where"].partition(": ")[2] for one in problem["errors"]] == [
        "alert.scope",
        "alert.info[0].urgency",
    ]
    assert doors.publisher.sent == []


async def test_the_charset_of_the_header_is_the_documents(doors: Doors) -> None:
    kind = {"content-type": "application/xml; charset=GBK"}
    answer = await doors.post(DOOR, a_document(encoding="gbk"), **kind)
    assert answer.status_code == 202
    (sent,) = doors.publisher.sent
    warning = WARNINGS.model.validate_json(sent.value)
    assert warning.source_text == a_document().decode()
    answer = await doors.post(DOOR, a_document(encoding="gbk"), **KIND)
    assert answer.status_code == 400
    assert "utf-8" in answer.json()["errors"][0]["what"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_time_out_of_bounds_is_a_problem_of_its_element(doors: Doors, text: str) -> None:
    update = {"msgType": "Update", "references": f"s,i,{text}"}
    for head, where in (({"sent": text}, "alert.sent"), (update, "alert.references")):
        answer = await doors.post(DOOR, a_document(head), **KIND)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"].endswith(where)
    assert doors.publisher.sent == []


async def test_the_longest_document_fits_into_a_record(doors: Doors) -> None:
    before = '<?xml version="1.0" encoding="windows-1252"?>'
    latin = {"headline": "x", "event": "x", "area": "-"}
    room = WARNING_LIMIT - len(a_document(info=latin, before=before)) - 100
    euros = (LONGEST_UTF_8 - WARNING_LIMIT) // 2
    latin["description"] = "\u20ac" * euros + "\n" * (room - euros) + "."
    body = a_document(info=latin, before=before, encoding="windows-1252")
    answer = await doors.post(DOOR, body, **{"content-type": "text/xml"})
    assert answer.status_code == 202
    assert len(doors.publisher.sent[0].value) < 780 * 1024


async def test_other_kinds_stay_with_their_doors(doors: Doors) -> None:
    assert (await doors.post(DOOR, b"{}")).status_code == 415
    assert (await doors.post("/v1/reports", a_document(), **KIND)).status_code == 415


async def test_it_is_bounded_and_needs_a_token(doors: Doors) -> None:
    assert (await doors.post(DOOR, b"<" * (WARNING_LIMIT + 1), **KIND)).status_code == 413
    answer = await doors.post(DOOR, a_document(), **KIND, authorization="Bearer wrong")
    assert answer.status_code == 401
    assert doors.publisher.sent == []


async def test_what_kafka_has_not_confirmed_is_to_be_sent_again(doors: Doors) -> None:
    doors.publisher.down = True
    assert (await doors.post(DOOR, a_document(), **KIND)).status_code == 503
