-- The same tables in the schema of every service that keeps its state in Postgres (shared/runtime: inbox,
-- outbox, timers): stored offset, dedupe, records that met a bug, outgoing messages, timers, and when what
-- is too old is looked for next (retention).
DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['alerting', 'command', 'duty', 'notify', 'console', 'audit'] LOOP
        EXECUTE format('CREATE SCHEMA %I', service);
        EXECUTE format($ddl$
            CREATE TABLE %1$I.consumer_offset (
                grp text NOT NULL,
                topic text NOT NULL,
                part integer NOT NULL,
                next_offset bigint NOT NULL,
                -- The fingerprint of the record before next_offset: a topic that was cut off or
                -- created anew holds another one there.
                last_hash text,
                PRIMARY KEY (grp, topic, part)
            );
            CREATE TABLE %1$I.inbox (
                topic text NOT NULL,
                event_id text NOT NULL,
                body_hash bytea NOT NULL,
                seen_at timestamptz NOT NULL DEFAULT now(),
                -- The service's refusal of the message: a repeat is refused without being decided again.
                refused_for text,
                refused_detail text,
                -- Ids of the canary's records are deleted after a day: it has no others to protect.
                of_canary boolean NOT NULL DEFAULT false,
                -- Ids of one topic say nothing of another's. What tells two keys apart comes first.
                PRIMARY KEY (event_id, topic)
            );
            -- Rows lie in the order of their time: a few bytes per block of them are index enough.
            CREATE INDEX inbox_age ON %1$I.inbox USING brin (seen_at);
            CREATE INDEX inbox_canary ON %1$I.inbox (seen_at) WHERE of_canary;
            -- Records whose handling met a bug, and how often each was tried: until it is handled, or is a letter.
            CREATE TABLE %1$I.failed_record (
                grp text NOT NULL,
                topic text NOT NULL,
                part integer NOT NULL,
                record_offset bigint NOT NULL,
                tries integer NOT NULL,
                error text NOT NULL,
                failed_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (grp, topic, part, record_offset)
            );
            -- Dead letters of a reason in the minute that began at `since`: the limit holds through restarts.
            CREATE TABLE %1$I.bug_letters (
                reason text PRIMARY KEY,
                since timestamptz NOT NULL,
                n integer NOT NULL
            );
            CREATE TABLE %1$I.outbox (
                seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                event_id text NOT NULL UNIQUE,
                topic text NOT NULL,
                part integer NOT NULL,
                key text NOT NULL,
                value bytea NOT NULL,
                created_at timestamptz NOT NULL DEFAULT now(),
                -- Kafka never takes a quarantined row; a person looks at it (fenghuo outbox).
                quarantined_at timestamptz,
                error text,
                CHECK ((quarantined_at IS NULL) = (error IS NULL))
            );
            CREATE TABLE %1$I.timer (
                subject_id text NOT NULL,
                kind text NOT NULL,
                rung integer NOT NULL,
                due_at timestamptz NOT NULL,
                state text NOT NULL DEFAULT 'armed'
                    CHECK (state IN ('armed', 'paused', 'fired', 'cancelled', 'failed')),
                fired_at timestamptz,
                error text,
                PRIMARY KEY (subject_id, kind, rung),
                CHECK ((state = 'failed') = (error IS NOT NULL))
            );
            CREATE INDEX timer_due ON %1$I.timer (due_at) WHERE state = 'armed';
            CREATE INDEX timer_fired ON %1$I.timer (fired_at) WHERE state = 'fired';
            CREATE INDEX timer_failed ON %1$I.timer (due_at) WHERE state = 'failed';
            CREATE TABLE %1$I.retention_schedule (
                task text PRIMARY KEY,
                due_at timestamptz NOT NULL DEFAULT now(),
                -- Of a task that walks its table in the order of time: nothing older is to be done.
                done_until timestamptz
            );
            -- How many things of a kind retention has deleted: what was counted once still adds up.
            CREATE TABLE %1$I.deleted_count (
                kind text NOT NULL,
                status text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test', 'System')),
                n bigint NOT NULL,
                PRIMARY KEY (kind, status)
            );
        $ddl$, service);
    END LOOP;
END
$$;
