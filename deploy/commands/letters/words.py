"""Headings and sentences of `fenghuo letters` in both languages.

Reasons and states are worded by the console (static/i18n).
"""

from __future__ import annotations

from shared.domain.bilingual import Bilingual

HEADINGS: dict[str, Bilingual] = {
    "counts": Bilingual("死信合计", "Dead letters in all"),
    "letters": Bilingual("死信", "Dead letters"),
    "topic": Bilingual("主题", "Topic"),
    "service": Bilingual("拒收服务", "Refused by"),
    "reason": Bilingual("原因", "Reason"),
    "state": Bilingual("状态", "State"),
    "count": Bilingual("数量", "Count"),
    "first": Bilingual("最早", "First"),
    "last": Bilingual("最近", "Last"),
    "place": Bilingual("位置", "Place"),
    "sender": Bilingual("发送方", "Sender"),
    "at": Bilingual("拒收时间", "Refused at"),
    "detail": Bilingual("说明", "Detail"),
    "id": Bilingual("编号", "ID"),
    "key": Bilingual("键", "Key"),
    "header": Bilingual("消息头", "Header"),
    "cut": Bilingual("不完整的部分", "Incomplete"),
    "value": Bilingual("内容", "Body"),
    "bytes": Bilingual("字节", "bytes"),
    "act": Bilingual("处置", "Act"),
    "outcome": Bilingual("结果", "Outcome"),
    "original": Bilingual("原记录", "Refused record"),
}
OUTCOMES: dict[str, Bilingual] = {
    "sent": Bilingual("已重放", "replayed"),
    "set_aside": Bilingual("已搁置", "set aside"),
    "done_before": Bilingual("此前已处置，或同一记录的另一封", "done before, or a second letter"),
    "expired": Bilingual("主题中已无原记录", "the topic has the record no more"),
    "forged": Bilingual("与原记录不符，未重放", "not of the record at its place: not replayed"),
    "superseded": Bilingual(
        "该键已有更新的记录，未重放", "the key has a newer record: not replayed"
    ),
    "incomplete": Bilingual(
        "死信只存了一部分，未重放", "only a part is in the letter: not replayed"
    ),
    "empty": Bilingual("原记录没有内容：请先修改", "the record has no body: correct it first"),
    "too_large": Bilingual("超出主题的上限，未重放", "too large for its topic: not replayed"),
    "waiting": Bilingual("尚未读到", "not read yet"),
    "passed": Bilingual("已处理，或作为重复丢弃", "applied, or dropped as a repeat"),
    "in_table": Bilingual("读入内存表", "read into a table"),
}
SENTENCES: dict[str, Bilingual] = {
    "none": Bilingual("没有死信。", "There are no dead letters."),
    "more": Bilingual("仅显示最近 {n} 封。", "The newest {n} are shown."),
    "no_letter": Bilingual("没有这样的死信：{place}", "there is no such dead letter: {place}"),
    "no_place": Bilingual(
        "{text} 不是死信的位置（主题/分区@偏移量）或编号",
        "{text} is neither a place (topic/partition@offset) nor the id of a letter",
    ),
    "no_filter": Bilingual(
        "请指明死信的位置，或至少一个筛选条件。", "name places of letters, or at least one filter."
    ),
    "acted": Bilingual("{place} 已{state}：不再修改", "{place} is {state}: it is not corrected"),
    "fixed": Bilingual(
        "已保存 {place} 的修改；重放后生效", "{place} is corrected; a replay sends it"
    ),
    "unchanged": Bilingual("内容没有变化。", "the body is unchanged."),
    "would": Bilingual("将处置 {n} 封（未执行）", "{n} letters would be acted on; nothing is done"),
    "no_original": Bilingual("主题中已无原记录", "the topic has it no more"),
    "is_original": Bilingual("仍在主题中，与死信一致", "still in its topic, equal to the letter"),
    "not_original": Bilingual("与死信不符", "NOT equal to the letter"),
}
