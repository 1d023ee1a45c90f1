"""The parts of the process that the routes of sources work with."""

from __future__ import annotations

from dataclasses import dataclass

from services.console.features.sources.source_book import SourceBook
from shared.domain.recent_refusals import RecentRefusals


@dataclass(frozen=True)
class SourceParts:
    """The sources of the catalogue, and the refusals of the last day."""

    book: SourceBook
    refusals: RecentRefusals
