"""The only SQL of alerting: alerts with their evidence, and what rules over several sources look at."""
