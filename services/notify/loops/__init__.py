"""Background loops of notify: deliveries, gauges, the operator's call settings, test schedules."""
