"""Seven services, one flow of data:

ingest    HTTP -> sensing.readings, incident.reports
scoring   readings -> alarm.events, sensing.health
alerting  alarms, reports, decisions of officers -> alert.lifecycle, public.notices
command   issued alerts, acknowledgements -> command.assignments down the tiers, supervision.events;
          alerts, upward reports -> incident.duties
notify    alerts, assignments, supervision -> duty.pages, answers back; console everything -> people
audit     every topic and every table -> findings, audit.trail
"""
