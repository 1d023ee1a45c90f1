"""Headings and sentences of `fenghuo sources` in both languages."""

from __future__ import annotations

from shared.domain.bilingual import Bilingual

HEADINGS: dict[str, Bilingual] = {
    "sources": Bilingual("数据来源", "Sources"),
    "source": Bilingual("来源", "Source"),
    "name": Bilingual("名称", "Name"),
    "owner": Bilingual("责任单位", "Owner"),
    "doors": Bilingual("接口", "Doors"),
    "sensors": Bilingual("传感器", "Sensors"),
    "places": Bilingual("区域", "Places"),
    "rate": Bilingual("每分钟", "A minute"),
    "grade": Bilingual("数据分级", "Grade"),
    "keys": Bilingual("密钥", "Keys"),
}
SENTENCES: dict[str, Bilingual] = {
    "none": Bilingual("没有数据来源。", "There are no sources."),
    "published": Bilingual(
        "{source} 已发布，各 ingest 进程随即生效。",
        "{source} is published; every process of ingest follows at once.",
    ),
    "key": Bilingual("密钥仅显示这一次，请妥善保存：{key}", "The key, shown once, keep it: {key}"),
    "key_file": Bilingual("密钥已写入 {file}", "The key is in {file}"),
    "old_keys": Bilingual("原密钥有效至 {until}", "The keys before it end at {until}"),
    "exists": Bilingual(
        "来源 {source} 已存在：请用 limit 修改。", "the source {source} exists: change it by limit."
    ),
    "unknown": Bilingual("没有来源 {source}。", "there is no source {source}."),
    "ended": Bilingual(
        "来源 {source} 已停用：如需恢复请用 create。",
        "the source {source} has ended: create begins it again.",
    ),
    "many_keys": Bilingual(
        "来源 {source} 已有四个有效密钥：请先用 revoke --older-keys 停用旧密钥。",
        "the source {source} has four valid keys: end the older ones by revoke --older-keys.",
    ),
    "wrong": Bilingual("内容无效：{detail}", "a field is not valid: {detail}"),
    "file": Bilingual("无法写入 {file}：{detail}", "{file} cannot be written: {detail}"),
}
STATES: dict[str, Bilingual] = {
    "ended": Bilingual("已停用", "ended"),
    "key": Bilingual("有效", "valid"),
    "until": Bilingual("至 {until}", "until {until}"),
    "no_key": Bilingual("无密钥", "no key"),
    "no_rate": Bilingual("不限", "no limit"),
}
