"""Values as people write them: metrics, units of measure and spans of time in words.

One table serves pages, headlines and the command line; tests/contract/test_words.py compares the
console's words (`static/i18n`) with this table.
"""

from __future__ import annotations

from shared.domain.bilingual import Bilingual

UNITS: dict[str, Bilingual] = {
    "1": Bilingual("", ""),
    "%": Bilingual("%", "%"),
    "%/m": Bilingual("%/m", "%/m"),
    "%IDLH": Bilingual("%IDLH", "% IDLH"),
    "%LEL": Bilingual("%LEL", "% LEL"),
    "%OEL": Bilingual("%OEL", "% OEL"),
    "A": Bilingual("A", "A"),
    "Cel": Bilingual("℃", "°C"),
    "MPa": Bilingual("MPa", "MPa"),
    "V": Bilingual("V", "V"),
    "cm": Bilingual("cm", "cm"),
    "deg": Bilingual("°", "°"),
    "hPa": Bilingual("hPa", "hPa"),
    "kPa": Bilingual("kPa", "kPa"),
    "km": Bilingual("km", "km"),
    "m": Bilingual("m", "m"),
    "m/s": Bilingual("m/s", "m/s"),
    "m3/s": Bilingual("m³/s", "m³/s"),
    "mA": Bilingual("mA", "mA"),
    "mm": Bilingual("mm", "mm"),
    "mm/s": Bilingual("mm/s", "mm/s"),
    "nSv/h": Bilingual("nSv/h", "nSv/h"),
    "ppm": Bilingual("ppm", "ppm"),
    "uSv/h": Bilingual("μSv/h", "µSv/h"),
    "ug/m3": Bilingual("μg/m³", "µg/m³"),
}
"""How a unit of the contracts is written behind its number. Seconds are written by `span`."""
_CLOSE = frozenset({"%", "%/m", "%IDLH", "%LEL", "%OEL", "deg"})
"""Units that follow their number without a space."""
METRICS: dict[str, Bilingual] = {
    "water_level": Bilingual("水位", "water level"),
    "manhole_level": Bilingual("井下水位", "level in the manhole"),
    "flood_depth": Bilingual("积水深度", "depth of flooding"),
    "flow": Bilingual("流量", "flow"),
    "inflow_deficit_30d": Bilingual("30日来水偏少", "30-day inflow deficit"),
    "flow_speed": Bilingual("流速", "flow speed"),
    "rainfall": Bilingual("降雨量", "rainfall"),
    "soil_moisture": Bilingual("土壤含水率", "soil moisture"),
    "snow_depth": Bilingual("积雪深度", "snow depth"),
    "water_pressure": Bilingual("水压", "water pressure"),
    "pore_pressure": Bilingual("孔隙水压力", "pore pressure"),
    "seepage_pressure": Bilingual("渗压", "seepage pressure"),
    "temperature": Bilingual("温度", "temperature"),
    "temperature_max_day": Bilingual("日最高气温", "day's highest temperature"),
    "humidity": Bilingual("湿度", "humidity"),
    "wind_speed": Bilingual("风速", "wind speed"),
    "gust_speed": Bilingual("阵风", "gust"),
    "visibility": Bilingual("能见度", "visibility"),
    "air_pressure": Bilingual("气压", "air pressure"),
    "fire_danger": Bilingual("火险指数", "fire danger"),
    "fire_danger_grade": Bilingual("火险等级", "fire danger grade"),
    "displacement": Bilingual("位移", "displacement"),
    "crack_width": Bilingual("裂缝宽度", "crack width"),
    "tangent_angle": Bilingual("切线角", "tangent angle"),
    "tilt": Bilingual("倾角", "tilt"),
    "vibration": Bilingual("振动", "vibration"),
    "intensity": Bilingual("烈度", "intensity"),
    "gas_lel": Bilingual("可燃气体浓度", "combustible gas"),
    "methane": Bilingual("甲烷浓度", "methane"),
    "co": Bilingual("一氧化碳", "carbon monoxide"),
    "co2": Bilingual("二氧化碳", "carbon dioxide"),
    "h2s": Bilingual("硫化氢", "hydrogen sulphide"),
    "nh3": Bilingual("氨气", "ammonia"),
    "cl2": Bilingual("氯气", "chlorine"),
    "o2": Bilingual("氧气", "oxygen"),
    "oxygen": Bilingual("氧气", "oxygen"),
    "toxic_oel": Bilingual("有毒气体", "toxic gas"),
    "toxic_idlh": Bilingual("有毒气体", "toxic gas"),
    "pm25": Bilingual("PM2.5", "PM2.5"),
    "pm10": Bilingual("PM10", "PM10"),
    "o3": Bilingual("臭氧", "ozone"),
    "aqi": Bilingual("空气质量指数", "air quality index"),
    "aqi_day": Bilingual("日空气质量指数", "day's air quality index"),
    "smoke_obscuration": Bilingual("烟雾减光率", "smoke obscuration"),
    "radiation": Bilingual("辐射剂量率", "radiation"),
    "gas_pressure": Bilingual("燃气压力", "gas pressure"),
    "pressure": Bilingual("压力", "pressure"),
    "current": Bilingual("电流", "current"),
    "voltage": Bilingual("电压", "voltage"),
    "battery": Bilingual("电池", "battery"),
    "silence": Bilingual("无数据", "no data"),
    "conditions": Bilingual("成立条件", "conditions that hold"),
    "sources": Bilingual("来源印证", "weight of sources"),
}
_PARTS = (
    (86_400, "天", "day"),
    (3_600, "小时", "hour"),
    (60, "分钟", "minute"),
    (1, "秒", "second"),
)


