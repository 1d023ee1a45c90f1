"""The ledger that a command works on: a file, the catalogue of a running stack, or none."""

from __future__ import annotations

from pathlib import Path

from deploy.commands.rules.kafka import read_entries
from shared.contracts.catalog import Entry, catalog_key
from shared.contracts.fields import Language
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import KINDS
from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.tables import read_table
from shared.runtime.errors import SetupError

Ledger = dict[str, Entry]


def content_of(file: Path, language: Language) -> bytes:
    """Return the bytes of a file; raises SetupError."""
    try:
        return file.read_bytes()
    except OSError as error:
        sentence = Bilingual(
            f"文件 {file} 无法读取：{error.strerror}。",
            f"the file {file} cannot be read: {error.strerror}.",
        )
        raise SetupError(sentence.of(language)) from None


def ledger_of(file: Path | None, bootstrap: str | None, language: Language) -> Ledger:
    """Return the entries of a file or of Kafka by key; empty when neither is named.

    Sources are left out: they have keys and are no matter of a file (`fenghuo sources`).

    Raises SetupError for a file with errors, NoKafka.
    """
    if file is None:
        entries = {} if bootstrap is None else read_entries(bootstrap)
        return {key: entry for key, entry in entries.items() if entry.kind in KINDS}
    plan = plan_import(read_table(content_of(file, language), file.name), {})
    if plan.errors:
        first = plan.errors[0].sentence(language)
        sentence = Bilingual(
            f"{file} 有 {len(plan.errors)} 处错误，第一处：{first}",
            f"{file} has {len(plan.errors)} errors; the first: {first}",
        )
        raise SetupError(sentence.of(language))
    return {catalog_key(entry): entry for entry in plan.added}
