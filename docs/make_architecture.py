"""Draw docs/architecture.svg, topics by services: `python -m docs.make_architecture`.

Every service says what it reads and writes in its AsyncAPI document; tests/contract holds a
snapshot of each, equal to the code. A row is a topic, a column is a service; a line leads from the
writers (dots) to the readers (arrowheads). The picture is in the repository, and a test fails when
it is not the one that this program would draw.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from shared.contracts.topics import TOPICS

FOLDER = Path(__file__).parent
PICTURE = FOLDER / "architecture.svg"
SNAPSHOTS = FOLDER.parent / "tests/contract/asyncapi"
SERVICES = (
    "ingest", "scoring", "alerting", "command", "duty", "catalog", "notify", "console", "audit",
)  # fmt: skip
_MARGIN_LEFT, _MARGIN_TOP, _COLUMN, _ROW = 420, 96, 104, 26
_FONT = "font-family=\"'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif\""
_INK, _PALE, _WRITES, _READS = "#1f2933", "#e4e7eb", "#b42318", "#175cd3"


@dataclass
class Use:
    """The services that write a topic and those that read it."""

    writers: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)


def uses() -> dict[str, Use]:
    """Return the use of each topic that has a public contract; dead letters are left out."""
    topics: defaultdict[str, Use] = defaultdict(Use)
    for service in SERVICES:
        document = json.loads((SNAPSHOTS / f"{service}.json").read_text(encoding="utf-8"))
        for operation in document["operations"].values():
            address = operation["channel"]["$ref"].removeprefix("#/channels/")
            if address in TOPICS:
                use = topics[address]
                (use.writers if operation["action"] == "send" else use.readers).add(service)
    return {name: topics[name] for name in TOPICS if name in topics}


def picture() -> str:
    """Return the SVG document."""
    topics = uses()
    width = _MARGIN_LEFT + _COLUMN * len(SERVICES) + 16
    height = _MARGIN_TOP + _ROW * len(topics) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_FONT} '
        f'font-size="13" fill="{_INK}" role="img" '
        'aria-label="Topics by services: who writes, who reads">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="30" font-size="17" font-weight="600">Fenghuo 烽火: topics and services '
        "主题与服务</text>",
        f'<circle cx="22" cy="52" r="5" fill="{_WRITES}"/>'
        '<text x="34" y="57">writes 写入</text>'
        f'<path d="M122 46 l10 6 l-10 6 z" fill="{_READS}"/><text x="140" y="57">reads 读取</text>'
        f'<circle cx="232" cy="52" r="5" fill="none" stroke="{_WRITES}" stroke-width="1.5"/>'
        '<text x="244" y="57">a command writes 由命令写入</text>',
    ]
    for number, service in enumerate(SERVICES):
        x = _MARGIN_LEFT + _COLUMN * number + _COLUMN // 2
        parts.append(
            f'<rect x="{x - 44}" y="60" width="88" height="24" rx="5" fill="{_INK}"/>'
            f'<text x="{x}" y="77" text-anchor="middle" fill="#ffffff">{service}</text>'
            f'<line x1="{x}" y1="84" x2="{x}" y2="{height - 16}" stroke="{_PALE}"/>'
        )
    for number, (name, use) in enumerate(topics.items()):
        parts += _row(name, use, _MARGIN_TOP + _ROW * number + _ROW // 2)
    return "\n".join([*parts, "</svg>", ""])


def _row(name: str, use: Use, y: int) -> list[str]:
    columns = {
        service: _MARGIN_LEFT + _COLUMN * number + _COLUMN // 2
        for number, service in enumerate(SERVICES)
    }
    xs = [columns[service] for service in use.writers | use.readers]
    if not use.writers:
        xs.append(_MARGIN_LEFT + 8)
    parts = [
        f'<text x="16" y="{y + 4}">{escape(name)}</text>'
        f'<text x="{_MARGIN_LEFT - 12}" y="{y + 4}" text-anchor="end" fill="#52606d">'
        f"{escape(TOPICS[name].purpose)}</text>",
        f'<line x1="{min(xs)}" y1="{y}" x2="{max(xs)}" y2="{y}" stroke="#9aa5b1"/>',
    ]
    if not use.writers:
        parts.append(
            f'<circle cx="{_MARGIN_LEFT + 8}" cy="{y}" r="5" fill="#ffffff" stroke="{_WRITES}" '
            'stroke-width="1.5"/>'
        )
    origin = min((columns[service] for service in use.writers), default=_MARGIN_LEFT)
    for service in SERVICES:
        x = columns[service]
        if service in use.readers:
            shift = -9 if service in use.writers else 0
            tip, back = (x + 5, x - 5) if x >= origin else (x - 5, x + 5)
            parts.append(
                f'<path d="M{back + shift} {y - 6} L{tip + shift} {y} L{back + shift} {y + 6} z" '
                f'fill="{_READS}"/>'
            )
        if service in use.writers:
            parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{_WRITES}"/>')
    return parts


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    sys.stdout.write(f"{PICTURE.name} is drawn\n")
