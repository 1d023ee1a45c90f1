"""Rules and plans of an office: what is in force, and how an officer publishes a version."""
