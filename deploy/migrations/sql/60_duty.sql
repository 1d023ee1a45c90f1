-- Duty plans: the entries of each unit, and what was last published of each post.
-- The row of a unit is the lock under which its plan changes and its timers fire.
CREATE TABLE duty.unit (
    unit text PRIMARY KEY
);

CREATE SEQUENCE duty.place;

-- The newest decision of each unit about its response mode, of the real world only.
CREATE TABLE duty.mode (
    unit text PRIMARY KEY,
    mode text NOT NULL,
    version integer NOT NULL
);

-- `over_at`: the end of the entry's effect. `place`: the order of the entries' last changes.
CREATE TABLE duty.entry (
    entry_id text NOT NULL,
    unit text NOT NULL REFERENCES duty.unit,
    version integer NOT NULL,
    over_at timestamptz,
    place bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (unit, entry_id)
);
CREATE INDEX entry_of_unit ON duty.entry (unit, place);

CREATE TABLE duty.published_post (
    unit text NOT NULL REFERENCES duty.unit,
    post text NOT NULL,
    holder text,
    slots integer NOT NULL,
    gaps text NOT NULL,
    evaluated_until timestamptz,
    coverages integer NOT NULL,
    PRIMARY KEY (unit, post)
);
