-- State of the alerting service: alerts, their evidence, and who signed what.
CREATE TABLE alerting.alert (
    alert_id text PRIMARY KEY,
    version integer NOT NULL CHECK (version >= 1),
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    state text NOT NULL CHECK (state IN ('verifying', 'verified', 'pending_approval', 'issued',
                                         'lifted', 'dismissed', 'rejected')),
    event_type text NOT NULL,
    scope text NOT NULL,
    place text NOT NULL,
    incident_id text NOT NULL,
    level text,
    proposed_level text,
    asked_level text,
    approver_unit text NOT NULL,
    approvals_needed integer NOT NULL,
    round integer NOT NULL,
    issued_round integer NOT NULL,
    verified_by text,
    sources integer NOT NULL,
    kinds integer NOT NULL,
    score integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    headline text NOT NULL,
    areas text[] NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL
);
-- One open alert per danger: two processes that see its first two signs at once cannot open two.
CREATE UNIQUE INDEX alert_open ON alerting.alert (status, event_type, scope)
    WHERE state NOT IN ('lifted', 'dismissed', 'rejected');

-- The newest known state of every alarm, also of those that lead to no alert (alert_id NULL).
CREATE TABLE alerting.alert_alarm (
    alarm_id text PRIMARY KEY,
    alert_id text REFERENCES alerting.alert,
    disposition text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    sensor_id text NOT NULL,
    event_type text NOT NULL,
    place text NOT NULL,
    level text NOT NULL,
    raised_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    cleared_at timestamptz,
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX alert_alarm_alert ON alerting.alert_alarm (alert_id);

CREATE TABLE alerting.alert_report (
    report_id text PRIMARY KEY,
    alert_id text REFERENCES alerting.alert,
    disposition text NOT NULL,
    status text NOT NULL,
    incident_id text NOT NULL,
    kind text NOT NULL,
    reporter_id text NOT NULL,
    reporter_role text NOT NULL,
    event_type text NOT NULL,
    place text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX alert_report_alert ON alerting.alert_report (alert_id);

-- Every signature ever given; one officer signs a proposal (alert, round) once. level NULL = lift.
CREATE TABLE alerting.signature (
    alert_id text NOT NULL REFERENCES alerting.alert,
    round integer NOT NULL,
    officer_id text NOT NULL,
    status text NOT NULL,
    unit text NOT NULL,
    post text NOT NULL,
    level text,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (alert_id, round, officer_id)
);
