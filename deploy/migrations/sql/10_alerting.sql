-- State of the alerting service: alerts, their evidence, and who signed what.
CREATE TABLE alerting.alert (
    alert_id text PRIMARY KEY,
    version integer NOT NULL CHECK (version >= 1),
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    state text NOT NULL CHECK (state IN ('verifying', 'verified', 'pending_approval', 'issued',
                                         'lifted', 'expired', 'recalled', 'dismissed', 'rejected',
                                         'merged', 'absorbed')),
    event_type text NOT NULL,
    scope text NOT NULL,
    place text NOT NULL,
    incident_id text NOT NULL,
    level text,
    proposed_level text,
    requested_level text,
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
    proposed_until timestamptz,
    expires_at timestamptz,
    -- JSON of shared.contracts: Debt, a list of Stance, and AlertWording of the present proposal and
    -- of the level in force.
    pending_ratification text,
    positions text NOT NULL,
    wording text,
    issued_wording text,
    flapping_level text,
    flapping_until timestamptz,
    -- The response mode from which the quiet period follows.
    flapping_mode text,
    flapping_mode_version integer,
    flapping_mode_unit text,
    -- `merged_alerts`: the alerts whose evidence is here, as pairs "child parent".
    merged_into text REFERENCES alerting.alert,
    state_before_merge text,
    merged_alerts text[] NOT NULL,
    -- The highest data grade of all evidence so far.
    data_grade text NOT NULL DEFAULT 'general',
    opened_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL
);
-- One alert per danger, open or merged: two processes that handle its first two signs at the same
-- time cannot open two.
CREATE UNIQUE INDEX alert_open ON alerting.alert (status, event_type, scope)
    WHERE state NOT IN ('lifted', 'expired', 'recalled', 'dismissed', 'rejected', 'absorbed');
CREATE INDEX alert_merged ON alerting.alert (merged_into) WHERE merged_into IS NOT NULL;

-- One row per district and status: the lock under which rules over several sources are decided
-- there, and the clock of the log in that district, which is the newest event time.
CREATE TABLE alerting.region (
    status text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    clock timestamptz,
    PRIMARY KEY (status, unit)
);

