-- audit: the chained trail of people's acts and findings, counts recounted from the topics, findings.

CREATE TABLE audit.trail (
    sequence bigint PRIMARY KEY CHECK (sequence >= 1),
    entry_id text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    actor text NOT NULL,
    action text NOT NULL,
    subject_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'refused', 'finding', 'resolved')),
    occurred_at timestamptz NOT NULL,
    prev_hash text NOT NULL UNIQUE,
    hash text NOT NULL UNIQUE,
    -- As published (shared.contracts.audit.AuditEntry): what the hash is over.
    body text NOT NULL
);
CREATE INDEX trail_of_subject ON audit.trail (subject_id);

-- The end of the chain. Who appends locks this row, so the chain cannot fork.
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
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    label text NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (topic, status, label)
) WITH (fillfactor = 50);

-- What became of the alarms at alerting, as last counted. `nowhere`: went on, but into no alert.
CREATE TABLE audit.evidence (
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    disposition text NOT NULL,
    alarms bigint NOT NULL,
    nowhere bigint NOT NULL,
    PRIMARY KEY (status, disposition)
);

-- Per command: recipients it announced and first versions of its assignments seen on the topic.
CREATE TABLE audit.fanout (
    command_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    recipients integer,
    assignments integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The status of an alert or command as its first record had it; every later record must agree.
CREATE TABLE audit.world (
    subject_id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test'))
);
CREATE TABLE audit.leak (
    record_id text NOT NULL,
    subject_id text NOT NULL,
    topic text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    subject_status text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record_id, subject_id)
);

CREATE TABLE audit.finding (
    finding_id text PRIMARY KEY,
    kind text NOT NULL,
    subject_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    detail text NOT NULL,
    raised_at timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX finding_open ON audit.finding (kind, subject_id) WHERE resolved_at IS NULL;
CREATE INDEX finding_recent ON audit.finding (raised_at);

-- Up to where the auditor's own reading of a partition has been judged by where its records come from.
CREATE TABLE audit.followed (
    topic text NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, part)
) WITH (fillfactor = 50);

-- What became of the records of a partition at one of its readers (core/conservation.py).
CREATE TABLE audit.passage (
    service text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    stored bigint NOT NULL,
    ends_at bigint NOT NULL,
    applied bigint NOT NULL,
    repeated bigint NOT NULL,
    refused bigint NOT NULL,
    unchecked bigint NOT NULL,
    lost bigint NOT NULL,
    compacted bigint NOT NULL,
    PRIMARY KEY (service, topic, part)
) WITH (fillfactor = 50);

-- Which records the dead letters of the last days name.
CREATE TABLE audit.letter (
    topic text NOT NULL,
    part integer NOT NULL,
    record_offset bigint NOT NULL,
    service text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, part, record_offset, service)
);

-- Records that are not as they should be, kept until they are. `service`: whose reading or writing.
CREATE TABLE audit.suspect (
    topic text NOT NULL,
    part integer NOT NULL,
    record_offset bigint NOT NULL,
    service text NOT NULL,
    flaw text NOT NULL,
    event_id text,
    digest bytea NOT NULL,
    wire bytea NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    reviewed_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (topic, part, record_offset, service)
);
CREATE INDEX suspect_review ON audit.suspect (reviewed_at);

-- The newest version of what is open, as the topics tell it; tables must say the same.
CREATE TABLE audit.latest (
    kind text NOT NULL,
    subject_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    version integer NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (kind, subject_id)
) WITH (fillfactor = 50);
