"""The newest version of each open subject, as the topics publish it."""

from __future__ import annotations

from collections.abc import Sequence

from services.audit.core.records.versions import SubjectVersion
from shared.runtime.database import Transaction


async def save(transaction: Transaction, versions: Sequence[SubjectVersion]) -> None:
    """Store the versions of open subjects and delete subjects that have ended.

    `versions` holds each subject once.
    """
    open_versions = [version for version in versions if not version.ended]
    if open_versions:
        await transaction.connection.execute(
            "INSERT INTO audit.latest_version (kind, subject_id, status, version, state) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[]) "
            "ON CONFLICT (kind, subject_id) DO UPDATE "
            "SET version = EXCLUDED.version, state = EXCLUDED.state "
            "WHERE audit.latest_version.version < EXCLUDED.version",
            [version.kind for version in open_versions],
            [version.subject_id for version in open_versions],
            [version.status for version in open_versions],
            [version.version for version in open_versions],
            [version.state for version in open_versions],
        )
    ended_versions = [version for version in versions if version.ended]
    if ended_versions:
        await transaction.connection.execute(
            "DELETE FROM audit.latest_version AS l "
            "USING unnest($1::text[], $2::text[], $3::int[]) AS e (kind, subject_id, version) "
            "WHERE l.kind = e.kind AND l.subject_id = e.subject_id AND l.version <= e.version",
            [version.kind for version in ended_versions],
            [version.subject_id for version in ended_versions],
            [version.version for version in ended_versions],
        )
