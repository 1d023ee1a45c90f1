"""Templates of an alert's words, per kind of event and level, with what is known filled in.

The advice is our own example text (docs/sources.md S40): an office edits it before it signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.wordings import MOST_WORDS, AlertWording
from shared.domain.bilingual import Bilingual
from shared.domain.event_words import event
from shared.domain.wording import LEVELS


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """The known facts about an alert that its words need.

    `evidence` is the headline of the gravest evidence, None where it is not for the public.
    """

    event_type: str
    place: Bilingual
    issuer: Bilingual
    areas: Sequence[str]
    area_names: Sequence[Bilingual]
    evidence: Bilingual | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice for a kind of event: at orange and red, and below."""

    grave: Bilingual
    moderate: Bilingual


_WATER = Advice(
    Bilingual(
        "请沿江、沿河、低洼地区人员立即按当地通知转移到安全地带；不要涉水、不要返回取物；"
        "远离河道、桥涵和地下空间。",
        "People beside rivers and in low places move to safety now, as told on the spot. Do not "
        "wade, do not go back for belongings; keep away from rivers, culverts and underground "
        "places.",
    ),
    Bilingual(
        "请沿江、沿河、低洼地区人员做好转移准备，注意水位变化；停止涉水作业，远离河道。",
        "People beside rivers and in low places get ready to move and watch the water. Stop work "
        "in the water and keep away from rivers.",
    ),
)
_RAIN = Advice(
    Bilingual(
        "请停止户外活动和作业；低洼、山洪和地质灾害隐患点人员立即转移；车辆不要驶入积水路段。",
        "Stop all outdoor activities. People in low places, flash-flood valleys and below slopes "
        "move now. Do not drive into water.",
    ),
    Bilingual(
        "请减少外出，检查排水，注意山洪、滑坡和内涝。",
        "Stay in where possible, clear the drains, beware of flash floods, landslides and "
        "waterlogging.",
    ),
)
_SLOPE = Advice(
    Bilingual(
        "请隐患点及下方人员立即撤离到预定避险点；不要返回；禁止车辆和行人通过。",
        "People on the slope and below it leave now for the agreed shelter and do not go back. No "
        "vehicle and no pedestrian passes.",
    ),
    Bilingual(
        "请加密巡查，做好撤离准备；发现裂缝、异响立即撤离并报告。",
        "Patrol more often and get ready to leave. Leave and report at once on cracks or noises.",
    ),
)
_FIRE = Advice(
    Bilingual(
        "请立即撤离到上风处并服从指挥；不要乘电梯；不要围观，给消防车让路。",
        "Leave at once to the windward side and follow instructions. No lifts, no onlookers; make "
        "way for fire engines.",
    ),
    Bilingual(
        "请注意火情，关好门窗，做好撤离准备。",
        "Watch the fire, shut doors and windows, get ready to leave.",
    ),
)
_GAS = Advice(
    Bilingual(
        "请立即撤离，不开关电器，不使用明火和电话；到上风处等候通知。",
        "Leave at once. Touch no switch, use no flame and no telephone; wait on the windward side.",
    ),
    Bilingual(
        "请开窗通风，关闭阀门，不开关电器，不使用明火；闻到异味立即离开并报告。",
        "Open the windows, close the valve, touch no switch, use no flame. Leave and report if you "
        "smell gas.",
    ),
)
_HEAT = Advice(
    Bilingual(
        "请停止高温时段户外作业；照看老人、儿童和病人；注意防暑和用电安全。",
        "Stop outdoor work in the heat of the day. Look after the old, children and the sick.",
    ),
    Bilingual("请减少午后外出，注意防暑补水。", "Stay in during the afternoon and drink enough."),
)
_WIND = Advice(
    Bilingual(
        "请停止高空和水上作业，加固或远离广告牌、临时搭建物；不要在树下停留。",
        "Stop work at height and on water. Secure hoardings and sheds or keep away from them; do "
        "not stay below trees.",
    ),
    Bilingual("请加固门窗和易被吹动的物品，减少外出。", "Secure doors, windows and loose objects."),
)
_HEALTH = Advice(
    Bilingual(
        "请按卫生部门通知就医、隔离和防护；不信谣、不传谣。",
        "Follow the health authority on treatment, isolation and protection; spread no rumours.",
    ),
    Bilingual(
        "请注意个人防护，如有症状及时就医。", "Protect yourself; see a doctor with symptoms."
    ),
)
_GENERAL = Advice(
    Bilingual(
        "请立即停止受影响区域的活动，按当地通知避险。",
        "Stop all activities in the area now and take shelter as told on the spot.",
    ),
    Bilingual("请注意防范，关注后续通知。", "Take care and watch for further notices."),
)
_ADVICE: tuple[tuple[str, Advice], ...] = (
    ("11A", _WATER),
    ("11B25", _FIRE),
    ("11B03", _RAIN),
    ("11B06", _WIND),
    ("11B01", _WIND),
    ("11B20", _WIND),
    ("11B09", _HEAT),
    ("11D", _SLOPE),
    ("11G", _FIRE),
    ("12:gas_fire", _FIRE),
    ("12:gas", _GAS),
    ("12:mine_gas", _GAS),
    ("12:fire", _FIRE),
    ("12:mine_fire", _FIRE),
    ("13", _HEALTH),
)
"""The advice by the beginning of the kind of event; the first match counts."""


def advice_of(event_type: str) -> Advice:
    """Return the advice for a kind of event."""
    return next((advice for prefix, advice in _ADVICE if event_type.startswith(prefix)), _GENERAL)


def wording_of(subject: AlertSubject, level: Level) -> AlertWording:
    """Return the words of an alert at `level`, ready to be edited or signed as they are."""
    kind, level_name = event(subject.event_type), LEVELS[level]
    place, issuer = subject.place, subject.issuer
    is_notice = level is Level.NOTICE
    where = "" if place.zh == issuer.zh else f"（{place.zh}）"
    headline = Bilingual(
        f"{issuer.zh}发布{kind.zh}{'提示' if is_notice else level_name.zh + '预警'}{where}",
        f"Notice: {kind.en}, {place.en}"
        if is_notice
        else f"{level_name.en.capitalize()} alert: {kind.en}, {place.en}",
    )
    names = [name for name in subject.area_names if name.zh != place.zh]
    evidence = subject.evidence
    description = Bilingual(
        "".join(
            (
                f"{evidence.zh}。" if evidence is not None else "",
                f"可能影响范围：{'、'.join([place.zh, *(name.zh for name in names)])}。",
            )
        ),
        " ".join(
            (
                *((f"{evidence.en}.",) if evidence is not None else ()),
                f"Area: {', '.join([place.en, *(name.en for name in names)])}.",
            )
        ),
    )
    advice = advice_of(subject.event_type)
    is_grave = LEVEL_ORDER[level] >= LEVEL_ORDER[Level.ORANGE]
    return AlertWording(
        level=level,
        headline=headline.joined(),
        description=pair_of(description),
        instruction=pair_of(advice.grave if is_grave else advice.moderate),
        areas=tuple(subject.areas),
    )


def pair_of(text: Bilingual) -> str:
    """Return both halves as one string, each as long as the words of an alert may be."""
    return text.joined(MOST_WORDS) if text.zh or text.en else ""