-- The newest state of every alarm, also of alarms that lead to no alert (alert_id NULL). Unit
-- columns are COLLATE "C" so that a subtree is one range of an index. `alert_id` is the alert that
-- has the alarm as evidence, `origin_alert_id` the alert into which the alarm was grouped: they
-- differ while the origin is merged. `waiting_event` is the event of an alarm that waits
-- (inhibited, on hold, or silenced by `silence_id`). `source_key` is the source whose raises are
-- counted for flapping.
CREATE TABLE alerting.alert_alarm (
    alarm_id text PRIMARY KEY,
    alert_id text REFERENCES alerting.alert,
    origin_alert_id text REFERENCES alerting.alert,
    disposition text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    sensor_id text,
    event_type text NOT NULL,
    place text COLLATE "C" NOT NULL,
    level text NOT NULL,
    raised_at timestamptz NOT NULL,
    last_danger_at timestamptz NOT NULL,
    cleared_at timestamptz,
    rule_id text NOT NULL,
    sensor_kind text,
    site text,
    site_key text NOT NULL,
    lat double precision,
    lon double precision,
    event_id text NOT NULL,
    began_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    retrospective boolean NOT NULL,
    withdrawn boolean NOT NULL,
    inhibited_by text[] NOT NULL,
    synthetic boolean NOT NULL,
    data_grade text NOT NULL DEFAULT 'general',
    waiting_event text,
    silence_id text,
    source_key text NOT NULL,
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX alert_alarm_alert ON alerting.alert_alarm (alert_id);
CREATE INDEX alert_alarm_origin ON alerting.alert_alarm (origin_alert_id);
-- Alarms that are on, by rule and place, rule and site, kind of event; alarms that were cleared
-- lately.
CREATE INDEX alert_alarm_active ON alerting.alert_alarm (status, rule_id, place)
    WHERE cleared_at IS NULL;
CREATE INDEX alert_alarm_site ON alerting.alert_alarm (status, rule_id, site_key)
    WHERE cleared_at IS NULL;
CREATE INDEX alert_alarm_kind ON alerting.alert_alarm (status, event_type, place)
    WHERE cleared_at IS NULL;
CREATE INDEX alert_alarm_cleared ON alerting.alert_alarm (status, rule_id, cleared_at)
    WHERE cleared_at IS NOT NULL;
CREATE INDEX alert_alarm_kind_cleared ON alerting.alert_alarm (status, event_type, cleared_at)
    WHERE cleared_at IS NOT NULL;
CREATE INDEX alert_alarm_waiting ON alerting.alert_alarm (status, place)
    WHERE waiting_event IS NOT NULL;
CREATE INDEX alert_alarm_silenced ON alerting.alert_alarm (silence_id)
    WHERE silence_id IS NOT NULL AND waiting_event IS NOT NULL;
CREATE INDEX alert_alarm_source ON alerting.alert_alarm (status, rule_id, source_key, began_at);

-- Sensors of the real world that are silent now, with the name in their alarm; the places that were
-- told of them (`wide`: a district for several places at once). `district` is a region's unit.
CREATE TABLE alerting.silent_sensor (
    alarm_id text PRIMARY KEY,
    district text NOT NULL,
    headline text NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX silent_sensor_district ON alerting.silent_sensor (district);
CREATE TABLE alerting.silent_place (
    unit text PRIMARY KEY,
    district text NOT NULL,
    wide boolean NOT NULL,
    fault_id text NOT NULL,
    headline text NOT NULL,
    text text NOT NULL,
    since timestamptz NOT NULL,
    places text[] NOT NULL
);
CREATE INDEX silent_place_district ON alerting.silent_place (district);

-- Silences and maintenance windows; ended_at NULL: in force, or to begin later. `warns_at`: the
-- owner is then told of the end, NULL when they were (`warned_at`), or when it has ended.
CREATE TABLE alerting.silence (
    silence_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    matcher text NOT NULL,
    unit text NOT NULL,
    owner text NOT NULL,
    post text NOT NULL,
    begin_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    reason text NOT NULL,
    ended_at timestamptz,
    silenced integer NOT NULL,
    still_firing integer NOT NULL,
    warns_at timestamptz,
    warned_at timestamptz,
    until_cleared boolean NOT NULL DEFAULT false,
    weekly text
);
CREATE INDEX silence_not_ended ON alerting.silence (status) WHERE ended_at IS NULL;

-- `observed_at` is event time, at most two minutes after Kafka accepted the record.
-- `repeats_known`: the report passes upward an incident that its alert contained already, so it
-- corroborates nothing. `warning_id`: the warning of another agency because of which an officer
-- reported; the warning is the source.
CREATE TABLE alerting.alert_report (
    report_id text PRIMARY KEY,
    alert_id text REFERENCES alerting.alert,
    origin_alert_id text REFERENCES alerting.alert,
    disposition text NOT NULL,
    status text NOT NULL,
    incident_id text NOT NULL,
    kind text NOT NULL,
    reporter_id text NOT NULL,
    reporter_role text NOT NULL,
    event_type text NOT NULL,
    place text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    observed_at timestamptz NOT NULL,
    lat double precision,
    lon double precision,
    repeats_known boolean NOT NULL,
    data_grade text NOT NULL DEFAULT 'general',
    warning_id text,
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX alert_report_alert ON alerting.alert_report (alert_id);
CREATE INDEX alert_report_origin ON alerting.alert_report (origin_alert_id);
CREATE INDEX alert_report_kind ON alerting.alert_report (status, event_type, observed_at);

-- Warnings of other agencies; each counts from `starts_at` until before `ends_at`. `withdrawn`:
-- cancelled or replaced by the agency, or expired before it arrived.
CREATE TABLE alerting.warning (
    warning_id text PRIMARY KEY,
    status text NOT NULL,
    source_id text NOT NULL,
    cap_identifier text NOT NULL,
    event_type text,
    areas text[] NOT NULL,
    observed_at timestamptz NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    withdrawn boolean NOT NULL,
    data_grade text NOT NULL DEFAULT 'general'
);
CREATE INDEX warning_kind ON alerting.warning (status, event_type, ends_at) WHERE NOT withdrawn;
CREATE INDEX warning_source ON alerting.warning (status, source_id);

-- The newest version of each rule over several sources, also of disabled rules.
CREATE TABLE alerting.rule (
    rule_id text PRIMARY KEY,
    version integer NOT NULL,
    definition text NOT NULL,
    -- Such a version costs too much and is not evaluated; the next version is.
    quarantined_at timestamptz
);

-- The newest episode of a rule in a scope; `result` is the result as published. `expires_at` is the
-- event time at which time alone may change the episode.
CREATE TABLE alerting.episode (
    rule_id text NOT NULL,
    status text NOT NULL,
    region text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    alarm_id text NOT NULL,
    version integer NOT NULL,
    rule_version integer NOT NULL,
    is_open boolean NOT NULL,
    result text,
    expires_at timestamptz,
    PRIMARY KEY (rule_id, status, region, scope)
);
CREATE INDEX episode_due ON alerting.episode (status, region, expires_at)
    WHERE expires_at IS NOT NULL;

-- All signatures; an officer signs a proposal (alert, round) once. level NULL: to be lifted.
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
