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

MOST_UNPACKED = 512 * 2**20
"""Bytes of all parts of a workbook when they are unpacked."""
MOST_PART = 4 * 2**20
"""Bytes of a part that memory holds as a whole: styles, names of sheets, relations."""
MOST_PARTS = 1_000
"""Parts of a workbook."""
MOST_LINES = 2**20
"""Lines of all sheets together, the blank ones among them: as many as one sheet of Excel has."""
MOST_ELEMENTS_OF_ROW = 70_000
"""Elements of XML in a row: four for each cell of the widest row of Excel."""
MOST_ELEMENTS = 200_000
"""Elements of XML beside the rows: columns, merged cells, rules of formats."""
MOST_AREA = 16 * 2**20
"""Cells of a sheet from its first to its last, blank ones among them: memory holds all of them."""
MOST_CELL_BYTES = 12 * 2**20
"""Bytes between two tags of XML: a cell of 10 MB is a refused cell, not a refused file."""
