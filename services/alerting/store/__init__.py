"""The SQL of alerting: alerts with their evidence, rules, episodes, silences and warnings."""
