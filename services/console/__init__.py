"""The console: events come in and are shown on screens; acts of officers go out as records."""
