"""The keys of var/bench/command.json: what is measured and what we aim at."""

from __future__ import annotations

from tests.bench.keys import Key, Path

KEYS = (
    Key("fanout_9100_s", "9,100 recipients, request to last record, s", "fan_out", at_most=1.0),
    Key("fanout_75000_s", "75,000 recipients, s", "fan_out", at_most=5.0),
    Key("fanout_75000_ratio_to_floor", "75,000 recipients / floor", "fan_out", at_most=4.0),
    Key("acks_per_s", "acknowledgements/s, roll-up live", "acks", at_least=10_000.0),
    Key("acks_ratio_of_floor", "acknowledgements/s of the floor's", "acks", at_least=0.3),
    Key(
        "ack_cost_ratio_75000_to_100",
        "cost of one under 75,000 / under 100",
        "acks",
        at_most=1.5,
    ),
    Key("timers_100k_sweep_ms", "sweep of 100,000 armed, 10 due, p50 ms", "timers", at_most=20.0),
    Key("timers_late_p99_s", "timers late, p99 s", "timers", at_most=1.0),
    Key("timers_burst_9100_s", "9,100 due at once, the last fired, s", "timers", at_most=1.0),
    Key("races", "races", "races", at_least=10_000.0),
    Key("races_wrong", "races with no winner or two", "races", at_most=0.0),
    Key(
        "board_10m_ms", "board over ten million assignments, slowest p50 ms", "board", at_most=200.0
    ),
    Key("escalation_step_s", "shortest step of a ladder, p50 s", "step", at_most=1.5),
    Key(
        "status_change_10k_ms",
        "status change at 10,000 open alerts, p50 ms",
        "status",
        at_most=100.0,
    ),
)

PATHS: dict[str, Path] = {
    "fanout_9100_s": ("fan_out", "9100", "seconds"),
    "fanout_75000_s": ("fan_out", "75000", "seconds"),
    "fanout_75000_ratio_to_floor": ("fan_out", "75000", "ratio_to_floor"),
    "acks_per_s": ("acks", "per_s", "75000"),
    "acks_ratio_of_floor": ("acks", "ratio_of_floor"),
    "ack_cost_ratio_75000_to_100": ("acks", "cost_ratio_75000_to_100"),
    "timers_100k_sweep_ms": ("timers", "sweep_due_ms", "p50"),
    "timers_late_p99_s": ("timers", "late_paced_s", "p99"),
    "timers_burst_9100_s": ("timers", "late_burst_s", "max"),
    "races": ("races", "races"),
    "races_wrong": ("races", "races_wrong"),
    "board_10m_ms": ("board", "slowest_p50_ms"),
    "escalation_step_s": ("step", "p50_s"),
    "status_change_10k_ms": ("status", "p50_ms"),
}
