"""Web push and apprise: both optional, both against a real server."""

from __future__ import annotations

import base64
import json
from typing import Any

import http_ece  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notify.channels import other as other_module
from services.notify.channels import web_push as push_module
from services.notify.channels.other import OtherSettings
from services.notify.channels.port import DeliveryOutcome
from services.notify.channels.web_push import WebPushSettings
from shared.runtime.errors import SetupError
from tests.support.carrier import Behaviour, running_receiver
from tests.unit.notify.test_carriers import TOOLS, a_page


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


BROWSER = ec.generate_private_key(ec.SECP256R1())
AUTH = b"0123456789abcdef"
VAPID = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "p256dh": _b64(
        BROWSER.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    ),
    "auth": _b64(AUTH),
}
PUSH_TOOLS = TOOLS._replace(
    environ={
        **TOOLS.environ,
        "VAPID": _b64(VAPID.private_numbers().private_value.to_bytes(32, "big")),
    }
)
PUSH = {
    "channel": "web_push",
    "private_key": {"env": "VAPID"},
    "contact": "mailto:duty@example.org",
    "hosts": ["127.0.0.1"],
}


def subscription(endpoint: str) -> str:
    return json.dumps({"endpoint": endpoint, "keys": KEYS}, separators=(",", ":"))


async def test_a_push_arrives_sealed_for_its_browser() -> None:
    page = a_page()
    sender = WebPushSettings.model_validate(PUSH).sender(PUSH_TOOLS)
    async with running_receiver(201) as carrier:
        result = await sender.deliver(page, subscription(f"{carrier.base}/p/1"), resend=False)
    await sender.close()
    assert result.outcome is DeliveryOutcome.DELIVERED
    (got,) = carrier.requests
    assert got.headers["urgency"] == "high"
    assert got.headers["authorization"].startswith("vapid t=")
    assert page.headline.encode() not in got.raw
    opened = http_ece.decrypt(got.raw, private_key=BROWSER, auth_secret=AUTH)
    assert json.loads(opened)["page_id"] == page.page_id


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (410, DeliveryOutcome.REFUSED),
        (429, DeliveryOutcome.NOT_SENT),
        (500, DeliveryOutcome.UNKNOWN),
        ("lose", "unknown"),
    ],
)
async def test_a_push_service_is_judged_like_every_carrier(
    behaviour: Behaviour, outcome: DeliveryOutcome
) -> None:
    sender = WebPushSettings.model_validate(PUSH).sender(PUSH_TOOLS)
    async with running_receiver(behaviour) as carrier:
        result = await sender.deliver(a_page(), subscription(f"{carrier.base}/p"), resend=False)
    await sender.close()
    assert result.outcome == outcome


@pytest.mark.parametrize(
    "address",
    [
        None,
        "13800000001",
        "{}",
        '{"endpoint":"http://169.254.169.254/latest","keys":{"p256dh":"a","auth":"b"}}',
        '{"endpoint":"http://127.0.0.1:1/","keys":{"p256dh":"AAAA","auth":"AAAA"}}',
    ],
)
async def test_no_subscription_makes_us_call_another_server(address: str | None) -> None:
    sender = WebPushSettings.model_validate(PUSH).sender(PUSH_TOOLS)
    assert (
        await sender.deliver(a_page(), address, resend=False)
    ).outcome is DeliveryOutcome.REFUSED
    await sender.close()


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


@pytest.mark.parametrize(
    ("module", "settings", "package"),
    [
        (push_module, WebPushSettings.model_validate(PUSH), "pywebpush"),
        (
            other_module,
            OtherSettings.model_validate({"channel": "other", "url": {"env": "URL"}}),
            "apprise",
        ),
    ],
)
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, module: Any, settings: Any, package: str
) -> None:
    monkeypatch.setattr(module, "import_module", absent)
    with pytest.raises(SetupError, match=package):
        settings.sender(PUSH_TOOLS)
