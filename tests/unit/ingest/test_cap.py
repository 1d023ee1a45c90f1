"""A CAP document becomes one warning, or is refused with all its problems."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.multi_source.external_warnings import ends_warning, warning_state
from services.ingest.core.cap import formats
from services.ingest.core.cap.warning import accept_warning
from services.ingest.core.refusals import ProblemKind, RequestRefused
from shared.contracts.fields import Level, Status
from shared.contracts.reports import MOST_REFERENCES, ExternalWarning
from tests.support.cap import CITY, HEAD, INFO, LATER, a_document

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
COLOUR = "<valueName>alert_color</valueName><value>{}</value>"


def accepted(body: bytes) -> ExternalWarning:
    return accept_warning(body, "cma", NOW, receiver=CITY)


def refused(body: bytes) -> dict[str, str]:
    """Return the messages by location, without the lines."""
    with pytest.raises(RequestRefused) as caught:
        accepted(body)
    return {
        problem.location.rpartition(": ")[2]: problem.message for problem in caught.value.problems
    }


def test_all_that_counts_of_a_document_is_in_the_warning() -> None:
    result = accepted(a_document())
    assert (result.source_id, result.cap_identifier) == ("cma", HEAD["identifier"])
    assert (result.status, result.msg_type) == (Status.ACTUAL, "Alert")
    assert (result.event_type, result.level) == ("11B03", Level.ORANGE)
    assert (result.areas, result.headline) == (("500118118000",), INFO["headline"])
    assert result.occurred_at == datetime(2026, 7, 1, 7, 55, tzinfo=UTC)
    assert result.source_text.encode() == a_document()
    assert not result.signed


def test_the_words_to_people_are_kept_and_cut_at_a_sentence() -> None:
    words = {
        "senderName": "永川区\n气象台",
        "description": "\n预计三小时内雨量达 80 毫米。\n",
        "instruction": "转移低洼处人员。" * 600,
    }
    result = accepted(a_document(info={**INFO, **words}))
    assert result.sender_name == "永川区 气象台"
    assert result.description == "预计三小时内雨量达 80 毫米。"
    assert result.instruction.endswith("转移低洼处人员…")
    assert 3_900 < len(result.instruction) <= 4_000
    without = accepted(a_document())
    assert (without.sender_name, without.description, without.instruction) == (None, "", "")


def test_the_same_message_is_the_same_record_and_another_one_is_not() -> None:
    first = accepted(a_document())
    assert accept_warning(a_document(), "cma", NOW.replace(hour=9), receiver=CITY).id == first.id
    in_utc = a_document({"sent": "2026-07-01T07:55:00+00:00"})
    assert accepted(in_utc).id == first.id
    documents = (a_document({name: "x"}) for name in ("identifier", "sender"))
    assert first.id not in {accepted(document).id for document in documents}
    assert accept_warning(a_document(), "water", NOW, receiver=CITY).id != first.id


def test_a_drill_of_another_agency_stays_a_drill() -> None:
    assert accepted(a_document({"status": "Exercise"})).status is Status.EXERCISE
    assert accepted(a_document({"status": "Test"})).status is Status.TEST
    assert "alert.status" in refused(a_document({"status": "System"}))
    assert "alert.status" in refused(a_document({"status": "Draft"}))


@pytest.mark.parametrize("kind", ["Cancel", "Error"])
def test_what_takes_a_message_back_finds_it(kind: str) -> None:
    warning = warning_state(accepted(a_document()), NOW)
    assert warning is not None
    assert ends_warning(accepted(a_document({**LATER, "msgType": kind})), warning)
    unrelated = {**LATER, "references": LATER["references"].replace(HEAD["identifier"], "else")}
    assert not ends_warning(accepted(a_document({**unrelated, "msgType": kind})), warning)


@pytest.mark.parametrize("kind", ["Update", "Cancel", "Ack", "Error"])
def test_what_follows_a_message_has_to_name_it(kind: str) -> None:
    assert "alert.references" in refused(a_document({"msgType": kind}))
    assert "alert.references" in refused(a_document({"msgType": kind, "references": ""}))
    assert "alert.references" in refused(a_document({"msgType": kind, "references": "a,b"}))
    named = accepted(a_document({**LATER, "msgType": kind}))
    assert named.references == (accepted(a_document()).id,)


def test_all_problems_are_returned_at_once_with_their_lines() -> None:
    area = "<areaDesc>x</areaDesc><polygon>29,105 29,106 30,106</polygon><circle>99,1 5</circle>"
    body = a_document(
        {"scope": "-", "sent": "2026-07-01T07:55:00Z", "surprise": "1"},
        {"urgency": "", "severity": "Red!", "expires": "yesterday", "area": area},
    )
    with pytest.raises(RequestRefused) as caught:
        accepted(body)
    locations = {problem.location.rpartition(": ")[2] for problem in caught.value.problems}
    assert locations == {
        "alert.scope",
        "alert.sent",
        "alert.surprise",
        "alert.info[0].urgency",
        "alert.info[0].severity",
        "alert.info[0].expires",
        "alert.info[0].area[0].polygon",
        "alert.info[0].area[0].circle",
    }
    assert {problem.kind for problem in caught.value.problems} == {ProblemKind.NOT_CAP}
    lines = [int(problem.location.split()[1].rstrip(":")) for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert lines[-1] > 10


@pytest.mark.parametrize(
    ("info", "location"),
    [
        ({"category": "-"}, "category"),
        ({"category": "Weather"}, "category"),
        ({"event": "-"}, "event"),
        ({"certainty": "Sure"}, "certainty"),
        ({"responseType": "Run"}, "responseType"),
        ({"expires": "2026-07-01T15:00:00+08:00"}, "expires"),
        ({"effective": "2026-07-01T22:00:00+08:00"}, "expires"),
        ({"eventCode": "<value>11B03</value>"}, "eventCode"),
        ({"area": "<polygon>1,1 1,2 2,2 1,1</polygon>"}, "area[0].areaDesc"),
        ({"area": "<areaDesc>x</areaDesc><polygon>1,1 1,2 2,2 2,1</polygon>"}, "area[0].polygon"),
        ({"area": "<areaDesc>x</areaDesc><polygon/>"}, "area[0].polygon"),
        ({"area": "<areaDesc>x</areaDesc><polygon>1,1,1 1,2 2,2 1,1</polygon>"}, "area[0].polygon"),
        ({"area": "<areaDesc>x</areaDesc><circle>1,nan 2</circle>"}, "area[0].circle"),
        ({"area": "<areaDesc>x</areaDesc><circle>1,1 -2</circle>"}, "area[0].circle"),
    ],
)
def test_one_thing_that_is_wrong_in_an_info(info: dict[str, str], location: str) -> None:
    assert refused(a_document(info=info)).keys() == {f"alert.info[0].{location}"}


@pytest.mark.parametrize(
    ("head", "location"),
    [
        ({"scope": "Restricted"}, "restriction"),
        ({"scope": "Private"}, "addresses"),
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": "-"}, "identifier"),
        ({"sender": "a,b"}, "sender"),
        ({"references": ""}, "references"),
        ({"sent": "2026-02-30T00:00:00+08:00"}, "sent"),
    ],
)
def test_one_thing_that_is_wrong_in_the_head(head: dict[str, str], location: str) -> None:
    assert refused(a_document(head)).keys() == {f"alert.{location}"}


def test_a_document_type_is_refused_before_anything_is_declared() -> None:
    bomb = '<!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    outside = '<!DOCTYPE alert SYSTEM "http://127.0.0.1:1/x.dtd">'
    for declaration in (bomb, outside):
        with pytest.raises(RequestRefused) as caught:
            accepted(a_document({"sender": "&b;"}, declaration=declaration))
        assert caught.value.kind is ProblemKind.DOCUMENT_TYPE


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"<alert", b"<a></b>", b"\xff\xfe", b'<?xml version="1.0" encoding="x"?><a/>',
     b'<?xml version="1.0" encoding="gbk"?><a>\xff</a>'],
)  # fmt: skip
def test_what_is_no_xml_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        accepted(body)
    assert caught.value.kind is ProblemKind.NOT_XML


def test_other_xml_is_no_cap_and_depth_is_bounded() -> None:
    assert refused(b"<alert/>").keys() == {"alert"}
    assert refused(a_document(version="1.0")).keys() == {"alert"}
    with pytest.raises(RequestRefused) as caught:
        accepted(b"<a>" * 10_000)
    assert caught.value.kind is ProblemKind.TOO_DEEP


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_characters_without_a_mark_are_read_and_kept_as_text(encoding: str) -> None:
    result = accepted(a_document(declaration='<?xml version="1.0"?>', encoding=encoding))
    assert INFO["headline"] in result.source_text


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59+00:00",
        "2200-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_a_time_of_another_era_is_none(text: str) -> None:
    assert formats.parse_time(text) is None
    assert formats.parse_references(f"sender,identifier,{text}") is None


@pytest.mark.parametrize(
    ("info", "level"),
    [
        ({"severity": "Extreme"}, Level.RED),
        ({"severity": "Minor"}, Level.BLUE),
        ({"severity": "Unknown"}, None),
        ({"severity": "yellow"}, Level.YELLOW),
        ({"severity": "Moderate", "parameter": COLOUR.format("紅色")}, Level.RED),
    ],
)
def test_the_colour_goes_before_the_severity(info: dict[str, str], level: Level | None) -> None:
    assert accepted(a_document(info=info)).level is level


TOO_FAR = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T23:59:59+00:00"]


@pytest.mark.parametrize("text", TOO_FAR)
@pytest.mark.parametrize("name", ["sent", "references", "effective", "onset", "expires"])
def test_a_time_that_no_record_can_hold_is_refused_with_its_place(name: str, text: str) -> None:
    in_head = name in ("sent", "references")
    if name == "references":
        body = a_document({"msgType": "Update", "references": f"s,i,{text}"})
    else:
        body = a_document(*[{name: text}, {}] if in_head else [{}, {name: text}])
    result = refused(body)
    assert "2000 to 2199" in result[f"alert.{'' if in_head else 'info[0].'}{name}"]


def test_without_info_it_is_taken_and_supports_nothing() -> None:
    body = a_document()
    bare = body[: body.index(b"<info>")] + b"</alert>"
    result = accepted(bare)
    assert (result.effective_at, result.expires_at) == (None, None)
    assert (result.event_type, result.level) == (None, None)
    assert HEAD["identifier"] in result.headline


def test_a_signature_is_reported_and_not_trusted() -> None:
    more = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>'
    assert accepted(a_document(more=more)).signed
    assert not accepted(a_document(more="<Signature xmlns='urn:x'/>")).signed


def test_a_clock_that_runs_ahead_is_refused_and_an_old_message_is_old() -> None:
    future = {"sent": "2026-07-01T16:05:00+08:00"}
    assert "alert.sent" in refused(a_document(future))
    old = {"sent": "2003-06-17T14:57:00-07:00"}
    assert accepted(a_document(old)).occurred_at.year == 2003


def test_a_document_with_a_picture_is_kept_whole() -> None:
    picture = base64.b64encode(bytes(100 * 1024)).decode()
    body = a_document(info={"description": "雨" * 20_000, "instruction": picture})
    assert accepted(body).source_text.encode() == body


@pytest.mark.parametrize("count", [65, 80, MOST_REFERENCES])
def test_every_message_that_it_follows_is_named(count: int) -> None:
    many = " ".join(f"a,{number},{HEAD['sent']}" for number in range(count))
    result = accepted(a_document({**LATER, "msgType": "Cancel", "references": many}))
    assert len(result.references) == len(set(result.references)) == count
    last = accepted(a_document({"sender": "a", "identifier": str(count - 1)}))
    assert last.id in result.references


def test_what_follows_too_many_is_refused_with_their_number() -> None:
    many = " ".join(f"a,{number},{HEAD['sent']}" for number in range(MOST_REFERENCES + 1))
    with pytest.raises(RequestRefused) as caught:
        accepted(a_document({**LATER, "msgType": "Cancel", "references": many}))
    [problem] = caught.value.problems
    assert str(MOST_REFERENCES + 1) in problem.message
    assert str(MOST_REFERENCES) in (problem.allowed or "")


def test_every_area_counts() -> None:
    towns = [f"500118{number:03}" for number in range(100, 200)]
    pairs = "".join(
        f"<geocode><valueName>division</valueName><value>{town}</value></geocode>" for town in towns
    )
    result = accepted(a_document(info={"area": f"<areaDesc>x</areaDesc>{pairs}"}))
    assert result.areas == tuple(town + "000" for town in towns)


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused(noise: bytes) -> None:
    for body in (noise, a_document().replace(b"Severe", noise), a_document()[: len(noise)]):
        with suppress(RequestRefused):
            accepted(body)


@given(st.text(max_size=80))
def test_any_headline_is_one_line(text: str) -> None:
    safe = text.replace("&", "&amp;").replace("<", "&lt;")
    try:
        result = accepted(a_document(info={"headline": safe}, encoding="utf-8"))
    except (RequestRefused, UnicodeEncodeError):
        return
    assert 1 <= len(result.headline) <= 200
    assert "\n" not in result.headline
