"""The officer who has published a version of a rule or plan."""

from __future__ import annotations

from shared.contracts.fields import Contract, Identifier, Line, Post


class Author(Contract):
    """An officer of the issuing unit, and the reason that the officer gave.

    Set-up and operators publish without an author.
    """

    officer_id: Identifier
    post: Post
    reason: Line
