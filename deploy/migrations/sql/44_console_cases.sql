-- console: photos, facts and reviews, from which cases are made.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

-- Photos of a feedback, made anew by us (console/features/photos): no byte of an upload is kept or served.
-- They go with their command.
CREATE TABLE console.photo (
    photo_id text PRIMARY KEY,
    assignment_id text,
    command_id text,
    incident_id text,
    restricted boolean NOT NULL DEFAULT false,
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
CREATE INDEX photo_of_incident ON console.photo (incident_id, received_at) WHERE incident_id IS NOT NULL;
CREATE INDEX photo_of_officer ON console.photo (officer_id, received_at);

-- Every fact of every case, one row per record: timelines and evaluations are read from here. The key
-- begins with the thread (an alert, a command, a page, a unit whose mode changed) and the time, so one
-- index recognises repeats and reads a thread in order. Only ever appended to.
CREATE TABLE console.case_fact (
    thread text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    event text NOT NULL,
    part text NOT NULL,
    subject_id text NOT NULL,
    version integer NOT NULL,
    unit text COLLATE "C" NOT NULL,
    tier text NOT NULL,
    actor text,
    late boolean NOT NULL,
    details jsonb NOT NULL,
    PRIMARY KEY (thread, at, event_id)
);
CREATE INDEX case_fact_age ON console.case_fact USING brin (at);

-- 复盘. Small and worth reading years later: it stays for ten years.
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
