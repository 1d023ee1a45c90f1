-- console: read models of duty plans, reachability, response modes and upward reports.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

-- Duty plans: the entries of each unit in the order of their last change, and what stands empty.
CREATE TABLE console.duty_entry (
    unit text COLLATE "C" NOT NULL,
    entry_id text NOT NULL,
    version integer NOT NULL,
    place bigint NOT NULL,
    cancelled boolean NOT NULL,
    over_at timestamptz,
    rule text NOT NULL,
    actor text,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (unit, entry_id)
);

CREATE TABLE console.duty_coverage (
    unit text COLLATE "C" NOT NULL,
    post text NOT NULL,
    gaps text NOT NULL,
    gap_count integer NOT NULL,
    headline text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (unit, post)
);
CREATE INDEX duty_coverage_open ON console.duty_coverage (unit) WHERE gap_count > 0;

-- What is known of each officer's channels (shared.contracts.reachability.ChannelReach, a JSON list).
CREATE TABLE console.reachability (
    officer_id text PRIMARY KEY,
    version integer NOT NULL,
    channels text NOT NULL,
    sent_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- 平急状态: what each unit has decided, and what has been proposed.
CREATE TABLE console.mode (
    status text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    mode text NOT NULL,
    decided_by text[] NOT NULL,
    proposal_id text,
    until timestamptz,
    reason text NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (status, unit)
);

CREATE TABLE console.mode_proposal (
    proposal_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    until timestamptz NOT NULL,
    decide_by timestamptz NOT NULL,
    proposed_by text,
    signatures jsonb NOT NULL,
    next_posts text[] NOT NULL,
    alert_id text,
    reason text NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX mode_proposal_live ON console.mode_proposal (status, unit)
    WHERE state IN ('proposed', 'half_approved', 'decided');

-- Every report of an incident; `means`, `from_unit` and `to_unit` only where it went upward.
CREATE TABLE console.report (
    id text PRIMARY KEY,
    incident_id text NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    number integer NOT NULL,
    means text,
    from_unit text,
    to_unit text,
    origin_unit text NOT NULL,
    place text NOT NULL,
    event_type text NOT NULL,
    reporter_role text NOT NULL,
    headline text NOT NULL,
    body text NOT NULL,
    restricted boolean NOT NULL,
    follows text,
    -- The warning of another agency because of which an officer reported.
    warning_id text,
    facts jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX report_of_incident ON console.report (status, incident_id, sent_at);
CREATE INDEX report_age ON console.report USING brin (sent_at);

CREATE TABLE console.report_duty (
    duty_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    alert_id text NOT NULL,
    incident_id text NOT NULL,
    event_type text NOT NULL,
    place text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    to_unit text NOT NULL,
    skip_level boolean NOT NULL,
    level text NOT NULL,
    title text NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    phone_due timestamptz NOT NULL,
    phone_at timestamptz,
    written_due timestamptz NOT NULL,
    written_at timestamptz,
    follow_up_due timestamptz,
    follow_ups integer NOT NULL,
    follow_ups_late integer NOT NULL,
    final_due timestamptz,
    final_at timestamptz,
    reason text NOT NULL,
    counted jsonb NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX report_duty_of_incident ON console.report_duty (status, incident_id);
CREATE INDEX report_duty_of_unit ON console.report_duty (status, unit);
