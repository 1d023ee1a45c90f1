"""A dossier as PDF, A4. A subset of the typeface is embedded, for Chinese text in any viewer.

A character without a glyph is printed as a box. Invisible characters that turn the direction of
text are removed, because the printed text must read like the record.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, VAlign, WrapMode
from fpdf.fonts import FontFace

from services.console.features.cases.dossier import Dossier, PhotoSheet, Table
from services.console.features.cases.dossier_charts import Chart
from services.console.features.cases.printing.chart_shapes import shapes_of
from shared.domain.bilingual import Bilingual

_FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent
_INK, _SOFT, _LINE, _PALE = (23, 33, 43), (92, 107, 120), (213, 221, 228), (244, 247, 249)
_PAPER = (255, 255, 255)
_LEVELS = {
    "red": (198, 40, 40),
    "orange": (217, 115, 13),
    "yellow": (185, 138, 0),
    "blue": (30, 99, 184),
    "notice": (74, 91, 107),
}
_BOX = "□"
_WIDTH = 182.0
"""Width of the text in mm."""
_CHART_MM = 62.0
_SECOND = (63, 142, 161)
"""The colour of the second line of a chart."""
_PHOTO_MM = (64.0, 48.0)
"""Width and height of the box around a photo in mm."""


def pdf_sheet(file: Dossier, made_at: datetime) -> bytes:
    """Return the PDF file. An equal dossier and time give equal bytes."""
    sheet = _Sheet(file)
    sheet.set_creation_date(made_at)
    sheet.add_page()
    _head(sheet, file)
    for chart in file.charts:
        _chart(sheet, chart)
    for table in file.sections:
        _section(sheet, table)
    if file.photos is not None:
        _photos(sheet, file.photos)
    sheet.ln(4)
    sheet.write_both(file.zone, 8, _SOFT)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """A document with the banner of a drill on top of each page and the page number below."""

    def __init__(self, file: Dossier) -> None:
        super().__init__(format="A4")
        self._file = file
        self.level = _LEVELS.get(file.level, _LEVELS["notice"])
        self.add_font("sans", "", _FONTS / "NotoSansSC-Regular.otf")
        self.add_font("serif", "", _FONTS / "NotoSerifSC-Regular.otf")
        self.set_margins(14, 14, 14)
        self.set_auto_page_break(True, 18)
        self.set_title(_printable(f"{file.kind.zh} {file.title.zh}"))
        self.set_lang("zh-CN")
        self.alias_nb_pages("{nb}")

    def header(self) -> None:
        if self._file.banner is not None:
            self.set_fill_color(255, 210, 63)
            self.set_text_color(21, 24, 28)
            self.set_font("sans", size=10)
            self.set_xy(0, 0)
            text = f"{self._file.banner.zh}   {self._file.banner.en}"
            self.cell(self.w, 9, text, align="C", fill=True)
            self.set_y(14)

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font("sans", size=7.5)
        self.set_text_color(*_SOFT)
        self.cell(0, 5, self._file.case_id)
        self.set_x(14)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def write_both(self, text: Bilingual, size: float, colour: tuple[int, int, int]) -> None:
        """Write a paragraph: Chinese, then smaller English."""
        self.set_font("sans", size=size)
        self.set_text_color(*colour)
        self.paragraph(text.zh, size * 0.5)
        if text.en != text.zh:
            self.set_font("sans", size=size * 0.82)
            self.set_text_color(*_SOFT)
            self.paragraph(text.en, size * 0.42)

    def paragraph(self, text: str, height: float) -> None:
        """Write text over the whole width."""
        self.multi_cell(
            _WIDTH,
            height,
            _printable(text),
            align="L",
            wrapmode=WrapMode.CHAR,
            new_x="LMARGIN",
            new_y="NEXT",
        )


def _head(sheet: _Sheet, file: Dossier) -> None:
    sheet.set_fill_color(*sheet.level)
    sheet.rect(14, sheet.get_y(), _WIDTH, 1.6, "F")
    sheet.ln(5)
    sheet.set_font("sans", size=10)
    sheet.set_text_color(*sheet.level)
    sheet.paragraph(f"{file.kind.zh}  {file.kind.en}", 5)
    sheet.set_font("serif", size=20)
    sheet.set_text_color(*_INK)
    tag = f"【{file.tag.zh}】" if file.tag else ""
    sheet.paragraph(tag + file.title.zh, 10)
    if file.title.en != file.title.zh:
        sheet.set_font("sans", size=10)
        sheet.paragraph(file.title.en, 6)
    sheet.ln(2)
    _facts(sheet, file)
    sheet.ln(4)
    _figures(sheet, file)


def _facts(sheet: _Sheet, file: Dossier) -> None:
    sheet.set_draw_color(*_LINE)
    sheet.set_fill_color(*_PAPER)
    sheet.set_font("sans", size=9)
    pairs = [file.facts[at : at + 2] for at in range(0, len(file.facts), 2)]
    with sheet.table(
        width=_WIDTH,
        col_widths=(26, 65, 26, 65),
        first_row_as_headings=False,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=5,
        padding=(0.8, 1),
        text_align="L",
        wrapmode=WrapMode.CHAR,
        v_align=VAlign.M,
    ) as table:
        for pair in pairs:
            row = table.row()
            for name, value in pair:
                row.cell(_cell(name), style=FontFace(color=_SOFT, size_pt=8))
                row.cell(_cell(value, " · "), style=FontFace(color=_INK, size_pt=9))


def _figures(sheet: _Sheet, file: Dossier) -> None:
    gap = 2.0
    width = (_WIDTH - gap * (len(file.figures) - 1)) / len(file.figures)
    top = sheet.get_y()
    for number, (name, value) in enumerate(file.figures):
        x = 14 + number * (width + gap)
        sheet.set_fill_color(*_PALE)
        sheet.rect(x, top, width, 17, "F")
        sheet.set_fill_color(*sheet.level)
        sheet.rect(x, top, width, 0.8, "F")
        for size, colour, offset, text in (
            (10.5, _INK, 2.6, value),
            (7.5, _INK, 8.4, name.zh),
            (6, _SOFT, 12, name.en),
        ):
            sheet.set_xy(x, top + offset)
            sheet.set_text_color(*colour)
            sheet.set_font("sans", size=_fitting(sheet, text, size, width))
            sheet.cell(width, 4.5, _printable(text), align="C")
    sheet.set_xy(14, top + 20)


def _fitting(sheet: _Sheet, text: str, size: float, width: float) -> float:
    sheet.set_font("sans", size=size)
    text_width = sheet.get_string_width(_printable(text))
    return size if text_width <= width - 1 else size * (width - 1) / text_width


def _section(sheet: _Sheet, table: Table) -> None:
    _heading(sheet, table.heading, 30)
    if table.rows:
        _rows(sheet, table)
    sheet.ln(1)
    for note in table.notes:
        sheet.write_both(note, 8, _SOFT)


def _chart(sheet: _Sheet, chart: Chart) -> None:
    """Draw a chart over the whole width."""
    _heading(sheet, chart.heading, 16 + _CHART_MM)
    shapes = shapes_of(chart, _WIDTH, _CHART_MM)
    west, top = 14.0, sheet.get_y() + 1
    sheet.set_draw_color(*_LINE)
    sheet.set_line_width(0.1)
    for (x1, y1), (x2, y2) in shapes.grid:
        sheet.line(west + x1, top + y1, west + x2, top + y2)
    sheet.set_line_width(0.3)
    for level, (x1, y1), (x2, y2) in shapes.limits:
        sheet.set_draw_color(*_LEVELS[level])
        sheet.set_dash_pattern(dash=1.5, gap=1)
        sheet.line(west + x1, top + y1, west + x2, top + y2)
    sheet.set_dash_pattern()
    sheet.set_line_width(0.5)
    for colour, points in zip((_INK, _SECOND), shapes.lines, strict=False):
        sheet.set_draw_color(*colour)
        sheet.polyline([(west + x, top + y) for x, y in points])
    sheet.set_font("sans", size=7)
    for label in shapes.texts:
        text = _printable(label.text)
        sheet.set_text_color(*_LEVELS.get(label.level, _SOFT))
        width = sheet.get_string_width(text)
        shift = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
        sheet.text(west + label.x - shift, top + label.y, text)
    sheet.set_line_width(0.1)
    sheet.set_draw_color(*_LINE)
    sheet.set_y(top + _CHART_MM)
    if len(chart.lines) > 1:
        _legend(sheet, chart)


def _legend(sheet: _Sheet, chart: Chart) -> None:
    for colour, line in zip((_INK, _SECOND), chart.lines, strict=False):
        x, y = sheet.get_x(), sheet.get_y()
        sheet.set_fill_color(*colour)
        sheet.rect(x, y + 1.6, 5, 0.8, "F")
        text = _printable(f"{line.name.zh} {line.name.en}")
        sheet.set_text_color(*_SOFT)
        sheet.set_x(x + 6)
        sheet.cell(sheet.get_string_width(text) + 6, 4, text)
    sheet.ln(5)


def _photos(sheet: _Sheet, photos: PhotoSheet) -> None:
    """Write each photo in a box on the left and its caption on the right.

    The longest caption is lower than the box.
    """
    _heading(sheet, photos.heading, 16 + _PHOTO_MM[1])
    width, height = _PHOTO_MM
    for print_item in photos.prints:
        if sheet.will_page_break(height + 2):
            sheet.add_page()
        top = sheet.get_y() + 1
        sheet.image(
            BytesIO(print_item.picture),
            14,
            top,
            width,
            height,
            keep_aspect_ratio=True,
            alt_text=_printable(print_item.caption.zh),
        )
        sheet.set_font("sans", size=8)
        sheet.set_text_color(*_INK)
        sheet.set_xy(14 + width + 4, top)
        sheet.multi_cell(
            _WIDTH - width - 4, 3.9, _cell(print_item.caption), align="L", wrapmode=WrapMode.CHAR
        )
        sheet.set_xy(14, top + height + 1)
    for note in photos.notes:
        sheet.write_both(note, 8, _SOFT)


def _heading(sheet: _Sheet, heading: Bilingual, room_mm: float) -> None:
    """Write a heading; begin a new page unless `room_mm` is left."""
    sheet.ln(3)
    if sheet.will_page_break(room_mm):
        sheet.add_page()
    sheet.set_font("sans", size=13)
    sheet.set_text_color(*_INK)
    sheet.cell(sheet.get_string_width(heading.zh) + 3, 8, _printable(heading.zh))
    sheet.set_font("sans", size=8.5)
    sheet.set_text_color(*_SOFT)
    sheet.cell(0, 9, _printable(heading.en), new_x="LMARGIN", new_y="NEXT")
    sheet.set_draw_color(*sheet.level)
    sheet.set_line_width(0.5)
    sheet.line(14, sheet.get_y(), 14 + _WIDTH, sheet.get_y())
    sheet.set_line_width(0.1)
    sheet.set_draw_color(*_LINE)
    sheet.ln(1)


def _rows(sheet: _Sheet, table: Table) -> None:
    sheet.set_font("sans", size=8)
    sheet.set_text_color(*_INK)
    sheet.set_fill_color(*_PAPER)
    heading = FontFace(color=_INK, fill_color=_PALE, size_pt=7)
    with sheet.table(
        width=_WIDTH,
        col_widths=tuple(column.share for column in table.columns),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=heading,
        line_height=3.9,
        padding=(0.9, 0.8),
        text_align=tuple("R" if column.figures else "L" for column in table.columns),
        wrapmode=WrapMode.CHAR,
    ) as printed:
        head = printed.row()
        for column in table.columns:
            head.cell(_cell(column.head))
        for cells in table.rows:
            row = printed.row()
            for cell in cells:
                row.cell(_cell(cell))


def _cell(text: Bilingual, separator: str = "\n") -> str:
    cell_text = text.zh if text.en == text.zh else f"{text.zh}{separator}{text.en}"
    return _printable(cell_text)


@cache
def _typeface_characters() -> frozenset[int]:
    """Return the characters in both typefaces."""
    probe: Any = FPDF()
    probe.add_font("sans", "", _FONTS / "NotoSansSC-Regular.otf")
    probe.add_font("serif", "", _FONTS / "NotoSerifSC-Regular.otf")
    return frozenset(probe.fonts["sans"].cmap) & frozenset(probe.fonts["serif"].cmap)


def _printable(text: str) -> str:
    characters = _typeface_characters()
    return "".join(
        char if char == "\n" or ord(char) in characters else _BOX
        for char in unicodedata.normalize("NFC", text)
        if char == "\n" or unicodedata.category(char) not in ("Cf", "Cc")
    )
