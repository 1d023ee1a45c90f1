"""The console's words in both languages, Chinese first, from the files of the screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class Words:
    """Texts by key (static/i18n)."""

    zh: Mapping[str, str]
    en: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> Bilingual:
        """Return a text with each `{name}` filled in, a bilingual value in its own language."""
        return Bilingual(
            _filled(self.zh.get(key, key), {name: _zh(value) for name, value in values.items()}),
            _filled(self.en.get(key, key), {name: _en(value) for name, value in values.items()}),
        )


def _filled(text: str, values: Mapping[str, str]) -> str:
    # In one pass over the template: a value that looks like a placeholder stays unchanged.
    parts = text.split("{")
    results = [parts[0]]
    for part in parts[1:]:
        name, closed, remainder = part.partition("}")
        results.append(values[name] + remainder if closed and name in values else "{" + part)
    return "".join(results)


def _zh(value: object) -> str:
    return value.zh if isinstance(value, Bilingual) else str(value)


def _en(value: object) -> str:
    return value.en if isinstance(value, Bilingual) else str(value)
