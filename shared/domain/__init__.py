"""Pure rules of the domain that two services or more apply: no I/O, no clock."""
