"""The ids of records that sources send."""

from __future__ import annotations


def id_prefix(source: str) -> str:
    """Return the prefix of a source's own ids in the log.

    With it, no source can take the id of a record of another source or of our services: the name of
    a source has no colon, and the ids of our services have none.
    """
    return f"{source}:"
