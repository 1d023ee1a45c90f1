"""The only SQL of notify: ladders with their pages and timers, deliveries with their leases."""
