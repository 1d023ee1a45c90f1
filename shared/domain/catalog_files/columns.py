"""The columns of a ledger file: headings, forms and the words for what a cell may hold.

The columns of a kind follow from its contract (shared/contracts/catalog.py): the field after `kind`
is the column `id`, a position is `lat` and `lon`, a sensor's `unit` is `unit_of_measure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import get_args

from shared.contracts.catalog import Entry
from shared.contracts.fields import DataGrade, Tier
from shared.contracts.sources import SourceEntry
from shared.domain.bilingual import Bilingual
from shared.domain.measures import METRICS, UNITS
from shared.domain.quantities import DATUMS

YES, NO = "true", "false"


class CellForm(StrEnum):
    """The way in which the text of a cell becomes the value of a field."""

    TEXT = "text"
    CODE = "code"
    CODES = "codes"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class LedgerColumn:
    """A column by its name, with its Chinese heading and further headings that mean it.

    `words` are values in Chinese and English: the cell may hold the value or its words.
    """

    name: str
    zh: str
    form: CellForm
    allowed: Bilingual
    headings: tuple[str, ...] = ()
    words: Mapping[str, Bilingual] = field(default_factory=dict)


def _listed(words: Mapping[str, Bilingual]) -> Bilingual:
    """Return the values of a closed set as a person may write them."""
    return Bilingual(
        "、".join(f"{word.zh}（{value}）" for value, word in words.items()), ", ".join(words)
    )


KINDS: dict[str, Bilingual] = {
    "unit": Bilingual("单位", "unit"),
    "group": Bilingual("专班", "group"),
    "sensor": Bilingual("传感器", "sensor"),
    "topic": Bilingual("主题", "topic"),
    "service": Bilingual("服务", "service"),
    "rule_pack": Bilingual("规则包", "rule pack"),
    "data": Bilingual("数据集", "data set"),
    "application": Bilingual("应用", "application"),
}
TIERS: dict[str, Bilingual] = {
    Tier.CITY.value: Bilingual("市", "city"),
    Tier.DISTRICT.value: Bilingual("区县", "district"),
    Tier.TOWN.value: Bilingual("镇街", "town"),
    Tier.VILLAGE.value: Bilingual("村社区", "village"),
    Tier.GRID.value: Bilingual("网格", "grid"),
    Tier.MICROGRID.value: Bilingual("微网格", "micro-grid"),
}
_FLAGS = {YES: Bilingual("是", "yes"), NO: Bilingual("否", "no")}
_SHARES = {
    "open": Bilingual("无条件共享", "open"),
    "conditional": Bilingual("有条件共享", "conditional"),
    "closed": Bilingual("不予共享", "closed"),
}
_GRADES = {
    DataGrade.GENERAL.value: Bilingual("一般", "general"),
    DataGrade.IMPORTANT.value: Bilingual("重要", "important"),
    DataGrade.CORE.value: Bilingual("核心", "core"),
}
# Classes of town and country: docs/sources.md S47.
_URBAN_RURAL = {
    "111": Bilingual("主城区", "city centre"),
    "112": Bilingual("城乡结合区", "edge of a city"),
    "121": Bilingual("镇中心区", "centre of a town"),
    "122": Bilingual("镇乡结合区", "edge of a town"),
    "123": Bilingual("特殊区域", "special area"),
    "210": Bilingual("乡中心区", "centre of a township"),
    "220": Bilingual("村庄", "village"),
}
_UNIT_ID = Bilingual(
    "12 位区划代码，如 990101001201；部门如 990101000000/water；网格如 990101001201/grid/001",
    "a code of 12 digits such as 990101001201; a department such as 990101000000/water; "
    "a grid such as 990101001201/grid/001",
)
_UNIT_IDS = Bilingual(
    f"用空格或顿号分隔的单位，1 至 500 个：{_UNIT_ID.zh}",
    f"1 to 500 units with spaces between them: {_UNIT_ID.en}",
)
_LINE = Bilingual("1 至 200 个字，一行", "1 to 200 characters, one line")
_SLUG = Bilingual(
    "小写字母和下划线，以字母开头，至多 32 个",
    "at most 32 small letters and underscores, a letter first",
)
_NAME = Bilingual(
    "小写字母、数字和下划线，以字母开头，至多 40 个",
    "at most 40 small letters, digits and underscores, a letter first",
)
_MEASURE = {value: word for value, word in UNITS.items() if word.zh}

COLUMNS: dict[str, LedgerColumn] = {
    column.name: column
    for column in (
        LedgerColumn("kind", "类别", CellForm.CODE, _listed(KINDS), ("条目类别", "类型"), KINDS),
        LedgerColumn(
            "id", "编号", CellForm.CODE, Bilingual("该类别的编号", "the id of an entry"), ("代码",)
        ),
        LedgerColumn("name", "名称", CellForm.TEXT, _LINE, ("名字",)),
        LedgerColumn("tier", "层级", CellForm.CODE, _listed(TIERS), ("level", "级别"), TIERS),
        LedgerColumn(
            "parent", "上级", CellForm.CODE, _UNIT_ID, ("上级单位", "上级编号", "parent_id")
        ),
        LedgerColumn(
            "roles",
            "角色",
            CellForm.CODES,
            Bilingual(f"至多 16 个，用空格分隔：{_SLUG.zh}", f"at most 16: {_SLUG.en}"),
        ),
        LedgerColumn("owner", "责任单位", CellForm.TEXT, _UNIT_ID, ("所属单位", "归属单位")),
        LedgerColumn("category", "分类", CellForm.TEXT, _LINE, ("所属分类", "class")),
        LedgerColumn(
            "grade", "分级", CellForm.CODE, _listed(_GRADES), ("数据分级", "数据级别"), _GRADES
        ),
        LedgerColumn("members", "成员", CellForm.CODES, _UNIT_IDS, ("成员单位",)),
        LedgerColumn(
            "sensor_kind", "设备类型", CellForm.CODE, _NAME, ("传感器类型", "sensor_type")
        ),
        LedgerColumn(
            "place", "所在单位", CellForm.CODE, _UNIT_ID, ("位置单位", "安装单位", "所在地")
        ),
        LedgerColumn("metric", "指标", CellForm.CODE, _NAME, ("监测指标",), METRICS),
        LedgerColumn(
            "unit_of_measure",
            "计量单位",
            CellForm.CODE,
            Bilingual("1 至 16 个字符", "1 to 16 characters"),
            ("unit", "单位", "uom"),
            _MEASURE,
        ),
        LedgerColumn(
            "datum", "高程基准", CellForm.TEXT, Bilingual("、".join(DATUMS), ", ".join(DATUMS))
        ),
        LedgerColumn(
            "interval_s",
            "上报间隔秒",
            CellForm.NUMBER,
            Bilingual("大于 0、至多 2678400（31 天）的秒数", "seconds, above 0, at most 2678400"),
            ("上报间隔", "上报间隔(秒)", "interval"),
        ),
        LedgerColumn(
            "lateness_s",
            "迟到限秒",
            CellForm.NUMBER,
            Bilingual("0 至 604800（7 天）的秒数，可空", "seconds, 0 to 604800, or empty"),
            ("迟到限", "迟到限(秒)", "lateness"),
        ),
        LedgerColumn(
            "site",
            "点位",
            CellForm.CODE,
            Bilingual(
                "字母、数字和 . _ : -，至多 96 个，可空",
                "at most 96 letters, digits and . _ : -, or empty",
            ),
            ("站点",),
        ),
        LedgerColumn(
            "lat",
            "纬度",
            CellForm.NUMBER,
            Bilingual("-90 至 90 的度数（WGS 84）", "degrees from -90 to 90 (WGS 84)"),
            ("latitude",),
        ),
        LedgerColumn(
            "lon",
            "经度",
            CellForm.NUMBER,
            Bilingual("-180 至 180 的度数（WGS 84）", "degrees from -180 to 180 (WGS 84)"),
            ("longitude", "lng"),
        ),
        LedgerColumn("installed", "已安装", CellForm.FLAG, _listed(_FLAGS), (), _FLAGS),
        LedgerColumn(
            "source",
            "数据来源",
            CellForm.CODE,
            Bilingual(
                "提供数据的条目，如 source:gas-network",
                "the entry that the data come from, such as source:gas-network",
            ),
            ("来源",),
        ),
        LedgerColumn("share", "共享属性", CellForm.CODE, _listed(_SHARES), ("共享类型",), _SHARES),
        LedgerColumn("synthetic", "合成数据", CellForm.FLAG, _listed(_FLAGS), (), _FLAGS),
        LedgerColumn(
            "urban_rural", "城乡分类代码", CellForm.CODE, _listed(_URBAN_RURAL), (), _URBAN_RURAL
        ),
        LedgerColumn(
            "short_code",
            "短代码",
            CellForm.CODE,
            Bilingual(
                "12 位代码去掉末尾的零", "the code of 12 digits without the zeros at its end"
            ),
            ("code",),
        ),
    )
}
"""Every column; `urban_rural` and `short_code` stand in lists of divisions: checked, not stored."""
CHECKED_ONLY = frozenset({"urban_rural", "short_code"})
ID_HEADINGS: dict[str, str] = {
    "统计用区划代码": "unit",
    "行政区划代码": "unit",
    "区划代码": "unit",
    "单位编号": "unit",
    "单位代码": "unit",
    "code12": "unit",
    "unit_id": "unit",
    "专班编号": "group",
    "group": "group",
    "group_id": "group",
    "传感器编号": "sensor",
    "设备编号": "sensor",
    "sensor_id": "sensor",
}
"""Headings of the column `id` that also say the kind of the entries."""
NATIONAL_HEADING = "统计用区划代码"
"""The heading that only the national list of divisions has."""
HEADS_OF_SECTIONS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names in the national list that head a section and are no units."""
_POSITION = ("lat", "lon")
_RENAMED = {"unit": "unit_of_measure"}
IDS: dict[str, Bilingual] = {
    "unit": _UNIT_ID,
    "group": _SLUG,
    "sensor": Bilingual(
        "字母、数字和 . _ -，以字母或数字开头，至多 64 个",
        "at most 64 letters, digits and . _ -, a letter or digit first",
    ),
}
"""The ids of a kind in words; those of the kinds without a row are `PLAIN_IDS`."""
PLAIN_IDS = Bilingual(
    "小写字母、数字和 . _ -，以字母或数字开头，至多 96 个",
    "at most 96 small letters, digits and . _ -, a letter or digit first",
)


