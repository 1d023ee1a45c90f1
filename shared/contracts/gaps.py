"""An operator's acceptance of a gap 缺口: records of a topic that a service can no longer read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Clean, Count, Identifier, Long, Slug


class GapAcceptance(RealWorld):
    """The decision that `service` goes on in a partition although records are gone there.

    `gap_id` names the gap as the service shows it (`/gaps`); an acceptance holds for no later gap.
    `continue_at` is the next offset to handle; None = what the kind of the gap calls for.
    """

    type: Literal["gap_acceptance"] = "gap_acceptance"
    service: Slug
    topic: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._]{0,99}$")]
    partition: Count
    gap_id: Identifier
    continue_at: Long | None = None
    officer_id: Identifier
    reason: Annotated[str, Field(min_length=1, max_length=1000), Clean]
