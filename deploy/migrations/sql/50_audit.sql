-- audit: the chained trail of people's actions and of findings, counts of records, findings.

CREATE TABLE audit.trail (
    sequence bigint PRIMARY KEY CHECK (sequence >= 1),
    entry_id text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    actor text NOT NULL,
    action text NOT NULL,
    subject_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'refused', 'finding', 'resolved')),
    occurred_at timestamptz NOT NULL,
    prev_hash text NOT NULL UNIQUE,
    hash text NOT NULL UNIQUE,
    -- The entry as published (shared.contracts.audit.AuditEntry); the hash covers it.
    body text NOT NULL
);
CREATE INDEX trail_of_subject ON audit.trail (subject_id);

-- The end of the chain. A writer locks this row before it appends, so the chain cannot fork.
CREATE TABLE audit.trail_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    sequence bigint NOT NULL,
    hash text NOT NULL
);
INSERT INTO audit.trail_head (sequence, hash) VALUES (0, repeat('0', 64));

CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append only';
END
$$;
CREATE TRIGGER trail_append_only BEFORE UPDATE OR DELETE ON audit.trail
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();

CREATE TABLE audit.record_count (
    topic text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    label text NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (topic, status, label)
) WITH (fillfactor = 50);

-- Alarms at alerting by disposition, as last counted. `without_alert`: alarms that are in an alert by
-- their disposition, but name none.
CREATE TABLE audit.alarm_disposition (
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    disposition text NOT NULL,
    alarms bigint NOT NULL,
    without_alert bigint NOT NULL,
    PRIMARY KEY (status, disposition)
);

-- Per command: the recipients it announced, and first versions of its assignments on the topic.
CREATE TABLE audit.fanout (
    command_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    recipients integer,
    assignments integer NOT NULL DEFAULT 0,
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- The status of an alert or command in its first record; every later record must have the same.
CREATE TABLE audit.subject_status (
    subject_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit.leak (
    record_id text NOT NULL,
    subject_id text NOT NULL,
    topic text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    subject_status text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record_id, subject_id)
);

CREATE TABLE audit.finding (
    finding_id text PRIMARY KEY,
    kind text NOT NULL,
    subject_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    detail text NOT NULL,
    raised_at timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX finding_open ON audit.finding (kind, subject_id) WHERE resolved_at IS NULL;
CREATE INDEX finding_recent ON audit.finding (raised_at);

-- The offset per partition below which the auditor has checked the records against their origin.
CREATE TABLE audit.checked_offset (
    topic text NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, part)
) WITH (fillfactor = 50);

-- The outcomes of a partition's records at one reader (core/conservation/progress.py).
CREATE TABLE audit.reader_progress (
    service text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    stored_offset bigint NOT NULL,
    end_offset bigint NOT NULL,
    applied bigint NOT NULL,
    repeated bigint NOT NULL,
    refused bigint NOT NULL,
    unchecked bigint NOT NULL,
    lost bigint NOT NULL,
    compacted bigint NOT NULL,
    PRIMARY KEY (service, topic, part)
) WITH (fillfactor = 50);

-- The records that the dead letters of the last two days name.
CREATE TABLE audit.dead_letter (
    topic text NOT NULL,
    part integer NOT NULL,
    record_offset bigint NOT NULL,
    service text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, part, record_offset, service)
);

-- Dead letters per minute of Kafka's time: their growth is a finding.
CREATE TABLE audit.letter_count (
    topic text NOT NULL,
    service text NOT NULL,
    reason text NOT NULL,
    minute timestamptz NOT NULL,
    letters bigint NOT NULL,
    PRIMARY KEY (minute, topic, service, reason)
) WITH (fillfactor = 50);

-- Records with a flaw, until they are explained. `service`: the reader or the writer in question.
CREATE TABLE audit.suspect (
    topic text NOT NULL,
    part integer NOT NULL,
    record_offset bigint NOT NULL,
    service text NOT NULL,
    flaw text NOT NULL,
    event_id text,
    body_hash bytea NOT NULL,
    value_hash bytea NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    reviewed_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (topic, part, record_offset, service)
);
CREATE INDEX suspect_review ON audit.suspect (reviewed_at);

-- The newest version of each open subject on its topic; the tables must agree.
CREATE TABLE audit.latest_version (
    kind text NOT NULL,
    subject_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
    version integer NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (kind, subject_id)
) WITH (fillfactor = 50);
