"""Classes of files that an officer may upload: photos, calendars, tables."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache

from PIL import Image

from deploy.example.units import CITY
from tests.faults.hostile.requests import HostileRequest

_PHOTOS = "/api/assignments/asg-1/photos?note=a"
_IMPORT = f"/api/duty/import?unit={CITY}&format="
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def _png(width: int, height: int, *chunks: bytes, rows: bytes = b"") -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return _SIGNATURE + head + b"".join(chunks) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _drawn(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind, **options)
    return file.getvalue()


def _film() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("P", (300, 300), number % 250) for number in range(60)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@cache
def pictures() -> dict[str, bytes]:
    """Return hostile pictures by class."""
    jpeg = _drawn("JPEG")
    return {
        "huge_area": _png(30_000, 30_000, rows=zlib.compress(b"\0" * 30_000_000, 9)),
        "long_line": _png(60_000, 1, rows=zlib.compress(b"\0" * 180_001)),
        "no_area": _png(0, 0),
        "negative_area": _png(2**32 - 1, 2**32 - 1),
        "text_bomb": _png(8, 8, _chunk(b"zTXt", b"k\0\0" + zlib.compress(b" " * 20_000_000, 9))),
        "profile_bomb": _png(
            8, 8, _chunk(b"iCCP", b"k\0\0" + zlib.compress(b"\0" * 20_000_000, 9))
        ),
        "many_chunks": _png(8, 8, _chunk(b"tEXt", b"k\0v") * 100_000),
        "pixels_bomb": _png(8, 8, rows=zlib.compress(b"\0" * 20_000_000, 9)),
        "large_bitmap": _drawn("PNG", (6_320, 6_320)),
        "film": _film(),
        "tiff": _drawn("TIFF"),
        "icon": _drawn("ICO", (16, 16)),
        "document": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>",
        "drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "script": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\nshowpage",
        "truncated_photo": jpeg[: len(jpeg) // 2],
        "photo_and_archive": jpeg + b"PK\x03\x04" + b"\0" * 2_000,
        "long_comment": jpeg[:2] + b"\xff\xfe\xff\xff" + b"c" * 65_533 + jpeg[2:],
        "many_scans": jpeg[:-2] + jpeg[2:-2] * 300 + jpeg[-2:],
    }


def _calendar(*lines: str, event: str = "") -> bytes:
    body = event or "UID:1\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:20270701T080000Z\r\nSUMMARY:a"
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "BEGIN:VEVENT", body, "END:VEVENT",
         "END:VCALENDAR", ""]
    ).encode()  # fmt: skip


def _zone(offset: str, *lines: str, name: str = "Beijing") -> list[str]:
    return [
        "BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", "DTSTART:19700101T000000",
        f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", *lines, "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip


def _event(start: str, end: str, *more: str) -> str:
    return "\r\n".join(("UID:1", "DTSTAMP:20270101T000000Z", start, end, "SUMMARY:a", *more))


_RULE_PARTS = (("MONTH", 1, 13), ("HOUR", 0, 24), ("MINUTE", 0, 60), ("SECOND", 0, 60))
_EVERY_RULE = "RRULE:FREQ=YEARLY;" + ";".join(
    f"BY{name}=" + ",".join(map(str, range(first, last))) for name, first, last in _RULE_PARTS
)
_START, _END = "DTSTART:20270701T080000Z", "DTEND:20270701T200000Z"


@cache
def calendars() -> dict[str, bytes]:
    """Return hostile calendars by class."""
    local = _event("DTSTART;TZID=Beijing:20270701T080000", "DTEND;TZID=Beijing:20270701T200000")
    return {
        "foreign_zone": _calendar(*_zone("-1200"), event=local),
        "far_zone": _calendar(*_zone("+9999"), event=local),
        "zone_of_seconds": _calendar(*_zone("+080001"), event=local),
        "zone_for_ever": _calendar(*_zone("+0800", "RRULE:FREQ=SECONDLY"), event=local),
        "misspelt_zone": _calendar("BEGIN:VTMMEZONE", "TZID:x", "END:VTIMEZONE", event=local),
        "zone_as_path": _calendar(*_zone("+0800", name="../../etc/passwd"), event=local),
        "two_zones": _calendar(*_zone("-1200"), *_zone("+0800"), event=local),
        "every_second": _calendar(event=_event(_START, _END, "RRULE:FREQ=SECONDLY")),
        "every_rule": _calendar(event=_event(_START, _END, _EVERY_RULE)),
        "rule_without_days": _calendar(
            event=_event(_START, _END, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")),
        "huge_count": _calendar(event=_event(_START, _END, "RRULE:FREQ=DAILY;COUNT=" + "9" * 40)),
        "negative_interval": _calendar(event=_event(_START, _END, "RRULE:FREQ=DAILY;INTERVAL=-1")),
        "many_dates": _calendar(event=_event(
            _START, _END, "RDATE:" + ",".join(f"20270701T{n % 86400:06}Z" for n in range(20_000)))),
        "first_year": _calendar(event=_event("DTSTART:00010101T000000Z", "DTEND:00010102T000000Z")),
        "last_year": _calendar(event=_event("DTSTART:99991231T235959Z", "DTEND:99991231T235959Z")),
        "long_duration": _calendar(event=_event(_START, "DURATION:P999999999W")),
        "end_before_start": _calendar(event=_event(_END.replace("END", "START"), "DTEND:19700101")),
        "many_events": _calendar("BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" * 20_000),
        "deep_components": _calendar("BEGIN:VEVENT\r\n" * 20_000),
        "folded_line": _calendar(event=_event(_START, _END, "X-A:" + "a\r\n " * 200_000)),
        "many_parameters": _calendar(event=_event(_START, _END, "X-A" + ";P=v" * 100_000 + ":x")),
        "attachment": _calendar(event=_event(
            _START, _END, "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 700_000)),
    }  # fmt: skip


@cache
def tables() -> dict[str, bytes]:
    """Return hostile tables by class."""
    head = b"kind,post,officer_id,begin,end\n"
    row = b"shift,B,o-1,2027-01-01T08:00+08:00,2027-01-01T20:00+08:00\n"
    return {
        "many_columns": b",".join(b"c%d" % number for number in range(100_000)) + b"\n1\n",
        "same_columns": b"kind," * 20_000 + b"\n" + row,
        "many_rows": head + row * 12_000,
        "ragged_rows": head + row.replace(b",B,", b",") + row.replace(b",B,", b",B,B,"),
        "open_quote": head + b'"' + row * 5_000,
        "long_cell": head + b"a" * 900_000,
        "nul_cells": head + row.replace(b"o-1", b"\0"),
        "carriage_returns": head.replace(b"\n", b"\r") + row.replace(b"\n", b"\r"),
        "separators": head.replace(b",", b";") + row.replace(b",", b"\t"),
        "formulas": head + row.replace(b"o-1", b"=cmd|'/c calc'!A1"),
        "extreme_times": head + row.replace(b"2027-01-01T08", b"0001-01-01T08"),
        "same_times": head + row.replace(b"T20:00", b"T08:00"),
        "archive": b"PK\x03\x04" + b"\0" * 5_000,
        "head_alone": head,
    }


def classes() -> list[str]:
    """Return the names of all classes of files."""
    return [
        *(f"picture:{name}" for name in pictures()),
        *(f"calendar:{name}" for name in calendars()),
        *(f"table:{name}" for name in tables()),
    ]


def file_requests() -> Iterator[HostileRequest]:
    """Yield a request for each file."""
    for kind, path, media_type, files in (
        ("picture", _PHOTOS, "image/jpeg", pictures()),
        ("calendar", _IMPORT + "ics", "text/calendar", calendars()),
        ("table", _IMPORT + "csv", "text/csv", tables()),
    ):
        for name, body in files.items():
            headers = {"content-type": media_type, "idempotency-key": f"hst-{kind}-{name}"}
            yield HostileRequest(f"{kind}:{name}", "POST", path, body, headers)
