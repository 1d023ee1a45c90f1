"""The problems of a file: a code of a closed set, a place, and words in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.contracts.fields import Language, cleaned
from shared.domain.bilingual import Bilingual
from shared.domain.shortening import shorten

LONGEST_VALUE = 80
"""A problem quotes at most so many characters of a value."""
NO_WORDS = Bilingual("", "")


class ProblemCode(StrEnum):
    """The reason why a file, a row or a cell is refused, or why a person should look at it."""

    UNKNOWN_FORMAT = "unknown_format"
    OLD_WORKBOOK = "old_workbook"
    FILE_TOO_LARGE = "file_too_large"
    EMPTY_FILE = "empty_file"
    WRONG_ENCODING = "wrong_encoding"
    ARCHIVE_TOO_LARGE = "archive_too_large"
    UNREADABLE_WORKBOOK = "unreadable_workbook"
    NOT_JSON = "not_json"
    QUOTE_NOT_CLOSED = "quote_not_closed"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    DUPLICATE_COLUMN = "duplicate_column"
    CELL_COUNT = "cell_count"
    CELL_TOO_LONG = "cell_too_long"
    FORMULA_CELL = "formula_cell"
    ERROR_CELL = "error_cell"
    DATE_CELL = "date_cell"
    SHORTENED_NUMBER = "shortened_number"
    CONTROL_CHARACTER = "control_character"
    MISSING_VALUE = "missing_value"
    INVALID_VALUE = "invalid_value"
    COLUMN_NOT_OF_KIND = "column_not_of_kind"
    DUPLICATE_KEY = "duplicate_key"
    TWO_PARENTS = "two_parents"
    MISSING_PARENT = "missing_parent"
    WRONG_PARENT = "wrong_parent"
    WRONG_TIER = "wrong_tier"
    TREE_CYCLE = "tree_cycle"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_SOURCE = "unknown_source"
    UNIT_NOT_OF_METRIC = "unit_not_of_metric"
    UNKNOWN_METRIC = "unknown_metric"
    DATUM_NOT_OF_METRIC = "datum_not_of_metric"
    UNKNOWN_DATUM = "unknown_datum"
    DATUM_NOT_STATED = "datum_not_stated"
    SECOND_SOURCE = "second_source"
    IN_USE = "in_use"
    HEAD_OF_SECTION = "head_of_section"
    ONE_OF_SEVERAL_TOPS = "one_of_several_tops"
    MORE_PROBLEMS = "more_problems"


WARNINGS = frozenset(
    {
        ProblemCode.UNKNOWN_METRIC,
        ProblemCode.UNKNOWN_DATUM,
        ProblemCode.DATUM_NOT_STATED,
        ProblemCode.HEAD_OF_SECTION,
        ProblemCode.ONE_OF_SEVERAL_TOPS,
        ProblemCode.MORE_PROBLEMS,
    }
)
"""A person should look at these; they keep no file out."""

WORDS: dict[ProblemCode, Bilingual] = {
    ProblemCode.UNKNOWN_FORMAT: Bilingual("不支持的文件格式", "the format is not supported"),
    ProblemCode.OLD_WORKBOOK: Bilingual(
        "是旧版或加密的工作簿，请另存为不加密的 .xlsx",
        "is an old or an encrypted workbook; save it as .xlsx without a password",
    ),
    ProblemCode.FILE_TOO_LARGE: Bilingual("文件过大", "the file is too large"),
    ProblemCode.EMPTY_FILE: Bilingual("没有任何数据行", "there are no rows"),
    ProblemCode.WRONG_ENCODING: Bilingual(
        "字符编码无法识别，请另存为 UTF-8", "the encoding is not known; save the file as UTF-8"
    ),
    ProblemCode.ARCHIVE_TOO_LARGE: Bilingual(
        "工作簿解压后过大（疑似压缩炸弹）",
        "the workbook is too large when it is unpacked (a zip bomb)",
    ),
    ProblemCode.UNREADABLE_WORKBOOK: Bilingual("工作簿无法读取", "the workbook cannot be read"),
    ProblemCode.NOT_JSON: Bilingual(
        "不是有效的 JSON（第 {conflict} 行附近）", "is no valid JSON (near line {conflict})"
    ),
    ProblemCode.QUOTE_NOT_CLOSED: Bilingual(
        "引号没有成对，此后各行无法读取",
        "a quotation mark is not closed; the rows after it cannot be read",
    ),
    ProblemCode.TOO_MANY_ROWS: Bilingual("行数过多", "there are too many rows"),
    ProblemCode.TOO_MANY_COLUMNS: Bilingual("列数过多", "there are too many columns"),
    ProblemCode.MISSING_COLUMN: Bilingual("缺少此列", "the column is missing"),
    ProblemCode.UNKNOWN_COLUMN: Bilingual("没有名为此的列", "no column has this name"),
    ProblemCode.DUPLICATE_COLUMN: Bilingual("此列出现两次", "the column stands twice"),
    ProblemCode.CELL_COUNT: Bilingual(
        "单元格数与表头不符", "the number of cells is not that of the headings"
    ),
    ProblemCode.CELL_TOO_LONG: Bilingual("单元格内容过长", "the cell is too long"),
    ProblemCode.FORMULA_CELL: Bilingual(
        "是公式，请改为数值或文本", "is a formula; write the value itself"
    ),
    ProblemCode.ERROR_CELL: Bilingual("是表格软件的错误值", "is an error of the spreadsheet"),
    ProblemCode.DATE_CELL: Bilingual(
        "被表格软件改成了日期，请将此列设为文本格式后重新填写",
        "the spreadsheet has made a date of it; format the column as text and write it again",
    ),
    ProblemCode.SHORTENED_NUMBER: Bilingual(
        "数字已被表格软件截短，请将此列设为文本格式后重新填写",
        "the spreadsheet has shortened the number; format the column as text and write it again",
    ),
    ProblemCode.CONTROL_CHARACTER: Bilingual(
        "含有换行或控制字符", "has a line break or a control character"
    ),
    ProblemCode.MISSING_VALUE: Bilingual("不能为空", "must not be empty"),
    ProblemCode.INVALID_VALUE: Bilingual("值无效", "the value is not valid"),
    ProblemCode.COLUMN_NOT_OF_KIND: Bilingual(
        "此类别的条目没有这一列", "entries of this kind do not have this column"
    ),
    ProblemCode.DUPLICATE_KEY: Bilingual(
        "与另一行重复：{conflict}", "the entry stands in a second row: {conflict}"
    ),
    ProblemCode.TWO_PARENTS: Bilingual(
        "同一单位有两个上级：{conflict}", "the unit has two parents: {conflict}"
    ),
    ProblemCode.MISSING_PARENT: Bilingual(
        "上级单位不在文件中，也不在编目中",
        "the parent is neither in the file nor in the catalogue",
    ),
    ProblemCode.WRONG_PARENT: Bilingual(
        "按代码，单位不在此上级之内", "by its code, the unit does not lie within the parent"
    ),
    ProblemCode.WRONG_TIER: Bilingual(
        "层级与单位代码不符", "the tier does not follow from the code of the unit"
    ),
    ProblemCode.TREE_CYCLE: Bilingual(
        "上级关系成环：{conflict}", "the parents form a cycle: {conflict}"
    ),
    ProblemCode.UNKNOWN_UNIT: Bilingual(
        "此单位不在文件中，也不在编目中", "the unit is neither in the file nor in the catalogue"
    ),
    ProblemCode.UNKNOWN_SOURCE: Bilingual(
        "数据来源不在文件中，也不在编目中",
        "the origin of the data is neither in the file nor in the catalogue",
    ),
    ProblemCode.UNIT_NOT_OF_METRIC: Bilingual(
        "不是该指标的计量单位", "the metric is not measured in this unit"
    ),
    ProblemCode.UNKNOWN_METRIC: Bilingual(
        "指标不在指标表中，计量单位未核对",
        "the metric is not in the table of metrics; its unit is not checked",
    ),
    ProblemCode.DATUM_NOT_OF_METRIC: Bilingual(
        "该指标没有高程基准", "the metric has no vertical datum"
    ),
    ProblemCode.UNKNOWN_DATUM: Bilingual(
        "高程基准不在常用基准中", "the datum is not among the known datums"
    ),
    ProblemCode.DATUM_NOT_STATED: Bilingual(
        "水位没有注明高程基准", "a level does not say its vertical datum"
    ),
    ProblemCode.SECOND_SOURCE: Bilingual(
        "一数一源：同一数据已由另一条目提供：{conflict}",
        "one source per datum: another entry provides it: {conflict}",
    ),
    ProblemCode.IN_USE: Bilingual(
        "不能停用，仍被引用：{conflict}", "cannot be retired, an entry refers to it: {conflict}"
    ),
    ProblemCode.HEAD_OF_SECTION: Bilingual(
        "是名录中的分段标题，不是单位，已跳过",
        "heads a section of the national list, is no unit and is passed over",
    ),
    ProblemCode.ONE_OF_SEVERAL_TOPS: Bilingual(
        "上级不在编目中，与其他单位并列为顶层",
        "the parent is not in the catalogue: the unit is one of several tops",
    ),
    ProblemCode.MORE_PROBLEMS: Bilingual(
        "还有更多问题没有列出", "there are more problems than are listed"
    ),
}


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A row of a file, counted from 1 as a spreadsheet counts; a sheet of a workbook.

    Row 0 is the file as a whole.
    """

    row: int = 0
    sheet: str = ""

    def in_words(self) -> Bilingual:
        """Return the place in words: `工作表 传感器，第 7 行`."""
        zh, en = [], []
        if self.sheet:
            zh.append(f"工作表 {self.sheet}")
            en.append(f"sheet {self.sheet}")
        if self.row:
            zh.append(f"第 {self.row} 行")
            en.append(f"row {self.row}")
        return Bilingual("，".join(zh), ", ".join(en))


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem with its place. `column` is the heading of the file, `value` the quoted cell.

    `allowed` says what the cell may hold; `conflict` names the row or entry it is at odds with.
    """

    code: ProblemCode
    place: RowPlace = field(default_factory=RowPlace)
    column: str = ""
    value: str = ""
    allowed: Bilingual = NO_WORDS
    conflict: Bilingual = NO_WORDS

    @property
    def is_warning(self) -> bool:
        """Return whether the problem keeps no file out."""
        return self.code in WARNINGS

    def message(self, language: Language) -> str:
        """Return the words of the code, without place and value."""
        return WORDS[self.code].of(language).replace("{conflict}", self.conflict.of(language))

    def sentence(self, language: Language) -> str:
        """Return the problem in one line: place, column, value, words, what is allowed."""
        colon, comma = Bilingual("：", ": ").of(language), Bilingual("，", ", ").of(language)
        where = comma.join(filter(None, (self.place.in_words().of(language), self.column)))
        quoted = Bilingual(f"“{self.value}”", f"“{self.value}” ").of(language) if self.value else ""
        text = f"{quoted}{self.message(language)}"
        if allowed := self.allowed.of(language):
            text += Bilingual(f"（允许：{allowed}）", f" (allowed: {allowed})").of(language)
        return f"{where}{colon}{text}" if where else text


def quoted_value(text: str) -> str:
    """Return a value as a problem quotes it: one line, shortened, no control character."""
    head = cleaned(text[: LONGEST_VALUE * 2])
    return shorten("".join(c if c.isprintable() else "?" for c in head), LONGEST_VALUE)
