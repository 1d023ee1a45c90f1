"""Call plans: the operator's settings of calls and communication tests, read and checked."""
