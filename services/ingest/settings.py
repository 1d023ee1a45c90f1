"""Settings of ingest."""

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
    """Read from environment variables with the prefix FENGHUO_."""

    sources_file: Path
    """A JSON file with the SHA-256 of the token, in hex, by id of each source that may send. An id
    has at most 31 letters, digits and `. _ -`; it is the prefix of the source's own ids in the log.
    """
    publish_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """The time in seconds after which an unconfirmed request is answered 503: send it again."""
    body_timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """The time in seconds within which a sender must send a body."""
    tick_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """The interval in seconds between two ticks on every partition of the readings. Scoring decides
    at the next tick what falls due between two ticks, so the interval plus the transport time must
    be less than a second."""
    volume_mark: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The free part of a volume of Kafka below which readings are answered 507. Reports and
    warnings are still taken, and people's acts have the rest of the volume."""
    event_clock: Literal["wall", "readings"] = "wall"
    """The time of the ticks: the present by Kafka's time, or the newest accepted event time (for
    replays)."""
    event_clock_source: str = ""
    """The id of the source that plays a replay. Its readings alone move the clock of the ticks, and
    readings of another source may not be later than that clock. If empty, all sources move it."""


def load_sources(path: Path) -> dict[str, str]:
    """Return the token hashes by source id. Raises SetupError with a sentence for the operator."""
    try:
        sources = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(
            f"The sources file {path} cannot be read ({error.strerror}): "
            "create it, or correct FENGHUO_SOURCES_FILE."
        ) from None
    except ValueError:
        raise SetupError(
            f"The sources file {path} is not JSON: "
            'it must read {"source": "sha256 of its token"}.'
        ) from None
    valid = isinstance(sources, dict) and all(
        isinstance(digest, str) and _SHA256.fullmatch(digest) and _NAME.fullmatch(name)
        for name, digest in sources.items()
    )
    if not valid:
        raise SetupError(
            f"The sources file {path} must map each source id (at most 31 letters, digits and "
            ". _ -) to 64 lower-case hex digits, the SHA-256 of its token."
        )
    return dict(sources)
