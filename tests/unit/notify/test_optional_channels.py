"""Apprise: an optional package, against a real server."""

from __future__ import annotations

from typing import Any

import pytest

from services.notify.channels import other as other_module
from services.notify.channels.other import OtherSettings
from services.notify.channels.port import DeliveryOutcome
from shared.runtime.errors import SetupError
from tests.support.carrier import running_receiver
from tests.unit.notify.test_carriers import TOOLS, a_page


async def test_apprise_reaches_a_known_carrier() -> None:
    async with running_receiver(200) as carrier:
        tools = TOOLS._replace(environ={"URL": f"json://127.0.0.1:{carrier.port}/to/{{address}}"})
        sender = OtherSettings.model_validate({"channel": "other", "url": {"env": "URL"}}).sender(
            tools
        )
        result = await sender.deliver(a_page(), "li/../ming", resend=False)
    assert result.outcome is DeliveryOutcome.DELIVERED
    (got,) = carrier.requests
    assert got.path == "/to/li%2F..%2Fming"
    assert a_page().headline in got.body["message"]


async def test_a_failure_of_apprise_counts_as_unknown() -> None:
    async with running_receiver(500) as carrier:
        tools = TOOLS._replace(environ={"URL": f"json://127.0.0.1:{carrier.port}/"})
        sender = OtherSettings.model_validate({"channel": "other", "url": {"env": "URL"}}).sender(
            tools
        )
        assert (
            await sender.deliver(a_page(), None, resend=False)
        ).outcome is DeliveryOutcome.UNKNOWN


def test_an_address_that_apprise_does_not_know_is_refused_at_start() -> None:
    tools = TOOLS._replace(environ={"URL": "nothing"})
    with pytest.raises(SetupError, match="apprise knows"):
        OtherSettings.model_validate({"channel": "other", "url": {"env": "URL"}}).sender(tools)


def absent(_name: str) -> Any:
    raise ImportError


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_module, "import_module", absent)
    settings = OtherSettings.model_validate({"channel": "other", "url": {"env": "URL"}})
    with pytest.raises(SetupError, match="apprise"):
        settings.sender(TOOLS)
