"""`fenghuo gaps`: records that a service can no longer read, and the decision to go on."""
