"""The SQL of notify.

All transactions lock in this order: alerts (advisory), escalations, digests or the rows of gaps,
then the records of channels, each in the order of their ids.
"""
