"""Values as people write them: metrics, units of measure and spans of time in words.

One table serves pages, headlines and the command line; tests/contract/test_words.py compares the
console's words (`static/i18n`) with this table.
"""

from __future__ import annotations

from shared.domain.bilingual import Both

UNITS: dict[str, Both] = {
    "1": Both("", ""),
    "%": Both("%", "%"),
    "%/m": Both("%/m", "%/m"),
    "%IDLH": Both("%IDLH", "% IDLH"),
    "%LEL": Both("%LEL", "% LEL"),
    "%OEL": Both("%OEL", "% OEL"),
    "A": Both("A", "A"),
    "Cel": Both("℃", "°C"),
    "MPa": Both("MPa", "MPa"),
    "V": Both("V", "V"),
    "cm": Both("cm", "cm"),
    "deg": Both("°", "°"),
    "hPa": Both("hPa", "hPa"),
    "kPa": Both("kPa", "kPa"),
    "km": Both("km", "km"),
    "m": Both("m", "m"),
    "m/s": Both("m/s", "m/s"),
    "m3/s": Both("m³/s", "m³/s"),
    "mA": Both("mA", "mA"),
    "mm": Both("mm", "mm"),
    "mm/s": Both("mm/s", "mm/s"),
    "nSv/h": Both("nSv/h", "nSv/h"),
    "ppm": Both("ppm", "ppm"),
    "uSv/h": Both("μSv/h", "µSv/h"),
    "ug/m3": Both("μg/m³", "µg/m³"),
}
"""How a unit of the contracts is written behind its number. Seconds are written by `span`."""
_CLOSE = frozenset({"%", "%/m", "%IDLH", "%LEL", "%OEL", "deg"})
"""Units that follow their number without a space."""
METRICS: dict[str, Both] = {
    "water_level": Both("水位", "water level"),
    "manhole_level": Both("井下水位", "level in the manhole"),
    "flood_depth": Both("积水深度", "depth of flooding"),
    "flow": Both("流量", "flow"),
    "inflow_deficit_30d": Both("30日来水偏少", "30-day inflow deficit"),
    "flow_speed": Both("流速", "flow speed"),
    "rainfall": Both("降雨量", "rainfall"),
    "soil_moisture": Both("土壤含水率", "soil moisture"),
    "snow_depth": Both("积雪深度", "snow depth"),
    "water_pressure": Both("水压", "water pressure"),
    "pore_pressure": Both("孔隙水压力", "pore pressure"),
    "seepage_pressure": Both("渗压", "seepage pressure"),
    "temperature": Both("温度", "temperature"),
    "temperature_max_day": Both("日最高气温", "day's highest temperature"),
    "humidity": Both("湿度", "humidity"),
    "wind_speed": Both("风速", "wind speed"),
    "gust_speed": Both("阵风", "gust"),
    "visibility": Both("能见度", "visibility"),
    "air_pressure": Both("气压", "air pressure"),
    "fire_danger": Both("火险指数", "fire danger"),
    "fire_danger_grade": Both("火险等级", "fire danger grade"),
    "displacement": Both("位移", "displacement"),
    "crack_width": Both("裂缝宽度", "crack width"),
    "tangent_angle": Both("切线角", "tangent angle"),
    "tilt": Both("倾角", "tilt"),
    "vibration": Both("振动", "vibration"),
    "intensity": Both("烈度", "intensity"),
    "gas_lel": Both("可燃气体浓度", "combustible gas"),
    "methane": Both("甲烷浓度", "methane"),
    "co": Both("一氧化碳", "carbon monoxide"),
    "co2": Both("二氧化碳", "carbon dioxide"),
    "h2s": Both("硫化氢", "hydrogen sulphide"),
    "nh3": Both("氨气", "ammonia"),
    "cl2": Both("氯气", "chlorine"),
    "o2": Both("氧气", "oxygen"),
    "oxygen": Both("氧气", "oxygen"),
    "toxic_oel": Both("有毒气体", "toxic gas"),
    "toxic_idlh": Both("有毒气体", "toxic gas"),
    "pm25": Both("PM2.5", "PM2.5"),
    "pm10": Both("PM10", "PM10"),
    "o3": Both("臭氧", "ozone"),
    "aqi": Both("空气质量指数", "air quality index"),
    "aqi_day": Both("日空气质量指数", "day's air quality index"),
    "smoke_obscuration": Both("烟雾减光率", "smoke obscuration"),
    "radiation": Both("辐射剂量率", "radiation"),
    "gas_pressure": Both("燃气压力", "gas pressure"),
    "pressure": Both("压力", "pressure"),
    "current": Both("电流", "current"),
    "voltage": Both("电压", "voltage"),
    "battery": Both("电池", "battery"),
    "silence": Both("无数据", "no data"),
    "conditions": Both("成立条件", "conditions that hold"),
    "sources": Both("来源印证", "weight of sources"),
}
_PARTS = (
    (86_400, "天", "day"),
    (3_600, "小时", "hour"),
    (60, "分钟", "minute"),
    (1, "秒", "second"),
)


def span(seconds: float) -> Both:
    """A length of time in its two largest parts: `1 天`, `2 小时 30 分钟`, `27 秒`."""
    remainder = max(round(seconds), 0)
    zh, en = [], []
    for size, unit_zh, unit_en in _PARTS:
        count, remainder = divmod(remainder, size)
        if count:
            zh.append(f"{count} {unit_zh}")
            en.append(f"{count} {unit_en}{'' if count == 1 else 's'}")
    return Both(" ".join(zh[:2]) or "0 秒", " ".join(en[:2]) or "0 seconds")


def amount(value: float, unit: str) -> Both:
    """A value with its unit; one without a dimension is a bare number, seconds are a span."""
    if unit == "s":
        return span(value)
    number = f"{value:.10g}"
    written = UNITS.get(unit, Both(unit, unit))
    gap = "" if unit in _CLOSE else " "
    return Both(*(f"{number}{gap}{name}".rstrip() for name in written))


def metric(name: str) -> Both:
    """Return the words for a metric; a metric outside the table is called by its own name."""
    return METRICS.get(name, Both(name, name))


def measured(name: str, value: float, limit: float, unit: str) -> Both:
    """A value beside its limit; a span is how long nothing has come."""
    if unit == "s":
        silent, longest = span(value), span(limit)
        return Both(
            f"{silent.zh}无数据（上限 {longest.zh}）",
            f"no data for {silent.en} (limit {longest.en})",
        )
    words, now, bound = metric(name), amount(value, unit), amount(limit, unit)
    return Both(f"{words.zh} {now.zh}，限值 {bound.zh}", f"{words.en} {now.en}, limit {bound.en}")
