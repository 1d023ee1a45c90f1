"""The printed photos of a case: the newest ones, small, with sender, time and note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.console.core.access import Viewer
from services.console.core.masking import sees_photos
from services.console.core.names import UnitNames
from services.console.core.record import OutgoingRecord
from services.console.features.cases.dossier import PhotoPrint, PhotoSheet, marked, moment, plain
from services.console.features.cases.words import Words
from shared.domain.bilingual import Bilingual

MOST_PHOTOS = 24


def visible_photos(rows: Sequence[OutgoingRecord], viewer: Viewer) -> list[OutgoingRecord]:
    """Return the photos that the viewer may see on the screen, in order."""
    return [row for row in rows if sees_photos(viewer, row["unit"], restricted=row["restricted"])]


def photo_sheet(
    rows: Sequence[OutgoingRecord],
    pictures: Mapping[str, bytes],
    tag: Bilingual | None,
    words: Words,
    names: UnitNames,
) -> PhotoSheet | None:
    """Return the section of photos, or None without a picture.

    `rows` are in order, the newest first; `pictures` holds the printed pictures by id, the
    remaining photos are counted. `tag` is the prefix of each line of a drill.
    """
    prints = tuple(
        PhotoPrint(pictures[row["photo_id"]], _caption(row, tag, names))
        for row in rows
        if row["photo_id"] in pictures
    )
    if not prints:
        return None
    left_out = len(rows) - len(prints)
    notes = (words("case.photos.more", n=left_out),) if left_out else ()
    heading = words("photos")
    return PhotoSheet(heading if tag is None else marked(heading, tag), prints, notes)


def _caption(row: OutgoingRecord, tag: Bilingual | None, names: UnitNames) -> Bilingual:
    note = " ".join(row["note"].split())
    text = plain(f"{names.unit(row['unit'])} · {moment(row['received_at'])}\n{note}".strip())
    return text if tag is None else marked(text, tag)
