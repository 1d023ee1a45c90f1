"""Digests 摘要: what is over an officer's budget reaches him together instead of call by call."""
