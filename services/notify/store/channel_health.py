"""The records of officers' channels."""

from __future__ import annotations

from collections import defaultdict

from services.notify.core.channel_health import ChannelEvidence, next_record
from services.notify.core.working_set import WorkingSet
from shared.contracts.reachability import Reachability
from shared.contracts.topics import REACHABILITY
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Add the evidence of this transaction's pages, and publish each changed record.

    Rows are locked after the escalations, in the order of officers.
    """
    evidence: defaultdict[str, list[ChannelEvidence]] = defaultdict(list)
    for item in working_set.evidence:
        evidence[item.officer_id].append(item)
    if not evidence:
        return
    officers = sorted(evidence)
    # A new officer gets a row first: of two transactions with the same new officer, one waits.
    await transaction.connection.execute(
        "INSERT INTO notify.reachability (officer_id, version, body) "
        "SELECT officer_id, 0, '' FROM unnest($1::text[]) AS officer_id ON CONFLICT DO NOTHING",
        officers,
    )
    rows = await transaction.connection.fetch(
        "SELECT officer_id, version, body FROM notify.reachability "
        "WHERE officer_id = ANY($1::text[]) ORDER BY officer_id FOR UPDATE",
        officers,
    )
    previous = {
        row["officer_id"]: Reachability.from_wire(row["body"]) for row in rows if row["version"]
    }
    records = [
        next_record(previous.get(officer), evidence[officer], transaction.now)
        for officer in officers
    ]
    await transaction.connection.execute(
        "UPDATE notify.reachability AS old SET version = new.version, body = new.body "
        "FROM unnest($1::text[], $2::int[], $3::text[]) AS new (officer_id, version, body) "
        "WHERE old.officer_id = new.officer_id",
        officers,
        [record.version for record in records],
        [encode(record).decode() for record in records],
    )
    for record in records:
        transaction.publish(REACHABILITY, record.officer_id, record, record.id)
