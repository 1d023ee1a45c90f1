-- console: read models of what people may see, a feed of what happened, people's sign-in, their acts.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

CREATE TABLE console.account (
    officer_id text PRIMARY KEY,
    name text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    post text NOT NULL CHECK (post IN ('B', 'A', 'commander')),
    token_sha256 text UNIQUE CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    oidc_subject text UNIQUE,
    disabled boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What an officer may see, be paged for and command: each in the subtree of a unit. No row, no right.
CREATE TABLE console.granted (
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    power text NOT NULL CHECK (power IN ('see', 'be_paged', 'command')),
    unit text COLLATE "C" NOT NULL,
    PRIMARY KEY (officer_id, power, unit)
);

-- Only hashes of tickets and session tokens are kept: a copy of the table opens no door.
CREATE TABLE console.ticket (
    ticket_sha256 text PRIMARY KEY,
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'password')),
    expires_at timestamptz NOT NULL
);
CREATE TABLE console.session (
    token_sha256 text PRIMARY KEY,
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_officer ON console.session (officer_id);

-- Sign-ins under way at the OIDC provider; each row is used once.
CREATE TABLE console.oidc_login (
    state_sha256 text PRIMARY KEY,
    browser_sha256 text NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    landing text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- People's acts as they were first recorded: a repeat is sent again byte for byte, so that readers
-- recognise it; another content under the same id is refused.
CREATE TABLE console.act (
    id text PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    digest bytea NOT NULL,
    officer_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX act_age ON console.act (created_at);

-- Idempotency keys of requests: what was asked (hash) and the answer for the next time. Forgotten with
-- the act.
CREATE TABLE console.request_key (
    officer_id text NOT NULL,
    key text NOT NULL,
    asked bytea NOT NULL,
    answer bytea NOT NULL,
    act_id text NOT NULL REFERENCES console.act ON DELETE CASCADE,
    PRIMARY KEY (officer_id, key)
);
CREATE INDEX request_key_act ON console.request_key (act_id);

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

CREATE TABLE console.command (
    command_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    alert_id text,
    event_type text NOT NULL,
    level text NOT NULL,
    root text COLLATE "C" NOT NULL,
    issuer_unit text COLLATE "C" NOT NULL,
    title text NOT NULL,
    instruction text NOT NULL,
    recipients integer NOT NULL,
    sign_by timestamptz NOT NULL,
    finish_by timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX command_open ON console.command (status) WHERE state IN ('issued', 'awaiting_check');
CREATE INDEX command_recent ON console.command (status, sent_at);
CREATE INDEX command_alert ON console.command (alert_id);

-- No index holds a column that a step changes: updates stay on their page (HOT).
CREATE TABLE console.assignment (
    assignment_id text PRIMARY KEY,
    command_id text NOT NULL,
    alert_id text,
    status text NOT NULL,
    version integer NOT NULL,
    unit text COLLATE "C" NOT NULL,
    unit_tier text NOT NULL,
    role text NOT NULL,
    state text NOT NULL,
    level text NOT NULL,
    event_type text NOT NULL,
    title text NOT NULL,
    instruction text NOT NULL,
    issuer_unit text NOT NULL,
    sign_by timestamptz NOT NULL,
    finish_by timestamptz NOT NULL,
    attempt integer NOT NULL,
    signed_at timestamptz,
    reported_at timestamptz,
    done_at timestamptz,
    late boolean NOT NULL,
    synthetic boolean NOT NULL,
    reason text NOT NULL,
    parent_assignment_id text,
    mandatory boolean NOT NULL DEFAULT true,
    release_unit text,
    reassigned_from text,
    asked_step text,
    asked_until timestamptz,
    asked_text text,
    suspended_until timestamptz,
    extensions integer NOT NULL DEFAULT 0,
    original_finish_by timestamptz,
    children jsonb,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX assignment_of_command ON console.assignment (command_id, unit);
-- The few with a desk, for whoever looks from the top down: grids are twenty times as many.
CREATE INDEX assignment_of_desk ON console.assignment (command_id, unit)
    WHERE unit_tier IN ('city', 'district', 'town', 'village');
CREATE INDEX assignment_of_unit ON console.assignment (unit, assignment_id);

-- How many assignments of a command there are per town (first nine digits of the unit), tier and state.
-- Kept by triggers, so that it is true whatever writes: screens of a city sum a few thousand rows.
CREATE TABLE console.tally (
    command_id text NOT NULL,
    town text COLLATE "C" NOT NULL,
    unit_tier text NOT NULL,
    state text NOT NULL,
    signed boolean NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (command_id, town, unit_tier, state, signed)
) WITH (fillfactor = 70);
-- Which commands reach a town: its screen would look into every command of a year.
CREATE INDEX tally_of_town ON console.tally (town, command_id);

CREATE FUNCTION console.tally_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO console.tally AS t
        SELECT command_id, left(unit, 9), unit_tier, state, signed_at IS NOT NULL, -count(*)
        FROM old_rows GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (command_id, town, unit_tier, state, signed) DO UPDATE SET n = t.n + excluded.n;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO console.tally AS t
        SELECT command_id, left(unit, 9), unit_tier, state, signed_at IS NOT NULL, count(*)
        FROM new_rows GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (command_id, town, unit_tier, state, signed) DO UPDATE SET n = t.n + excluded.n;
    ELSE
        DELETE FROM console.tally
        WHERE n = 0 AND command_id IN (SELECT DISTINCT command_id FROM old_rows);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignment_added AFTER INSERT ON console.assignment
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.tally_assignments();
CREATE TRIGGER assignment_changed AFTER UPDATE ON console.assignment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.tally_assignments();
CREATE TRIGGER assignment_gone AFTER DELETE ON console.assignment
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.tally_assignments();

CREATE TABLE console.acknowledgement (
    id text PRIMARY KEY,
    assignment_id text NOT NULL,
    status text NOT NULL,
    step text NOT NULL,
    attempt integer NOT NULL,
    officer_id text NOT NULL,
    officer_unit text NOT NULL,
    post text NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX acknowledgement_of ON console.acknowledgement (assignment_id);

-- The newest firing of the clocks of an assignment (of a command) or of a duty to report.
CREATE TABLE console.supervision (
    subject_id text NOT NULL,
    clock text NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    gravity integer NOT NULL,
    command_id text,
    unit text COLLATE "C" NOT NULL,
    rung integer NOT NULL,
    target_unit text NOT NULL,
    target_post text NOT NULL,
    due_at timestamptz NOT NULL,
    late_by_s double precision NOT NULL,
    level text NOT NULL,
    title text NOT NULL,
    sent_at timestamptz NOT NULL,
    -- Of the assignment as it is now: who counts all that is late of a city has no time to look up each.
    -- NULL while it is not known here, and of duties to report.
    unit_tier text,
    state text,
    sign_by timestamptz,
    finish_by timestamptz,
    PRIMARY KEY (subject_id, clock)
) WITH (fillfactor = 70);
CREATE INDEX supervision_of_command ON console.supervision (command_id, unit);
CREATE INDEX supervision_alone ON console.supervision (command_id, unit) WHERE state IS NULL;

-- Kept by triggers, so that it is true whatever writes. Whoever writes a firing locks its assignment, so
-- that none passes a change of it unseen. When both are new in two transactions, neither sees the other:
-- NULL stays, and readers look the assignment up.
CREATE FUNCTION console.supervision_finds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.unit_tier, a.state, a.sign_by, a.finish_by
    INTO NEW.unit_tier, NEW.state, NEW.sign_by, NEW.finish_by
    FROM console.assignment a
    WHERE a.assignment_id = NEW.subject_id AND a.command_id = NEW.command_id AND a.unit = NEW.unit
    FOR SHARE;
    RETURN NEW;
END
$$;
CREATE TRIGGER supervision_added BEFORE INSERT ON console.supervision
    FOR EACH ROW WHEN (NEW.command_id IS NOT NULL) EXECUTE FUNCTION console.supervision_finds();

CREATE FUNCTION console.supervision_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE console.supervision
    SET unit_tier = NEW.unit_tier, state = NEW.state, sign_by = NEW.sign_by, finish_by = NEW.finish_by
    WHERE subject_id = NEW.assignment_id AND command_id = NEW.command_id AND unit = NEW.unit;
    RETURN NULL;
END
$$;
CREATE TRIGGER supervised_added AFTER INSERT ON console.assignment
    FOR EACH ROW EXECUTE FUNCTION console.supervision_follows();
CREATE TRIGGER supervised_changed AFTER UPDATE ON console.assignment
    FOR EACH ROW WHEN ((OLD.state, OLD.sign_by, OLD.finish_by)
        IS DISTINCT FROM (NEW.state, NEW.sign_by, NEW.finish_by))
    EXECUTE FUNCTION console.supervision_follows();

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
    facts jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX report_of_incident ON console.report (status, incident_id, sent_at);

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
    -- Why a page failed.
    reason text,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX page_of_officer ON console.page (officer_id, sent_at);
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

-- Photos of a feedback, made anew by us (console/pictures.py): no byte of an upload is kept or served.
-- They go with their command.
CREATE TABLE console.photo (
    photo_id text PRIMARY KEY,
    assignment_id text NOT NULL,
    command_id text NOT NULL,
    status text NOT NULL,
    unit text COLLATE "C" NOT NULL,
    officer_id text NOT NULL,
    note text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    picture bytea NOT NULL,
    small bytea NOT NULL
);
CREATE INDEX photo_of_assignment ON console.photo (assignment_id, received_at);
CREATE INDEX photo_of_command ON console.photo (command_id, received_at);
CREATE INDEX photo_of_officer ON console.photo (officer_id, received_at);

-- Every fact of every case, one row per record: timelines and evaluations are read from here. The key
-- begins with the thread (an alert, a command, a page, a unit whose mode changed) and the time, so one
-- index recognises repeats and reads a thread in order. Only ever appended to.
CREATE TABLE console.case_event (
    thread text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    what text NOT NULL,
    part text NOT NULL,
    subject_id text NOT NULL,
    version integer NOT NULL,
    unit text COLLATE "C" NOT NULL,
    tier text NOT NULL,
    actor text,
    late boolean NOT NULL,
    told jsonb NOT NULL,
    PRIMARY KEY (thread, at, event_id)
);
CREATE INDEX case_event_age ON console.case_event USING brin (at);

-- 复盘. Small and worth reading years later: it stays.
CREATE TABLE console.case_review (
    case_id text PRIMARY KEY,
    review_id text NOT NULL,
    status text NOT NULL,
    officer_id text NOT NULL,
    officer_unit text NOT NULL,
    post text NOT NULL,
    body text NOT NULL,
    findings jsonb NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
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
