-- notify: escalations, pages, deliveries to devices, and the last known state of their subjects.
-- An open escalation has exactly one armed timer of kind 'answer' (notify.timer, subject =
-- escalation_id); an answered one with a promise has one of kind 'promise' (due_at is its end).

CREATE TABLE notify.escalation (
    escalation_id text PRIMARY KEY,
    cause_id text NOT NULL,
    trace_id text NOT NULL,
    subject_kind text NOT NULL CHECK (subject_kind IN (
        'alert', 'assignment', 'supervision', 'mode', 'roster', 'contact_test', 'digest', 'fault',
        'fault_digest', 'warning', 'silence'
    )),
    subject_id text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN (
        'decide', 'inform', 'recall', 'sign', 'finish',
        'report_phone', 'report_written', 'report_follow_up', 'report_final', 'contact_test'
    )),
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    level text NOT NULL,
    place text NOT NULL,
    start_unit text NOT NULL,
    headline text NOT NULL,
    text text NOT NULL,
    occurred_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    alert_id text,
    command_id text,
    assignment_id text,
    duty_id text,
    -- The present call; all three are NULL when no post on the way up is filled.
    unit text,
    post text,
    officer_id text,
    escalation_level integer NOT NULL,
    round integer NOT NULL,
    step integer NOT NULL,
    -- The number of broken promises to act.
    lapses integer NOT NULL DEFAULT 0,
    -- The smaller goes first: a recall, red, ... (services/notify/core/escalation/priority.py).
    priority integer NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'answered', 'closed', 'exhausted')),
    due_at timestamptz,
    answered_by text,
    -- The officers who are coming while others are called on, separated by spaces.
    coming text NOT NULL DEFAULT '',
    mode text NOT NULL,
    mode_version integer NOT NULL,
    mode_unit text,
    data_grade text NOT NULL DEFAULT 'general',
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX escalation_of_alert ON notify.escalation (alert_id)
    WHERE subject_kind = 'alert' AND state <> 'closed';
CREATE INDEX escalation_of_assignment ON notify.escalation (assignment_id)
    WHERE assignment_id IS NOT NULL AND state <> 'closed';
CREATE INDEX escalation_of_subject ON notify.escalation (subject_id)
    WHERE subject_kind IN ('mode', 'roster', 'fault', 'warning', 'silence') AND state <> 'closed';
CREATE INDEX escalation_because_of ON notify.escalation (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX escalation_of_duty ON notify.escalation (duty_id)
    WHERE duty_id IS NOT NULL AND state <> 'closed';
CREATE INDEX escalation_live ON notify.escalation (state) WHERE state IN ('open', 'exhausted');

-- Digests of the calls over an officer's budget (services/notify/core/digests). At most one digest
-- per officer and status collects calls, and one calls about faults of the system (timer of kind
-- 'digest', subject = digest_id). Its outcome is
-- passed on to its pages (timer of kind 'tell'). Locked after escalations, in the order of officers.
CREATE TABLE notify.digest (
    digest_id text PRIMARY KEY,
    cause_id text NOT NULL,
    officer_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    -- True: it carries faults of the system itself, and nothing else.
    system boolean NOT NULL DEFAULT false,
    unit text NOT NULL,
    post text NOT NULL,
    state text NOT NULL CHECK (state IN ('gathering', 'sent', 'answered', 'lapsed', 'settled')),
    due_at timestamptz NOT NULL,
    -- The answer (shared.contracts.pages.Answer), the last page that has it, and true while further
    -- pages are to get it.
    answer text,
    passed_on text NOT NULL DEFAULT '',
    passing boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX digest_gathering ON notify.digest (officer_id, status, system)
    WHERE state = 'gathering';
CREATE INDEX digest_passing ON notify.digest (digest_id) WHERE passing;

CREATE TABLE notify.page (
    page_id text PRIMARY KEY,
    escalation_id text NOT NULL REFERENCES notify.escalation,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    officer_id text NOT NULL,
    unit text NOT NULL,
    post text NOT NULL,
    channel text NOT NULL,
    escalation_level integer NOT NULL,
    round integer NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    level text NOT NULL,
    answer_by timestamptz NOT NULL,
    resend boolean NOT NULL,
    -- The newest version as published (shared.contracts.pages.Page).
    body text NOT NULL,
    -- The digest of a call over budget.
    digest_id text REFERENCES notify.digest,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (escalation_id, officer_id, channel, round)
);
-- One console page is one call: the use of an officer's budget.
CREATE INDEX page_spent ON notify.page (officer_id, created_at)
    WHERE channel = 'console' AND digest_id IS NULL;
CREATE INDEX page_of_digest ON notify.page (digest_id, page_id) WHERE digest_id IS NOT NULL;
CREATE INDEX page_waiting ON notify.page (officer_id)
    WHERE state IN ('queued', 'sent', 'delivered', 'read');

-- One row per page that leaves through a channel. queued -> sending (lease, committed before the
-- request) -> sent or failed. A lease that ran out is an unknown outcome; the page is sent again,
-- marked as a repeat.
CREATE TABLE notify.delivery (
    page_id text PRIMARY KEY REFERENCES notify.page,
    escalation_id text NOT NULL, -- the page's
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    resend boolean NOT NULL DEFAULT false,
    priority integer NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delivery_due ON notify.delivery (channel, priority, next_at) WHERE state = 'queued';
CREATE INDEX delivery_leased ON notify.delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_of_escalation ON notify.delivery (escalation_id) WHERE state = 'queued';

-- At most one row, after a restore of the database to an earlier time (docs/restore.md): what is
-- sent before `until` may have been sent before, and is marked as a repeat.
CREATE TABLE notify.restore (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    until timestamptz NOT NULL
);

CREATE TABLE notify.alert (
    alert_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    version integer NOT NULL,
    level text,
    proposed_level text,
    recalled boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- attempt: the last delivered attempt; phase: 0 unsigned, 1 signed, 2 reported, 3 ended.
CREATE TABLE notify.assignment (
    assignment_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    version integer NOT NULL,
    attempt integer NOT NULL,
    phase integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX assignment_age ON notify.assignment USING brin (changed_at);

-- The gaps of a post (shared.contracts.duty.DutyCoverage), and the times of the last and the next
-- announcement (timer of kind 'gap').
CREATE TABLE notify.duty_gap (
    subject_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    body text NOT NULL,
    announced_at timestamptz,
    times integer NOT NULL,
    due_at timestamptz
);

-- Warnings of other agencies that a message has cancelled or replaced. A warning that comes after
-- its end calls nobody.
CREATE TABLE notify.ended_warning (
    warning_id text NOT NULL,
    source_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    ended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (warning_id, source_id, status)
);
CREATE INDEX ended_warning_age ON notify.ended_warning USING brin (ended_at);

-- Duties to report upward: the running clocks and the due time of each.
CREATE TABLE notify.report_duty (
    duty_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    version integer NOT NULL,
    dues jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- The health of each officer's channels (shared.contracts.reachability.Reachability), the newest
-- version as published. Locked after escalations, in the order of officers.
CREATE TABLE notify.reachability (
    officer_id text PRIMARY KEY,
    version integer NOT NULL,
    body text NOT NULL
) WITH (fillfactor = 70);
