"""Queries that count the rows which contradict each other; each must count none."""

WRONGLY_ARMED = (
    "SELECT count(*) FROM (SELECT a.state, a.finish_overdue, "
    "count(*) FILTER (WHERE t.kind = 'sign_escalate' AND t.state = 'armed') AS sign, "
    "count(*) FILTER (WHERE t.kind LIKE 'finish%' AND t.state = 'armed') AS finish, "
    "count(*) FILTER (WHERE t.kind = 'resume' AND t.state = 'armed') AS resume, "
    "count(*) FILTER (WHERE t.state = 'paused') AS paused "
    "FROM command.assignment a LEFT JOIN command.timer t "
    "ON t.subject_id = a.assignment_id GROUP BY a.assignment_id) AS found "
    "WHERE sign <> (state = 'delivered')::int OR resume <> (state = 'suspended')::int "
    "OR (paused > 0 AND state <> 'suspended') OR finish <> (state IN ('signed', "
    "'accepted', 'handling') OR (state = 'delivered' AND NOT finish_overdue))::int"
)
"""Assignments with armed or paused timers other than their state needs.

An unsigned one has one timer that escalates. One without report has one finishing timer, unless
that is overdue and the unit has not signed. A suspended one has one timer that ends the suspension,
and no armed clock.
"""

WRONGLY_ADDED_UP = (
    "SELECT count(*) FROM command.assignment w JOIN (SELECT parent_assignment_id, "
    "count(*) AS total, count(*) FILTER (WHERE state = 'done') AS done, "
    "count(*) FILTER (WHERE state IN ('waived', 'reassigned', 'recalled')) AS released, "
    "count(*) FILTER (WHERE mandatory AND state NOT IN ('done', 'waived', 'reassigned', "
    "'recalled')) AS owed FROM command.assignment GROUP BY parent_assignment_id) AS n "
    "ON n.parent_assignment_id = w.assignment_id "
    "WHERE (w.children->>'total')::int IS DISTINCT FROM n.total "
    "OR (w.children->>'done')::int IS DISTINCT FROM n.done "
    "OR (w.children->>'released')::int IS DISTINCT FROM n.released "
    "OR (w.children->>'owed')::int IS DISTINCT FROM n.owed "
    "OR (n.owed > 0 AND w.state IN ('reported', 'checked', 'done'))"
)
"""Split assignments whose progress differs from a recount of the rows of their parts."""

WRONGLY_COUNTED = (
    "SELECT count(*) FROM command.tier_count c JOIN (SELECT command_id, unit_tier, "
    "count(*) AS total, count(*) FILTER (WHERE state <> 'queued') AS delivered, "
    "count(*) FILTER (WHERE coalesce(suspended_from, state) IN ('signed', 'accepted', "
    "'handling', 'reported', 'checked', 'done')) AS signed, "
    "count(*) FILTER (WHERE state IN ('reported', 'checked', 'done')) AS reported, "
    "count(*) FILTER (WHERE state = 'done') AS done, "
    "count(*) FILTER (WHERE state = 'returned') AS returned, "
    "count(*) FILTER (WHERE (sign_overdue AND state = 'delivered') OR (finish_overdue "
    "AND state IN ('delivered', 'signed', 'accepted', 'handling'))) AS overdue, "
    "count(*) FILTER (WHERE state = 'suspended') AS suspended, "
    "count(*) FILTER (WHERE state IN ('waived', 'reassigned', 'recalled')) AS released "
    "FROM command.assignment GROUP BY command_id, unit_tier) AS n "
    "ON n.command_id = c.command_id AND n.unit_tier = c.tier "
    "WHERE (c.total, c.delivered, c.signed, c.reported, c.done, c.returned, c.overdue, "
    "c.suspended, c.released) <> (n.total, n.delivered, n.signed, n.reported, n.done, "
    "n.returned, n.overdue, n.suspended, n.released)"
)
"""Tiers whose counters differ from a recount of the rows."""
