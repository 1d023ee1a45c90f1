"""Settings of ingest (environment, prefix FENGHUO_)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from shared.runtime.errors import SetupError
from shared.runtime.settings import ServiceSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,30}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Settings(ServiceSettings):
    """What can be set."""

    sources_file: Path
    """JSON object: id of each source that may send (at most 31 letters, digits and `. _ -`), and the SHA-256
    of its token in hex. The id stands before the source's own ids in the log."""
    publish_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long Kafka may take to acknowledge before the sender is told to try again."""
    body_timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """How long a sender may take to send a body."""
    tick_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """How often the log's clock is written to every partition of the readings. What falls due between two
    ticks is decided by the second, so that this and the way there must be less than a second."""
    event_clock: Literal["wall", "readings"] = "wall"
    """What the log's clock shows: the present as Kafka dates it, or the newest event time accepted (replays)."""
    event_clock_source: str = ""
    """Id of the source that plays a replay: its readings alone move the log's clock, and what another source
    sends may not be later than that clock. Empty: the readings of every source move it."""


def load_sources(path: Path) -> dict[str, str]:
    """Token hash by source id; raises SetupError with one sentence on what to put right."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(
            f"The sources file {path} cannot be read ({error.strerror}): "
            "create it, or correct FENGHUO_SOURCES_FILE."
        ) from None
    except ValueError:
        raise SetupError(
            f'The sources file {path} is not JSON: it must read {{"source": "sha256 of its token"}}.'
        ) from None
    right = isinstance(result, dict) and all(
        isinstance(digest, str) and _SHA256.fullmatch(digest) and _NAME.fullmatch(name)
        for name, digest in result.items()
    )
    if not right:
        raise SetupError(
            f"The sources file {path} must map each source id (at most 31 letters, digits and "
            ". _ -) to 64 lower-case hex digits, the SHA-256 of its token."
        )
    return dict(result)
