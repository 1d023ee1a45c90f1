"""command: alerts in, commands and assignments down the tiers; acknowledgements and roll-up back up."""
