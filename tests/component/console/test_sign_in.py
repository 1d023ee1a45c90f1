"""Sign-in by id, name or telephone number, and what the page says before anybody is known."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.accounts import Account, import_accounts
from services.console.features.identity.claims import claim_of
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.throttle import PER_NAME
from shared.contracts.fields import Post
from tests.component.console.test_passwords import OWN, dsn_of, set_password, sign_in
from tests.support.console_duty_records import slots
from tests.support.console_events import DISTRICT, NOW, SONGJI, ZHUTUO
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database

OFFICE = "永川区应急中心 ‖ Yongchuan Emergency Centre"


@pytest.mark.parametrize(
    ("typed", "words", "phone", "key"),
    [
        ("o-town-b", "o-town-b", "", "o-town-b"),
        ("  李  远 ", "李 远", "", "李 远"),
        ("Ｌｉ Yuan", "Li Yuan", "", "li yuan"),
        ("138 0000-0001", "138 0000-0001", "13800000001", "13800000001"),
        ("+86 138 0000 0001", "+86 138 0000 0001", "13800000001", "13800000001"),
        ("１３８００００００01", "13800000001", "13800000001", "13800000001"),
        ("o-500118118200-b", "o-500118118200-b", "", "o-500118118200-b"),
        ("", "", "", ""),
    ],
)
def test_all_ways_to_write_one_name_are_one_claim(
    typed: str, words: str, phone: str, key: str
) -> None:
    claim = claim_of(typed)
    assert (claim.words, claim.phone, claim.key) == (words, phone, key)


@pytest.mark.parametrize("typed", ["o-town-b", "李远", " 李远 ", "+86 139-0000-0002"])
async def test_an_officer_signs_in_by_id_name_or_number(
    console: ConsoleHarness, typed: str
) -> None:
    officer = Account(
        officer_id="o-town-b", name="李远", unit=ZHUTUO, post=Post.B, phone="139 0000 0002"
    )
    await import_accounts(dsn_of(console), [officer])
    await set_password(console)
    async with console.client(None) as client:
        assert (await sign_in(client, typed, "wrong password")).status_code == 401
        assert (await sign_in(client, typed)).status_code == 303
        assert (await client.get("/api/me")).json()["officer_id"] == "o-town-b"


async def test_a_number_of_the_roster_signs_in_while_one_person_has_it(
    console: ConsoleHarness,
) -> None:
    people = [
        Account(officer_id=officer, name=name, unit=ZHUTUO, post=post)
        for officer, name, post in (("li", "李远", Post.B), ("ma", "马", Post.A))
    ]
    await import_accounts(dsn_of(console), people)
    await set_password(console, "li")
    first, second, _ = slots(NOW)
    console.deps.directory.apply(first)
    async with console.client(None) as client:
        assert (await sign_in(client, "13800000001")).status_code == 303
    console.deps.directory.apply(second)
    async with console.client(None) as client:
        assert (await sign_in(client, "13800000001")).status_code == 401


async def test_a_name_of_several_people_is_refused_like_any_wrong_word(
    console: ConsoleHarness,
) -> None:
    """The sentence asks for the number; it is the same for a name that nobody has."""
    namesake = Account(
        officer_id="o-namesake", name="李远", unit=SONGJI, post=Post.A, phone="13900000003"
    )
    await import_accounts(dsn_of(console), [namesake])
    await set_password(console)
    await set_password(console, "o-namesake")
    checked: list[str | None] = []
    passwords = console.deps.part(IdentityParts).passwords
    check = passwords.check

    async def noted(stored: str | None, password: str) -> bool:
        checked.append(stored)
        return await check(stored, password)

    passwords.check = noted  # type: ignore[method-assign]
    async with console.client(None) as client:
        several = await sign_in(client, "李远")
        unknown = await sign_in(client, "无此人")
        wrong = await sign_in(client, "o-town-b", "wrong password")
        assert several.status_code == unknown.status_code == wrong.status_code == 401
        assert several.text == unknown.text == wrong.text
        assert "请改用电话号码" in several.text
        assert "use your telephone number" in several.text
        assert len(checked) == 3, "each attempt costs one hash"
        assert checked[:2] == [None, None]
        assert (await sign_in(client, "13900000003")).status_code == 303
        assert (await client.get("/api/me")).json()["officer_id"] == "o-namesake"
        assert (await sign_in(client, "o-town-b")).status_code == 303, "an id is one person's"


async def test_other_spellings_are_no_further_guesses(console: ConsoleHarness) -> None:
    await import_accounts(
        dsn_of(console),
        [Account(officer_id="o-en", name="Li Yuan", unit=DISTRICT, post=Post.A)],
    )
    await set_password(console, "o-en")
    async with console.client(None) as client:
        for typed in ("Li Yuan", "li yuan", "LI YUAN", " Li  Yuan", "Ｌi Yuan")[: PER_NAME.free]:
            assert (await sign_in(client, typed, "wrong password")).status_code == 401
        assert (await sign_in(client, "lI yUAN")).status_code == 429


@pytest.mark.parametrize(
    ("settings", "words", "foreign"),
    [
        ({}, ("烽火", "Fenghuo"), ("永川",)),
        (
            {"office": OFFICE, "home_unit": ZHUTUO},
            ("烽火", "永川区应急中心", "Yongchuan Emergency Centre", "朱沱镇"),
            ("‖",),
        ),
        ({"home_unit": "500199000000"}, ("烽火",), ("500199000000",)),
        ({"office": "<b>局</b>"}, ("&lt;b&gt;局",), ("<b>局",)),
    ],
)
async def test_the_page_names_the_product_the_office_and_its_place(
    settings: dict[str, Any], words: tuple[str, ...], foreign: tuple[str, ...]
) -> None:
    with fresh_database() as dsn:
        async with running_console(dsn, **settings) as console, console.client(None) as client:
            for path in ("/login", f"/login?ticket={'x' * 32}"):
                text = (await client.get(path)).text
                assert [word for word in words if word not in text] == []
                assert [word for word in foreign if word in text] == []


@pytest.mark.parametrize(
    ("address", "agent", "landing"),
    [
        ("/login", "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36", "/m"),
        ("/login", "Mozilla/5.0 (X11; Linux x86_64) Safari/537.36", "/"),
        ("/login?next=/", "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36", "/"),
        ("/login?next=/m", "curl", "/m"),
    ],
)
async def test_a_phone_opens_on_the_page_for_phones(
    console: ConsoleHarness, address: str, agent: str, landing: str
) -> None:
    async with console.client(None) as client:
        text = (await client.get(address, headers={**OWN, "user-agent": agent})).text
        assert f'name="next" value="{landing}"' in text
