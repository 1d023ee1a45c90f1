"""The command line for officers and scripts: a client of the HTTP API and of nothing else."""