def _models() -> dict[str, type[Entry]]:
    """Return the model of each kind. Sources have keys, which are no matter of a file."""
    return {
        kind: model
        for model in get_args(Entry)
        if model is not SourceEntry
        for kind in get_args(model.model_fields["kind"].annotation)
    }


MODELS = _models()


def _fields_of(model: type[Entry]) -> dict[str, str]:
    """Return the column of each field: `id` for the first, two for a position."""
    names = [name for name in model.model_fields if name != "kind"]
    columns = {names[0]: "id"}
    for name in names[1:]:
        columns |= (
            {f"position.{part}": part for part in _POSITION}
            if name == "position"
            else {name: _RENAMED.get(name, name)}
        )
    return columns


FIELDS: dict[str, dict[str, str]] = {kind: _fields_of(model) for kind, model in MODELS.items()}
"""For each kind the column of every field of its contract, in the order of the contract."""


def columns_of(kind: str) -> tuple[LedgerColumn, ...]:
    """Return the columns of a kind in their order, `kind` first."""
    return (COLUMNS["kind"], *(COLUMNS[name] for name in FIELDS[kind].values()))


def words_of(kind: str, column: str) -> Bilingual:
    """Return what the cells of a column may hold for entries of a kind."""
    if column == "id":
        return IDS.get(kind, PLAIN_IDS)
    if column == "owner" and kind not in ("group", "sensor"):
        return _LINE
    return COLUMNS[column].allowed
