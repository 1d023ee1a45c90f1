"""The console's channel: the record in the pages topic is the page itself.

The console service shows the record to its officer, and publishes receipts and answers. So nothing
is sent here, and a console page begins in the state `sent`.
"""

from __future__ import annotations

from shared.contracts.pages import Channel

CHANNEL = Channel.CONSOLE
