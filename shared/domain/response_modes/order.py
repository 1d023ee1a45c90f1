"""The order of modes by strictness, and the strictest of several.

normal < recovery < standby < emergency. Recovery lies above normal because repairs continue, and
below standby because the threat is over; the effects of a mode (effects.py) never relax on the way
up.
"""

from __future__ import annotations

from shared.contracts.fields import ResponseMode

STRICTNESS: dict[ResponseMode, int] = {
    ResponseMode.NORMAL: 0,
    ResponseMode.RECOVERY: 1,
    ResponseMode.STANDBY: 2,
    ResponseMode.EMERGENCY: 3,
}


def looser(mode: ResponseMode, limit: ResponseMode) -> bool:
    """Return whether `mode` is less strict than `limit`."""
    return STRICTNESS[mode] < STRICTNESS[limit]
