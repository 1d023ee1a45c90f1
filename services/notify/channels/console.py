"""The console's channel: the record in the pages topic is the page itself.

The console service shows it to its officer; what comes back are receipts and answers. So there is
nothing to send here, and a console page begins in the state `sent`.
"""

from __future__ import annotations

from shared.contracts.pages import Channel

CHANNEL = Channel.CONSOLE
