-- console: read models of alarms, alerts, silences, pages and sensors, and the feed of what happened.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

-- Alarms that people may be told of; those that only feed other rules are not kept here.
CREATE TABLE console.alarm (
    alarm_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    place text COLLATE "C" NOT NULL,
    sensor_id text,
    rule_id text NOT NULL,
    kind text NOT NULL,
    transition text NOT NULL,
    level text NOT NULL,
    score integer NOT NULL,
    parts jsonb,
    headline text NOT NULL,
    evidence jsonb NOT NULL,
    retrospective boolean NOT NULL,
    withdrawn boolean NOT NULL,
    started_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    data_grade text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX alarm_recent ON console.alarm (status, sent_at DESC);
CREATE INDEX alarm_standing ON console.alarm (status, place) WHERE transition <> 'cleared' AND NOT withdrawn;
CREATE INDEX alarm_of_sensor ON console.alarm (sensor_id, sent_at DESC) WHERE sensor_id IS NOT NULL;

CREATE TABLE console.alert (
    alert_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    event_type text NOT NULL,
    place text COLLATE "C" NOT NULL,
    areas text[] NOT NULL,
    level text,
    proposed_level text,
    approver_unit text NOT NULL,
    approvals_needed integer NOT NULL,
    authority_unit text,
    proposed_until timestamptz,
    expires_at timestamptz,
    debt jsonb,
    incident_grade text,
    response_level text,
    positions jsonb NOT NULL,
    wording jsonb,
    issued_wording jsonb,
    flapping boolean NOT NULL,
    merged_into text,
    merged_ids text[] NOT NULL,
    incident_id text NOT NULL,
    alarm_ids text[] NOT NULL,
    report_ids text[] NOT NULL,
    distinct_sources integer NOT NULL,
    score integer NOT NULL,
    signatures jsonb NOT NULL,
    headline text NOT NULL,
    body text NOT NULL,
    transition text NOT NULL,
    data_grade text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX alert_open ON console.alert (status, place)
    WHERE state IN ('verifying', 'verified', 'pending_approval', 'issued');
CREATE INDEX alert_recent ON console.alert (status, sent_at);
CREATE INDEX alert_of_incident ON console.alert (incident_id);

-- Silences and maintenance windows; `place` is the subtree that one covers.
CREATE TABLE console.silence (
    silence_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    place text COLLATE "C" NOT NULL,
    event_type text,
    rule_id text,
    sensor_id text,
    unit text COLLATE "C" NOT NULL,
    owner text NOT NULL,
    reason text NOT NULL,
    begin_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    ended_at timestamptz,
    silenced integer NOT NULL,
    still_firing integer NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX silence_recent ON console.silence (status, sent_at);

CREATE TABLE console.page (
    page_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    officer_id text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    post text NOT NULL,
    channel text NOT NULL,
    round integer NOT NULL,
    rung integer NOT NULL,
    state text NOT NULL,
    level text NOT NULL,
    headline text NOT NULL,
    body text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    alert_id text,
    command_id text,
    assignment_id text,
    answer_by timestamptz NOT NULL,
    resend boolean NOT NULL,
    -- Nobody has to come: the officer takes note.
    to_note boolean NOT NULL,
    -- Why a page failed.
    reason text,
    data_grade text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX page_of_officer ON console.page (officer_id, sent_at);
CREATE INDEX page_age ON console.page USING brin (sent_at);
CREATE INDEX page_open ON console.page (status, unit)
    WHERE state IN ('queued', 'sent', 'delivered', 'read');

-- The first answer of a person to a page; receipts of devices are only in the log. One of another
-- status than the page's is no answer to it (notify refuses it).
CREATE TABLE console.answer (
    page_id text NOT NULL,
    status text NOT NULL,
    officer_id text NOT NULL,
    verb text NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (page_id, status)
);

CREATE TABLE console.sensor (
    sensor_id text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    last_seen_at timestamptz,
    detail text,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (status, sensor_id)
);
CREATE INDEX sensor_unwell ON console.sensor (status, unit) WHERE state <> 'online';

-- What happened, in the order of commits (writers take turns): the source of every live screen.
CREATE TABLE console.feed (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    status text NOT NULL,
    unit_code text COLLATE "C" NOT NULL,
    officer_id text,
    level text,
    at timestamptz NOT NULL,
    data_grade text NOT NULL,
    subject_id text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feed_age ON console.feed (created_at);
