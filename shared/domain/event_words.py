"""Every event type in words: codes as real systems use them (docs/sources.md S10), and our own.

The console's words (`static/i18n`, `event.*`) are the same.
"""

from __future__ import annotations

from shared.domain.bilingual import Bilingual

EVENTS: dict[str, Bilingual] = {
    "11": Bilingual("自然灾害", "Natural disaster"),
    "12": Bilingual("事故灾难", "Accident"),
    "13": Bilingual("公共卫生事件", "Public health"),
    "14": Bilingual("社会安全事件", "Social security"),
    "14:mass_incident": Bilingual("群体性事件", "Mass incident"),
    "14:public_opinion": Bilingual("重大舆情", "Major public-opinion event"),
    "11A01": Bilingual("洪水", "Flood"),
    "11A02": Bilingual("内涝", "Waterlogging"),
    "11A51": Bilingual("山洪", "Flash flood"),
    "11:low_water": Bilingual("枯水", "Low water"),
    "11B01": Bilingual("台风", "Typhoon"),
    "11B03": Bilingual("暴雨", "Rainstorm"),
    "11B04": Bilingual("暴雪", "Snowstorm"),
    "11B05": Bilingual("寒潮", "Cold wave"),
    "11B06": Bilingual("大风", "Gale"),
    "11B07": Bilingual("沙尘暴", "Sandstorm"),
    "11B09": Bilingual("高温", "Heat"),
    "11B14": Bilingual("雷电", "Lightning"),
    "11B15": Bilingual("冰雹", "Hail"),
    "11B16": Bilingual("霜冻", "Frost"),
    "11B17": Bilingual("大雾", "Fog"),
    "11B19": Bilingual("霾", "Haze"),
    "11B20": Bilingual("雷雨大风", "Thunderstorm gale"),
    "11B21": Bilingual("道路结冰", "Road icing"),
    "11B22": Bilingual("干旱", "Drought"),
    "11B25": Bilingual("森林火险", "Forest fire danger"),
    "11B29": Bilingual("空气重污染", "Heavy air pollution"),
    "11C02": Bilingual("地震", "Earthquake"),
    "11D01": Bilingual("滑坡", "Landslide"),
    "11D02": Bilingual("泥石流", "Debris flow"),
    "11E02": Bilingual("风暴潮", "Storm surge"),
    "11E06": Bilingual("海浪", "Waves"),
    "11G01": Bilingual("森林火灾", "Forest fire"),
    "12:gas_leak": Bilingual("可燃气体泄漏", "Gas leak"),
    "12:gas_fire": Bilingual("燃气火灾", "Gas fire"),
    "12:fire": Bilingual("火灾", "Fire"),
    "12:mine_gas": Bilingual("矿井瓦斯", "Mine gas"),
    "12:mine_fire": Bilingual("矿井火灾", "Mine fire"),
    "12:burst_main": Bilingual("管网爆裂", "Burst main"),
    "12:burst_main_large": Bilingual("大口径管网爆裂", "Burst trunk main"),
    "11:sensor_fault": Bilingual("自然灾害监测设备故障", "Faulty sensor (natural disaster)"),
    "11:sensor_silent": Bilingual("自然灾害监测设备失联", "Silent sensor (natural disaster)"),
    "12:sensor_fault": Bilingual("安全监测设备故障", "Faulty sensor (accident)"),
    "12:sensor_silent": Bilingual("安全监测设备失联", "Silent sensor (accident)"),
}


def event(event_type: str) -> Bilingual:
    """The word for an event type; for one that has none, that of its class."""
    return EVENTS.get(event_type) or EVENTS[event_type[:2]]
