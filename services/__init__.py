"""Nine services, one flow of data:

ingest    HTTP -> sensing.readings, incident.reports
scoring   readings -> alarm.events, sensing.health
alerting  alarms, reports, decisions of officers -> alert.lifecycle, public.notices
command   issued alerts, acknowledgements -> command.assignments down the tiers, supervision.events;
          alerts, upward reports -> incident.duties
duty      changes of duty plans -> duty.roster, duty.coverage
catalog   changes of the ledger, entries of set-up -> catalog.resources, the history of entries
notify    alerts, assignments, supervision -> duty.pages, answers back
console   everything a person may see -> screens, phones, the API; acts of officers back
audit     every topic and every table -> findings, audit.trail
"""
