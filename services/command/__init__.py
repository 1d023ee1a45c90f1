"""command: alerts in, commands and assignments down the tiers; acknowledgements, roll-up, reports back up."""
