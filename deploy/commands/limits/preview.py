"""`preview`: the differences that a draft would have made, as the console computes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.commands.console import setup
from deploy.commands.console.api import Answer, Api
from deploy.commands.console.errors import CliError
from deploy.commands.limits.report import level_cell
from shared.contracts.fields import Language, Level
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.definitions.limits.checks import subjects_of
from shared.definitions.limits.pack import load
from shared.definitions.yaml_files.screen import LOCAL, Cell, Screen, plain
from shared.domain.bilingual import Bilingual
from shared.domain.limits.wording import CLOCKS, COUNTS, DIFFERENCES
from shared.domain.wording import LEVELS
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError

_MOST_UNITS = 20
_MOST_CASES = 10


def preview(
    draft: str,
    days: int,
    screen: Screen,
    language: Language,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Show the preview of a draft by its id, or of the document of a file.

    Return an exit code.
    """
    try:
        api = Api(setup.base_url(environ), setup.token(environ), language=language)
        try:
            answer = _request(api, draft, days)
        finally:
            api.close()
    except CliError as error:
        screen.sentence(str(error))
        return error.code
    show(answer.body, screen, language)
    return 0


def body_of(document: LimitsDocument) -> dict[str, Any]:
    """Return a document as the console takes drafts. Raises SetupError without one subject."""
    subjects = subjects_of(document)
    if len(subjects) != 1:
        raise SetupError(f"{document.limits_id} has no values: name the draft by its id")
    fields = document.model_dump(
        mode="json",
        exclude_none=True,
        include={"unit", "name_zh", "name_en", "in_force_from", "source", *SUBJECTS},
    )
    return {"subject": subjects[0], **fields}


def show(body: Mapping[str, Any], screen: Screen, language: Language) -> None:
    """Print the totals, the units that differ, and cases of each difference."""
    screen.document(body)
    begin, end = (_local(body[name]) for name in ("begin", "end"))
    head = Bilingual(
        f"{body['limits_id']} 第 {body['version']} 版，{begin} 至 {end}："
        f"交办 {body['attempts']} 件，上报 {body['duties']} 件，"
        f"其中 {body['unjudged']} 件未记录所依据的文件",
        f"{body['limits_id']} version {body['version']}, {begin} to {end}: "
        f"{body['attempts']} assignments, {body['duties']} duties to report; "
        f"{body['unjudged']} without a recorded document",
    )
    screen.line(head.of(language))
    if not body["complete"]:
        text = Bilingual(
            "决定太多，只比较到上述时间", "there are many decisions: compared up to that moment"
        )
        screen.line(text.of(language))
    columns = ("", *(f">{words.of(language)}" for words in COUNTS.values()))
    all_rows = Bilingual("全部", "all").of(language)
    rows: list[tuple[Cell, ...]] = [(all_rows, *_counts(body["total"]))]
    rows += [(level_cell(Level(row["level"]), language), *_counts(row)) for row in body["levels"]]
    screen.table(Bilingual("按级别", "by level").of(language), columns, rows)
    units = [
        (f"{row['unit_name']} {LEVELS[Level(row['level'])].of(language)}", *_counts(row))
        for row in body["units"][:_MOST_UNITS]
    ]
    screen.table(Bilingual("按单位", "by unit").of(language), columns, units)
    for difference, words in DIFFERENCES.items():
        cases = [case for case in body["cases"] if case["difference"] == difference]
        screen.table(
            words.of(language),
            tuple(
                column.of(language)
                for column in (
                    Bilingual("单位", "unit"),
                    Bilingual("时限", "deadline"),
                    Bilingual("现行", "was due"),
                    Bilingual("草案", "with the draft"),
                    Bilingual("编号", "id"),
                )
            ),
            [_case(case, language) for case in cases[:_MOST_CASES]],
        )


def _request(api: Api, draft: str, days: int) -> Answer:
    path = Path(draft)
    if not path.is_file():
        return api.get(f"/api/limits/drafts/{plain(draft)}/preview", days=days)
    documents = load([path], SystemClock().now()).usable().documents
    if len(documents) != 1:
        raise SetupError(f"{path} has {len(documents)} documents: a preview is of one")
    return api.look(f"/api/limits/previews?days={days}", body_of(documents[0]))


def _counts(row: Mapping[str, Any]) -> list[str]:
    return [str(row[name]) for name in COUNTS]


def _case(case: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    clock = "" if case["clock"] is None else CLOCKS[case["clock"]].of(language)
    dues = [
        "" if case[side] is None else _local(case[side]["due_at"]) for side in ("before", "after")
    ]
    return plain(case["unit_name"]), clock, *dues, plain(case["subject_id"])


def _local(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
