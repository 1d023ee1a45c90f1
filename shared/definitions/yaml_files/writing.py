"""Plain data as YAML that `parse` reads back to the same data."""

from __future__ import annotations

from typing import Any

import yaml

from shared.definitions.yaml_files.nodes import resolve

_WIDTH = 100


class _Writer(yaml.SafeDumper):
    """Quotes each text that a reader would take for a number, a truth or nothing."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value out wherever it occurs: readers refuse aliases."""
        return True


def _text(writer: _Writer, text: str) -> yaml.Node:
    style = None if resolve(text) is text else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _number(writer: _Writer, number: float) -> yaml.Node:
    text = repr(number)
    if "." not in text:  # a reader of YAML 1.1 takes 1e-05 for text
        text = text.replace("e", ".0e")
    return writer.represent_scalar("tag:yaml.org,2002:float", text)


_Writer.add_representer(str, _text)
_Writer.add_representer(float, _number)


def to_yaml(items: list[dict[str, Any]]) -> str:
    """Return the items of a pack as the text of a file."""
    text: str = yaml.dump(items, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return text
