-- console: how much came in, and how often officers were called for it.
-- Unit columns are COLLATE "C" so that a subtree is one range of the index (core/access.py).

-- Counts of the subtree of each unit by day, each with its 24 hours: readings that scoring has judged,
-- alarms by kind and level, alerts, incidents, pages. Days and hours are those of China. Nothing is ever
-- subtracted: what retention deletes has been here. A screen reads the rows of one unit. Each session
-- of Postgres adds to rows of its own (`shard`): all would wait for the rows of the uppermost unit else,
-- also for those of a process that is paused.
CREATE TABLE console.load_count (
    unit text COLLATE "C" NOT NULL,
    status text NOT NULL,
    day date NOT NULL,
    figure text NOT NULL CHECK (figure IN ('readings', 'alarms', 'alerts', 'incidents', 'pages')),
    kind text NOT NULL,
    level text NOT NULL,
    hours bigint[] NOT NULL,
    shard smallint NOT NULL DEFAULT pg_backend_pid() % 16,
    PRIMARY KEY (unit, status, day, figure, kind, level, shard)
) WITH (fillfactor = 70);
CREATE INDEX load_count_age ON console.load_count USING brin (day);

-- The pages of each officer by day; `unit` is the unit whose post was called.
CREATE TABLE console.page_count (
    status text NOT NULL,
    day date NOT NULL,
    unit text COLLATE "C" NOT NULL,
    officer_id text COLLATE "C" NOT NULL,
    pages integer NOT NULL,
    shard smallint NOT NULL DEFAULT pg_backend_pid() % 16,
    PRIMARY KEY (status, day, unit, officer_id, shard)
) WITH (fillfactor = 70);

-- A unit and all units above it (shared/contracts/units.py).
CREATE FUNCTION console.lineage(unit text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT above FROM unnest(ARRAY[
        unit, substring(unit FROM '^[0-9]{12}/grid/[0-9]{3}'), left(unit, 12), left(unit, 9) || '000',
        left(unit, 6) || '000000', left(unit, 2) || '0000000000']) AS above
    WHERE above IS NOT NULL
$$;

-- The time of a clock in China.
CREATE FUNCTION console.china_time(at timestamptz) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT at AT TIME ZONE interval '8 hours'
$$;

CREATE FUNCTION console.add_hours(first bigint[], second bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(a + b ORDER BY hour) FROM unnest(first, second) WITH ORDINALITY AS n (a, b, hour)
$$;
CREATE AGGREGATE console.sum_hours(bigint[]) (
    SFUNC = console.add_hours, STYPE = bigint[],
    INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'
);

-- Adds counts to the units of these places and to all units above.
CREATE FUNCTION console.add_load(
    counted text, places text[], statuses text[], moments timestamptz[], kinds text[], levels text[],
    counts bigint[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO console.load_count AS old (unit, status, day, figure, kind, level, hours)
    SELECT unit, status, local_time::date, counted, kind, level, console.sum_hours(
        array_fill(0::bigint, ARRAY[extract(hour FROM local_time)::integer]) || n
        || array_fill(0::bigint, ARRAY[23 - extract(hour FROM local_time)::integer]))
    FROM (
        SELECT unit, status, date_trunc('hour', console.china_time(moment)) AS local_time, kind, level,
            sum(n)::bigint AS n
        FROM unnest(places, statuses, moments, kinds, levels, counts)
            AS input (place, status, moment, kind, level, n)
        CROSS JOIN LATERAL console.lineage(place) AS unit
        GROUP BY 1, 2, 3, 4, 5
    ) AS by_hour
    GROUP BY unit, status, local_time::date, kind, level
    ORDER BY unit COLLATE "C", status, local_time::date, kind, level
    ON CONFLICT (unit, status, day, figure, kind, level, shard)
        DO UPDATE SET hours = console.add_hours(old.hours, excluded.hours)
$$;

-- Kept by triggers, so that each alarm, alert and page counts once, when it is first known here; the
-- time is that of the version which came first.
CREATE FUNCTION console.count_alarms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM console.add_load('alarms', array_agg(place::text), array_agg(status), array_agg(sent_at),
        array_agg(kind), array_agg(level), array_agg(1::bigint))
    FROM new_rows WHERE NOT retrospective;
    RETURN NULL;
END
$$;
CREATE TRIGGER alarm_counted AFTER INSERT ON console.alarm
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_alarms();

CREATE FUNCTION console.count_alerts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM console.add_load('alerts', array_agg(place::text), array_agg(status), array_agg(sent_at),
        array_agg(''::text), array_agg(''::text), array_agg(1::bigint))
    FROM new_rows;
    PERFORM console.add_load('incidents', array_agg(place::text), array_agg(status), array_agg(sent_at),
        array_agg(''::text), array_agg(''::text), array_agg(1::bigint))
    FROM (
        SELECT DISTINCT ON (incident_id, status) * FROM new_rows
        ORDER BY incident_id, status, sent_at, alert_id
    ) AS first_alert
    WHERE NOT EXISTS (
        SELECT FROM console.alert AS earlier
        WHERE earlier.incident_id = first_alert.incident_id AND earlier.status = first_alert.status
            AND earlier.alert_id NOT IN (SELECT alert_id FROM new_rows));
    RETURN NULL;
END
$$;
CREATE TRIGGER alert_counted AFTER INSERT ON console.alert
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_alerts();

-- Pages about events only: a fault of the system and a test of an address are no load of an incident.
CREATE FUNCTION console.count_pages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM console.add_load('pages', array_agg(unit::text), array_agg(status), array_agg(sent_at),
        array_agg(''::text), array_agg(''::text), array_agg(1::bigint))
    FROM new_rows WHERE subject_kind NOT IN ('fault', 'fault_digest', 'contact_test');
    INSERT INTO console.page_count AS stored (status, day, unit, officer_id, pages)
    SELECT status, console.china_time(sent_at)::date, unit, officer_id, count(*)
    FROM new_rows WHERE subject_kind NOT IN ('fault', 'fault_digest', 'contact_test')
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, officer_id COLLATE "C"
    ON CONFLICT (status, day, unit, officer_id, shard) DO UPDATE SET pages = stored.pages + excluded.pages;
    RETURN NULL;
END
$$;
CREATE TRIGGER page_counted AFTER INSERT ON console.page
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION console.count_pages();
