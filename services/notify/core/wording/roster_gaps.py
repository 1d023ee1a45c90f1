"""The text of a page about gaps of the roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.contracts.duty import DutyCoverage, Gap
from shared.domain.bilingual import Bilingual
from shared.domain.page_texts.lines import joined_text
from shared.domain.page_texts.names import Names
from shared.domain.wording import POSTS


def of_gaps(coverage: DutyCoverage, gaps: Sequence[Gap], names: Names, now: datetime) -> str:
    """Return the text with the times at which a post is empty."""
    unit, post = names.unit(coverage.unit), POSTS[coverage.post]
    times = [names.span(gap.begin, gap.end, now) for gap in gaps]
    return joined_text(
        Bilingual(
            f"{unit.zh} {post.zh} 七日内无人值班，请安排：",
            f"{unit.en}, {post.en}: nobody is on duty at these times of the next seven days:",
        ),
        *times,
    )
