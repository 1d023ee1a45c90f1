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
    sent_at timestamptz NOT NULL,
    -- The reading furthest beyond the limits while the alarm lasted; the history of sensors has it.
    peak double precision,
    peak_at timestamptz
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
    began_at timestamptz,
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
    until_cleared boolean NOT NULL,
    weekly text,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX silence_recent ON console.silence (status, sent_at);

-- Messages of other agencies. `ended_ids` are the messages that this one cancels or replaces; one
-- that comes before them counts as well, since every row stays.
CREATE TABLE console.agency_warning (
    warning_id text PRIMARY KEY,
    status text NOT NULL,
    source_id text NOT NULL,
    msg_type text NOT NULL,
    event_type text,
    level text,
    headline text NOT NULL,
    sender_name text,
    description text NOT NULL,
    instruction text NOT NULL,
    areas text[] NOT NULL,
    ended_ids text[] NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    data_grade text NOT NULL,
    occurred_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX agency_warning_end ON console.agency_warning (status, ends_at);
CREATE INDEX agency_warning_ended ON console.agency_warning USING gin (ended_ids);

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
    called_at timestamptz,
    answer_by timestamptz NOT NULL,
    resend boolean NOT NULL,
    -- Nobody has to come: the officer takes note.
    to_note boolean NOT NULL,
    -- The calls about one cause, the unit where they began, and the words of their quorum; none when
    -- one answer is enough.
    escalation_id text,
    start_unit text,
    quorum text,
    -- Why a page failed.
    reason text,
    data_grade text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX page_of_officer ON console.page (officer_id, sent_at);
CREATE INDEX page_of_quorum ON console.page (escalation_id) WHERE quorum IS NOT NULL;
CREATE INDEX page_age ON console.page USING brin (sent_at);
CREATE INDEX page_open ON console.page (status, unit)
    WHERE state IN ('queued', 'sent', 'delivered', 'read');

-- The last answer of a person to a page; receipts of devices are only in the log. One of another
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

-- The history of every sensor: of each ten minutes the least and the greatest reading that scoring
-- has judged. A row has six hours of them: time in seconds since 1970, value, time, value ...
CREATE TABLE console.sensor_history (
    sensor_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    series text NOT NULL,
    begin_at timestamptz NOT NULL,
    points double precision[] NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, status, series, begin_at)
) WITH (fillfactor = 70);
CREATE INDEX sensor_history_written ON console.sensor_history
    USING brin (written_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE console.history_offset (
    partition integer PRIMARY KEY,
    next_offset bigint NOT NULL
);

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
