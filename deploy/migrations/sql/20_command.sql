-- Commands, one assignment row per recipient, and the counters that roll them up.
-- Order of locks everywhere: command rows by id, assignment rows by id, modes, incidents of reporting by
-- key, then timers (services/command/unit_of_work).
CREATE TABLE command.command (
    command_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('issued', 'awaiting_check', 'closed', 'revoked')),
    alert_id text,
    event_type text NOT NULL,
    level text NOT NULL,
    root text NOT NULL,
    issuer_unit text NOT NULL,
    title text NOT NULL,
    instruction text NOT NULL,
    areas text[] NOT NULL,
    recipients integer NOT NULL,
    recipients_digest text NOT NULL,
    briefs jsonb NOT NULL, -- texts for the recipients; an assignment names one by its position
    plan_id text,
    plan_version integer,
    sign_by timestamptz NOT NULL,
    finish_by timestamptz NOT NULL,
    mode text NOT NULL DEFAULT 'normal',
    mode_version integer NOT NULL DEFAULT 0,
    mode_unit text,
    trace_id text NOT NULL,
    actor text,
    case_key text,
    closed_at timestamptz,
    derived_assignments integer NOT NULL DEFAULT 0,
    data_grade text NOT NULL DEFAULT 'general',
    current_alert_id text,
    warning_id text,
    issued_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
-- Finds the closed command of a case that comes back.
CREATE INDEX command_of_case ON command.command (case_key) WHERE case_key IS NOT NULL;

CREATE TABLE command.tier_count (
    command_id text NOT NULL,
    tier text NOT NULL,
    status text NOT NULL,
    total integer NOT NULL,
    delivered integer NOT NULL,
    signed integer NOT NULL,
    reported integer NOT NULL,
    done integer NOT NULL,
    returned integer NOT NULL,
    overdue integer NOT NULL,
    suspended integer NOT NULL,
    released integer NOT NULL,
    PRIMARY KEY (command_id, tier)
) WITH (fillfactor = 50);

-- No indexed column changes after the insert, and the pages have room: updates stay on their page.
CREATE TABLE command.assignment (
    assignment_id text PRIMARY KEY,
    command_id text NOT NULL,
    status text NOT NULL,
    unit text NOT NULL,
    unit_tier text NOT NULL,
    parent_unit text,
    synthetic boolean NOT NULL,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN (
        'queued', 'delivered', 'signed', 'accepted', 'handling', 'reported', 'checked', 'done',
        'returned', 'suspended', 'waived', 'reassigned', 'recalled'
    )),
    attempt integer NOT NULL,
    sign_by timestamptz NOT NULL,
    finish_by timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    brief smallint NOT NULL DEFAULT 0,
    sign_within_s double precision,
    finish_within_s double precision,
    waiting_steps jsonb NOT NULL DEFAULT '[]',
    signed_at timestamptz,
    reported_at timestamptz,
    done_at timestamptz,
    late boolean NOT NULL DEFAULT false,
    sign_overdue boolean NOT NULL DEFAULT false,
    finish_overdue boolean NOT NULL DEFAULT false,
    calls integer NOT NULL DEFAULT 0,
    mode text NOT NULL DEFAULT 'normal',
    mode_version integer NOT NULL DEFAULT 0,
    mode_unit text,
    actor text,
    reason text NOT NULL DEFAULT '',
    parent_assignment_id text,
    splitting_unit text,
    release_unit text,
    mandatory boolean NOT NULL DEFAULT true,
    reassigned_from text,
    children jsonb,
    pending_request jsonb,
    recurrences jsonb NOT NULL DEFAULT '{}',
    suspended_from text,
    suspended_at timestamptz,
    suspended_until timestamptz,
    suspended_s double precision NOT NULL DEFAULT 0,
    extensions integer NOT NULL DEFAULT 0,
    original_finish_by timestamptz
) WITH (fillfactor = 50);
CREATE INDEX assignment_of_command ON command.assignment (command_id);
CREATE INDEX part_of_assignment ON command.assignment (parent_assignment_id)
    WHERE parent_assignment_id IS NOT NULL;

