"""What the console offers, one folder per subject: routes, queries, views and actions."""
