-- console: read models of commands, their assignments and what timers said of these.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

CREATE TABLE console.command (
    command_id text PRIMARY KEY,
    status text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    alert_id text,
    -- The warning of another agency because of which an officer gave it.
    warning_id text,
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
    data_grade text NOT NULL,
    trace_id text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX command_open ON console.command (status) WHERE state IN ('issued', 'awaiting_check');
CREATE INDEX command_recent ON console.command (status, sent_at);
CREATE INDEX command_alert ON console.command (alert_id);

-- Words of one officer, which nobody else reads; deleted when the command is issued.
CREATE TABLE console.command_draft (
    officer_id text NOT NULL REFERENCES console.account ON DELETE CASCADE,
    draft_id text NOT NULL,
    body jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (officer_id, draft_id)
);

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
    data_grade text NOT NULL,
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
CREATE TABLE console.assignment_count (
    command_id text NOT NULL,
    town text COLLATE "C" NOT NULL,
    unit_tier text NOT NULL,
    state text NOT NULL,
    signed boolean NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (command_id, town, unit_tier, state, signed)
) WITH (fillfactor = 70);
-- Which commands reach a town: its screen would look into every command of a year.
CREATE INDEX assignment_count_of_town ON console.assignment_count (town, command_id);

CREATE FUNCTION console.count_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO console.assignment_count AS t
        SELECT command_id, left(unit, 9), unit_tier, state, signed_at IS NOT NULL, -count(*)
        FROM old_rows GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (command_id, town, unit_tier, state, signed) DO UPDATE SET n = t.n + excluded.n;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO console.assignment_count AS t
        SELECT command_id, left(unit, 9), unit_tier, state, signed_at IS NOT NULL, count(*)
        FROM new_rows GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (command_id, town, unit_tier, state, signed) DO UPDATE SET n = t.n + excluded.n;
    ELSE
        DELETE FROM console.assignment_count
        WHERE n = 0 AND command_id IN (SELECT DISTINCT command_id FROM old_rows);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignment_added AFTER INSERT ON console.assignment
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_assignments();
CREATE TRIGGER assignment_changed AFTER UPDATE ON console.assignment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_assignments();
CREATE TRIGGER assignment_gone AFTER DELETE ON console.assignment
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_assignments();

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
    data_grade text NOT NULL,
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
        AND a.status = NEW.status
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
    WHERE subject_id = NEW.assignment_id AND command_id = NEW.command_id AND unit = NEW.unit
        AND status = NEW.status;
    RETURN NULL;
END
$$;
CREATE TRIGGER supervised_added AFTER INSERT ON console.assignment
    FOR EACH ROW EXECUTE FUNCTION console.supervision_follows();
CREATE TRIGGER supervised_changed AFTER UPDATE ON console.assignment
    FOR EACH ROW WHEN ((OLD.state, OLD.sign_by, OLD.finish_by)
        IS DISTINCT FROM (NEW.state, NEW.sign_by, NEW.finish_by))
    EXECUTE FUNCTION console.supervision_follows();
