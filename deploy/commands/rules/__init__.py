"""`python -m deploy.commands.rules`: check, test, explain, backtest, plot and publish rules.

Runs the real engine beside the log: reads topics and files, writes nothing but a plot and, when
told to publish, `rule.definitions.v1`. Nobody is ever paged by it.
"""
