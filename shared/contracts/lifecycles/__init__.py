"""The lives of what the services publish: states, events, transitions and sets of states, as data.

The service that owns a table steps by it; screens, checks and SQL take their sets from it.
"""
