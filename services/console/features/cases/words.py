"""The console's words in both languages, Chinese first: the same files that the screens read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.bilingual import Both


@dataclass(frozen=True, slots=True)
class Words:
    """Texts by key (static/i18n)."""

    zh: Mapping[str, str]
    en: Mapping[str, str]

    def __call__(self, key: str, **given: object) -> Both:
        """A text with `{name}` filled in; a value that is itself in two languages in each its own."""
        return Both(
            _filled(self.zh.get(key, key), {name: _zh(one) for name, one in given.items()}),
            _filled(self.en.get(key, key), {name: _en(one) for name, one in given.items()}),
        )


def _filled(text: str, given: Mapping[str, str]) -> str:
    # In one pass over the template: a value that looks like a place to fill stays as it is.
    parts = text.split("{")
    results = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        results.append(given[name] + rest if closed and name in given else "{" + part)
    return "".join(results)


def _zh(value: object) -> str:
    return value.zh if isinstance(value, Both) else str(value)


def _en(value: object) -> str:
    return value.en if isinstance(value, Both) else str(value)
