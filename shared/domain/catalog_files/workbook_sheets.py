"""The sheets of a workbook in their order, each with the part of the archive that holds it."""

from __future__ import annotations

import zipfile

from defusedxml.ElementTree import fromstring

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_OFFICE = "/relationships}id"


def sheet_parts(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return title and part of each sheet.

    Raises KeyError and ParseError for an archive that is no workbook.
    """
    targets = {
        relation.attrib["Id"]: relation.attrib["Target"]
        for relation in fromstring(archive.read(_RELATIONS))
    }
    sheets = []
    for element in fromstring(archive.read(_WORKBOOK)).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            (relation,) = [name for name in element.attrib if name.endswith(_OFFICE)]
            part = _part_of(targets[element.attrib[relation]])
            sheets.append((element.attrib["name"], archive.getinfo(part)))
    return sheets


def _part_of(target: str) -> str:
    """Return the name of a part; a target is relative to `xl/` or begins at the top."""
    if target.startswith("/"):
        return target.removeprefix("/")
    return target if target.startswith("xl/") else f"xl/{target}"