def span(seconds: float) -> Bilingual:
    """A length of time in its two largest parts: `1 天`, `2 小时 30 分钟`, `27 秒`."""
    remainder = max(round(seconds), 0)
    zh, en = [], []
    for size, unit_zh, unit_en in _PARTS:
        count, remainder = divmod(remainder, size)
        if count:
            zh.append(f"{count} {unit_zh}")
            en.append(f"{count} {unit_en}{'' if count == 1 else 's'}")
    return Bilingual(" ".join(zh[:2]) or "0 秒", " ".join(en[:2]) or "0 seconds")


def no_longer(seconds: float) -> Bilingual:
    """Return the reason of a delayed fall: `已连续 10 分钟不再满足`."""
    lasting = span(seconds)
    return Bilingual(f"已连续 {lasting.zh}不再满足", f"has not held for {lasting.en}")


def amount(value: float, unit: str) -> Bilingual:
    """A value with its unit; one without a dimension is a bare number, seconds are a span."""
    if unit == "s":
        return span(value)
    number = f"{value:.10g}"
    written = UNITS.get(unit, Bilingual(unit, unit))
    gap = "" if unit in _CLOSE else " "
    return Bilingual(*(f"{number}{gap}{name}".rstrip() for name in written))


def metric(name: str) -> Bilingual:
    """Return the words for a metric; a metric outside the table is called by its own name."""
    return METRICS.get(name, Bilingual(name, name))


LIMIT = Bilingual("限值", "limit")
"""The word for a limit without a name of its own."""


def measured(
    name: str, value: float, limit: float, unit: str, limit_name: Bilingual = LIMIT
) -> Bilingual:
    """A value beside its limit; a span is how long nothing has come."""
    if unit == "s":
        silent, longest = span(value), span(limit)
        return Bilingual(
            f"{silent.zh}无数据（上限 {longest.zh}）",
            f"no data for {silent.en} (limit {longest.en})",
        )
    words, now, bound = metric(name), amount(value, unit), amount(limit, unit)
    return Bilingual(
        f"{words.zh} {now.zh}，{limit_name.zh} {bound.zh}",
        f"{words.en} {now.en}, {limit_name.en} {bound.en}",
    )
