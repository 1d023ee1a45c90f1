"""The ids of the newest accepted reports and warnings: a second body under an id is refused."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused
from shared.contracts.reports import ExternalWarning, Report

MOST_IDS = 20_000
"""The ids in memory: about 8 MB. A second body under an older id, or at another process, is
refused by the readers of the log (`id_conflict`)."""
_CHANGED_BY_SENDING = {"sent_at", "trace_id"}


class AcceptedIds:
    """The ids of accepted records, with a digest of each body."""

    def __init__(self, most: int = MOST_IDS) -> None:
        self._digests: OrderedDict[str, bytes] = OrderedDict()
        self._most = most

    def accept(self, record: Report | ExternalWarning) -> None:
        """Note a record before it is sent. Raises RequestRefused when its id has another body.

        The note stays when Kafka does not confirm the record, which may be in the log all the same.
        """
        text = record.model_dump_json(exclude=_CHANGED_BY_SENDING)
        digest = hashlib.sha256(text.encode()).digest()[:16]
        if self._digests.setdefault(record.id, digest) != digest:
            message = f"{record.id} was accepted before with another body"
            allowed = "the same body, or another id"
            problem = RequestProblem(ProblemKind.ID_CONFLICT, "id", message, allowed)
            raise RequestRefused([problem], subject_id=record.id)
        self._digests.move_to_end(record.id)
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)
