"""The order of modes by strictness, and the strictest of several.

normal < recovery < standby < emergency. Recovery lies above normal because damage is still being put
right, and below standby because nothing is threatening any more; what goes with a mode (effects.py)
never relaxes on the way up.
"""

from __future__ import annotations

from shared.contracts.fields import ResponseMode

STRICTNESS: dict[ResponseMode, int] = {
    ResponseMode.NORMAL: 0,
    ResponseMode.RECOVERY: 1,
    ResponseMode.STANDBY: 2,
    ResponseMode.EMERGENCY: 3,
}


def looser(response_mode: ResponseMode, other: ResponseMode) -> bool:
    """Whether `one` is less strict than `other`."""
    return STRICTNESS[response_mode] < STRICTNESS[other]