-- The level last issued per alert: it shows whether an adjustment goes up or down.
CREATE TABLE command.alert_level (
    alert_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    level text,
    recalled boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Steps that came too late to have an effect (finished, returned, an earlier attempt).
CREATE TABLE command.late_acknowledgement (
    acknowledgement_id text PRIMARY KEY,
    status text NOT NULL,
    command_id text NOT NULL,
    assignment_id text NOT NULL,
    step text NOT NULL,
    attempt integer NOT NULL,
    officer_id text NOT NULL,
    officer_unit text NOT NULL,
    late boolean NOT NULL DEFAULT true,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX late_of_command ON command.late_acknowledgement (command_id);

-- 平急状态. The mode that each unit has decided, and the proposals that led to it. Locked after commands
-- and assignments: mode rows by (status, unit), then proposals by id, then their timers.
CREATE TABLE command.mode (
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    unit text NOT NULL,
    version integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('normal', 'recovery', 'standby', 'emergency')),
    proposal_id text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (status, unit)
);

CREATE TABLE command.mode_proposal (
    proposal_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    unit text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL CHECK (state IN (
        'proposed', 'half_approved', 'decided', 'rejected', 'expired', 'ended'
    )),
    mode text NOT NULL CHECK (mode IN ('recovery', 'standby', 'emergency')),
    until timestamptz NOT NULL,
    decide_by timestamptz NOT NULL,
    proposed_by text,
    alert_id text,
    trace_id text NOT NULL,
    signatures jsonb NOT NULL DEFAULT '[]',
    decided_version integer NOT NULL DEFAULT 0,
    actor text,
    reason text NOT NULL DEFAULT '',
    data_grade text NOT NULL DEFAULT 'general'
);
CREATE INDEX mode_proposal_live ON command.mode_proposal (status, unit)
    WHERE state IN ('proposed', 'half_approved', 'decided');
CREATE UNIQUE INDEX mode_proposal_in_force ON command.mode_proposal (status, unit)
    WHERE state = 'decided';

-- Upward reports. The row of an incident is the lock under which its alerts, reports and obligations
-- change; `changed_at` is the time of the last change, so that no later one can claim an earlier time.
CREATE TABLE command.report_incident (
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    incident_id text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (status, incident_id)
);

-- The part of an alert that reporting needs. `levels_seen`: the first time of each level, confirmed or
-- issued; `modes_at_level`: the modes of the reporting units at that time.
CREATE TABLE command.alert_reporting (
    alert_id text PRIMARY KEY,
    status text NOT NULL,
    incident_id text NOT NULL,
    version integer NOT NULL,
    event_type text NOT NULL,
    place text NOT NULL,
    title text NOT NULL,
    trace_id text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    levels_seen jsonb NOT NULL,
    modes_at_level jsonb NOT NULL,
    end_reason text CHECK (end_reason IN ('lifted', 'void')),
    ended_at timestamptz,
    reason text NOT NULL,
    data_grade text NOT NULL DEFAULT 'general'
);
CREATE INDEX alert_reporting_of ON command.alert_reporting (status, incident_id);

-- Every upward report that was received, also without an obligation.
CREATE TABLE command.report (
    report_id text PRIMARY KEY,
    status text NOT NULL,
    incident_id text NOT NULL,
    kind text NOT NULL,
    number integer NOT NULL,
    means text NOT NULL CHECK (means IN ('phone', 'written')),
    unit text NOT NULL,
    to_unit text NOT NULL,
    headline text NOT NULL,
    restricted boolean NOT NULL,
    facts jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL
);
CREATE INDEX report_of ON command.report (status, incident_id);

-- Each clock that runs has one armed '_escalate' timer (command.timer, subject = obligation_id).
CREATE TABLE command.report_obligation (
    obligation_id text PRIMARY KEY,
    alert_id text NOT NULL,
    status text NOT NULL,
    incident_id text NOT NULL,
    unit text NOT NULL,
    to_unit text NOT NULL,
    skip_level boolean NOT NULL,
    level text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'owed', 'phoned', 'written', 'closing', 'done', 'ended'
    )),
    started_at timestamptz NOT NULL,
    mode text NOT NULL,
    mode_version integer NOT NULL,
    mode_unit text,
    phone_due timestamptz NOT NULL,
    written_due timestamptz NOT NULL,
    phone_at timestamptz,
    written_at timestamptz,
    follow_up_due timestamptz,
    follow_ups integer NOT NULL,
    follow_ups_late integer NOT NULL,
    final_due timestamptz,
    final_at timestamptz,
    reason text NOT NULL,
    credited_reports jsonb NOT NULL,
    version integer NOT NULL,
    calls jsonb NOT NULL
);
CREATE INDEX report_obligation_of ON command.report_obligation (status, incident_id);
