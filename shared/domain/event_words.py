"""Every event type in words. The console's words (`static/i18n`, `event.*`) say the same."""

from __future__ import annotations

from shared.domain.bilingual import Both

EVENTS: dict[str, Both] = {
    "11": Both("自然灾害", "Natural disaster"),
    "12": Both("事故灾难", "Accident"),
    "13": Both("公共卫生事件", "Public health"),
    "14": Both("社会安全事件", "Social security"),
    "11A01": Both("洪水", "Flood"),
    "11A02": Both("内涝", "Waterlogging"),
    "11A51": Both("山洪", "Flash flood"),
    "11:low_water": Both("枯水", "Low water"),
    "11B01": Both("台风", "Typhoon"),
    "11B03": Both("暴雨", "Rainstorm"),
    "11B04": Both("暴雪", "Snowstorm"),
    "11B06": Both("大风", "Gale"),
    "11B09": Both("高温", "Heat"),
    "11B17": Both("大雾", "Fog"),
    "11B20": Both("雷雨大风", "Thunderstorm gale"),
    "11B22": Both("干旱", "Drought"),
    "11B25": Both("森林火险", "Forest fire danger"),
    "11B29": Both("空气重污染", "Heavy air pollution"),
    "11C02": Both("地震", "Earthquake"),
    "11D01": Both("滑坡", "Landslide"),
    "11D02": Both("泥石流", "Debris flow"),
    "11G01": Both("森林火灾", "Forest fire"),
    "12:gas_leak": Both("可燃气体泄漏", "Gas leak"),
    "12:gas_fire": Both("燃气火灾", "Gas fire"),
    "12:fire": Both("火灾", "Fire"),
    "12:mine_gas": Both("矿井瓦斯", "Mine gas"),
    "12:mine_fire": Both("矿井火灾", "Mine fire"),
    "12:burst_main": Both("管网爆裂", "Burst main"),
    "12:burst_main_large": Both("大口径管网爆裂", "Burst trunk main"),
    "11:sensor_fault": Both("自然灾害监测设备故障", "Faulty sensor (natural disaster)"),
    "11:sensor_silent": Both("自然灾害监测设备失联", "Silent sensor (natural disaster)"),
    "12:sensor_fault": Both("安全监测设备故障", "Faulty sensor (accident)"),
    "12:sensor_silent": Both("安全监测设备失联", "Silent sensor (accident)"),
}


def event(event_type: str) -> Both:
    """The word for an event type; for one that has none, that of its class."""
    return EVENTS.get(event_type) or EVENTS[event_type[:2]]
