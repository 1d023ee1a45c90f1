"""The AsyncAPI document as a plain page that works offline: no script, no other file.

FastStream's own page loads its scripts and icons from public networks; an operations centre has
none. Everything from the document is escaped.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;"
    "color:#1c2733;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;"
    "border-bottom:1px solid #c9d3dd}code,pre{font:13px/1.45 ui-monospace,monospace;"
    "background:#f2f5f8;border-radius:4px}code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}"
    ".in{color:#0b5c2e}.out{color:#7a3300}"
    "@media(prefers-color-scheme:dark){body{background:#10161c;"
    "color:#dfe7ee}code,pre{background:#1b242d}.in{color:#7fd8a4}.out{color:#f0b27a}}"
)


_TONES = {"receive": "in", "send": "out"}


def render(document: bytes) -> str:
    """Return the HTML of an AsyncAPI 3.0 document: channels, direction, messages, schemas."""
    spec: dict[str, Any] = json.loads(document)
    title = escape(str(spec["info"]["title"]))
    operations = spec.get("operations", {}).values()
    messages = spec.get("components", {}).get("messages", {})
    rows = "".join(
        _channel(name, body, operations, messages) for name, body in spec["channels"].items()
    )
    schemas = "".join(
        f"<details><summary><code>{escape(name)}</code></summary>"
        f"<pre>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre></details>"
        for name, schema in sorted(spec.get("components", {}).get("schemas", {}).items())
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title} AsyncAPI</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>AsyncAPI {escape(spec['asyncapi'])}. "
        'The document itself: <a href="/docs/asyncapi.json">asyncapi.json</a></p>'
        f"<h2>Channels</h2><ul>{rows}</ul><h2>Schemas</h2>{schemas}</html>"
    )


def _channel(name: str, body: dict[str, Any], operations: Any, records: dict[str, Any]) -> str:
    reference = f"#/channels/{name}"
    actions = sorted({op["action"] for op in operations if op["channel"]["$ref"] == reference})
    labels = ", ".join(f'<span class="{_TONES[action]}">{action}s</span>' for action in actions)
    messages = ", ".join(f"<code>{escape(message)}</code>" for message in body["messages"])
    return (
        f"<li>{labels} <code>{escape(str(body.get('address', name)))}</code>: {messages}<br>"
        f"{escape(str(body.get('description', '')))}{_record(name, records)}</li>"
    )


def _record(name: str, messages: dict[str, Any]) -> str:
    """Return key and examples of a topic's records; empty for a channel that is no topic."""
    message = messages.get(name, {})
    key = message.get("bindings", {}).get("kafka", {}).get("key", {}).get("description", "")
    examples = "".join(
        f"<pre>{escape(json.dumps(example['payload'], indent=2, ensure_ascii=False))}</pre>"
        for example in message.get("examples", ())
    )
    if not examples:
        return ""
    return f"<details><summary>Key, examples 键与样例</summary><p>{escape(key)}</p>{examples}</details>"
