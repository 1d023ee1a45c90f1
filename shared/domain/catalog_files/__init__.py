"""Files of the ledger 资源编目: CSV, XLSX and JSON in, a plan of changes or all errors out.

The functions work on bytes and entries; they read no file, no clock and no table. A door, a
service or a command that has the bytes of a file calls three of them:

`tables.read_table(content, name) -> Iterator[Row | RowProblem]`
    The rows of a file, each with its place, and the problems of the file itself. The ending of
    `name` says the format (.csv, .xlsx, .json, .jsonl). The iterator raises nothing and can be
    consumed once; memory holds one row at a time, except for the shared texts of a workbook.

`plans.plan_import(rows, current, complete=()) -> ImportPlan`
    `rows` is what `read_table` returned, `current` the entries in force by key
    (shared.contracts.catalog.catalog_key). The plan has all problems with their places. A plan with
    an error has no changes at all; otherwise `added`, `changed` (with the differences of each
    field), `unchanged` (their number) and `retired` (keys). Entries of the kinds in `complete` that
    the file does not name are retired; without it nothing is. A column that a file does not have
    leaves its field as it is; an empty cell clears the field. An import can be repeated after an
    interruption: what was applied is unchanged then.

`writing.write_table(entries, file_format, language) -> bytes`
    The entries in a format that `read_table` reads back to equal entries.

A `RowProblem` (`problems.py`) has a code of a closed set, sheet, row, column, the value and what is
allowed, and says it as a sentence in Chinese or English.
"""
