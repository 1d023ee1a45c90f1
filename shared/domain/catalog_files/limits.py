"""The most that a ledger file may hold: every reader checks these before it uses memory."""

MOST_BYTES = 64 * 2**20
"""Bytes of a file as it comes."""
MOST_ROWS = 500_000
"""Rows of a file with headings and blank rows, all sheets together: a city with its grids."""
MOST_COLUMNS = 100
MOST_CELL = 32_767
"""Characters of a cell, as Excel has it: 500 members of a group fit."""
MOST_PROBLEMS = 100_000
"""Problems that a plan lists; further problems are counted."""
HEADING_ROWS = 10
"""The headings stand in one of so many first rows that are not blank; titles may stand above."""
