"""The one-machine stack without containers: real Kafka and Postgres, all services, one supervisor.

run/ holds state, data/ what survives a stop, log/ one file per process. See `stack.Stack`.
"""
