"""A dossier as PDF; the library that prints is loaded by the first one.

Loading takes 0.3 s of CPU time and 20 MiB, which no start of the console needs.
"""

from __future__ import annotations

from datetime import datetime

from services.console.features.cases.dossier import Dossier


def pdf_file(file: Dossier, made_at: datetime) -> bytes:
    """Return the PDF file. An equal dossier and time give equal bytes.

    Rendering takes a second or more of CPU time: call this function in a thread.
    """
    from services.console.features.cases.printing.pdf_sheet import pdf_sheet

    return pdf_sheet(file, made_at)
