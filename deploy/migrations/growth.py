"""The rule by which each table grows, for every table of the schema.

A table is bounded by what exists at a place, or its rows are deleted by a retention task, or they
are evidence that stays. A test compares the list with a migrated database and the tasks with the
services.
"""

from dataclasses import dataclass
from typing import Literal

SCHEMAS = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """The bound of a table.

    `bounded`: by the number of what `by` names. `deleted`: `by` is the retention task. `evidence`:
    nothing deletes the rows, and `by` says who keeps them, and for how long.
    """

    kind: Literal["bounded", "deleted", "evidence"]
    by: str


def _bounded(by: str) -> GrowthRule:
    return GrowthRule("bounded", by)


def _deleted(task: str) -> GrowthRule:
    return GrowthRule("deleted", task)


COMMON: dict[str, GrowthRule] = {
    "consumer_offset": _bounded("partitions of the topics that the service reads"),
    "inbox": _deleted("inbox"),
    "outbox": _bounded("messages that Kafka has not confirmed yet; the relay deletes the others"),
    "timer": _deleted("fired_timers"),
    "retention_schedule": _bounded("retention tasks"),
    "deleted_count": _bounded("kinds of counted things"),
    "failed_record": _bounded("records that a bug stops, each until it is handled or a letter"),
    "bug_letters": _bounded("reasons of dead letters"),
}
"""The tables that every schema has."""

OWN: dict[str, GrowthRule] = {
    "alerting.alert": _deleted("ended_alerts"),
    "alerting.signature": _deleted("ended_alerts"),
    "alerting.alert_alarm": _deleted("loose_alarms"),
    "alerting.alert_report": _deleted("old_alert_reports"),
    "alerting.silence": _deleted("old_silences"),
    "alerting.warning": _deleted("old_warnings"),
    "alerting.region": _bounded("districts"),
    "alerting.silent_sensor": _bounded("sensors"),
    "alerting.silent_place": _bounded("towns and districts"),
    "alerting.rule": _bounded("rules over several sources"),
    "alerting.episode": _bounded("rules over several sources, times places"),
    "command.command": _deleted("ended_commands"),
    "command.tier_count": _deleted("ended_commands"),
    "command.assignment": _deleted("ended_commands"),
    "command.late_acknowledgement": _deleted("ended_commands"),
    "command.alert_level": _deleted("alert_levels"),
    "command.mode": _bounded("units"),
    "command.mode_proposal": _deleted("ended_proposals"),
    "command.report_incident": _deleted("reported_incidents"),
    "command.alert_reporting": _deleted("reported_incidents"),
    "command.report": _deleted("reported_incidents"),
    "command.report_obligation": _deleted("reported_incidents"),
    "notify.escalation": _deleted("ended_escalations"),
    "notify.page": _deleted("ended_escalations"),
    "notify.delivery": _deleted("ended_escalations"),
    "notify.restore": _bounded("restores: at most one row"),
    "notify.digest": _deleted("ended_digests"),
    "notify.alert": _deleted("ended_alert"),
    "notify.assignment": _deleted("ended_assignment"),
    "notify.report_duty": _deleted("ended_report_duty"),
    "notify.duty_gap": _bounded("posts"),
    "notify.ended_warning": _deleted("ended_warnings"),
    "notify.reachability": _bounded("officers"),
    "console.account": _bounded("officers"),
    "console.officer_grant": _bounded("officers, times their rights"),
    "console.command_draft": _bounded("officers, times 20 drafts"),
    "console.ticket": _deleted("expired_ticket"),
    "console.session": _deleted("expired_session"),
    "console.oidc_login": _deleted("expired_oidc_login"),
    "console.action": _deleted("actions"),
    "console.request_key": _deleted("actions"),
    "console.alarm": _deleted("old_alarm"),
    "console.alert": _deleted("ended_alerts"),
    "console.silence": _deleted("old_silence"),
    "console.agency_warning": _deleted("old_agency_warning"),
    "console.page": _deleted("ended_pages"),
    "console.answer": _deleted("ended_pages"),
    "console.sensor": _bounded("sensors"),
    "console.sensor_history": _deleted("sensor_history"),
    "console.history_offset": _bounded("partitions of the readings"),
    "console.source_activity": _bounded("sources"),
    "console.load_count": _deleted("old_load_count"),
    "console.page_count": _deleted("old_page_count"),
    "console.data_call": _deleted("old_data_call"),
    "console.feed": _deleted("feed"),
    "console.command": _deleted("ended_commands"),
    "console.assignment": _deleted("ended_commands"),
    "console.assignment_count": _deleted("ended_commands"),
    "console.acknowledgement": _deleted("ended_commands"),
    "console.supervision": _deleted("ended_commands"),
    "console.photo": _deleted("incident_photos"),  # photos of steps end with their command
    "console.duty_entry": _deleted("old_duty_entry"),
    "console.duty_coverage": _bounded("posts"),
    "console.reachability": _bounded("officers"),
    "console.mode": _bounded("units"),
    "console.mode_proposal": _deleted("old_mode_proposal"),
    "console.report": _deleted("old_report"),
    "console.report_duty": _deleted("ended_report_duties"),
    "console.case_fact": _deleted("case_facts"),
    "console.case_review": _deleted("case_reviews"),
    "console.limits_draft": _deleted("limits_drafts"),
    "audit.trail": GrowthRule("evidence", "the auditor, as long as the place exists"),
    "audit.trail_head": _bounded("one row"),
    "audit.record_count": _bounded("topics, times labels"),
    "audit.alarm_disposition": _bounded("dispositions"),
    "audit.fanout": _deleted("old_fanout"),
    "audit.subject_status": _deleted("old_subject_status"),
    "audit.leak": _deleted("old_leak"),
    "audit.finding": _deleted("old_finding"),
    "audit.checked_offset": _bounded("partitions of all topics"),
    "audit.reader_progress": _bounded("readers, times partitions of their topics"),
    "audit.dead_letter": _deleted("dead_letters"),
    "audit.letter_count": _bounded("reasons, times services and topics, minutes of 26 hours"),
    "audit.suspect": _deleted("old_suspect"),
    "audit.latest_version": _bounded("alerts, commands, assignments and pages that are open"),
    "duty.unit": _bounded("units"),
    "duty.mode": _bounded("units"),
    "duty.entry": _deleted("ended_entries"),
    "duty.published_post": _bounded("posts"),
    "catalog.entry": _bounded("entries that were ever in the ledger"),
    "catalog.decision": _deleted("old_decisions"),
    "catalog.entry_history": GrowthRule("evidence", "the ledger, as long as the place exists"),
}
"""The tables of single schemas."""

GROWTH: dict[str, GrowthRule] = OWN | {
    f"{schema}.{table}": rule for schema in SCHEMAS for table, rule in COMMON.items()
}
"""The rule of every table, by schema and name."""
