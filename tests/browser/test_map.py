"""A GeoJSON file in place of the tiles: what it shows and says, what it keeps, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from deploy.example.sensors import all_sensors
from deploy.example.units import all_units
from services.console.features.overview.map_points import MapPoints
from shared.contracts.fields import Tier
from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.support.scoring import a_catalog_entry

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
TOWNS = sorted(
    (
        unit_entry
        for unit_entry in all_units()
        if unit_entry.tier is Tier.TOWN and unit_entry.unit.startswith("500118")
    ),
    key=lambda unit_entry: unit_entry.unit,
)
HOSTILE = '"><img src=x onerror=alert(1)>.geojson'


def square(number: int) -> list[list[list[float]]]:
    x, y = 105.7 + 0.1 * (number % 5), 29.1 + 0.1 * (number // 5)
    return [[[x, y], [x + 0.09, y], [x + 0.09, y + 0.09], [x, y + 0.09], [x, y]]]


def feature(number: int, **properties: Any) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "Polygon", "coordinates": square(number)}
    if number % 2:
        shape = {"type": "MultiPolygon", "coordinates": [square(number)]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def of_ring(ring: list[list[float]]) -> dict[str, Any]:
    return feature(0, code=TOWNS[0].unit) | {"geometry": {"type": "Polygon", "coordinates": [ring]}}


def a_map() -> dict[str, Any]:
    """All towns but the first, told by codes of both lengths or by name, and a place of somewhere
    else.
    """
    entries = [
        ({"code": TOWN.unit}, {"adcode": int(TOWN.unit[:9])}, {"name": TOWN.name})[number % 3]
        for number, TOWN in enumerate(TOWNS[1:])
    ]
    features = [feature(number, **entry) for number, entry in enumerate(entries)]
    return {"type": "FeatureCollection", "features": [*features, feature(30, name="<b>别处</b>")]}


async def load(page: Page, text: str, name: str = "map.geojson") -> None:
    await page.locator("#map-file").set_input_files(
        {"name": name, "mimeType": "application/geo+json", "buffer": text.encode()}
    )


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_map_shows_the_same_levels_as_the_tiles(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-district-b", lang=lang)
    await page.wait_for_selector("#tiles .tile.orange.issued")
    tile_count = await page.locator("#tiles .tile.issued, #tiles .tile.proposed").count()
    await load(page, json.dumps(a_map()), HOSTILE)
    await expect(page.locator("#map .area")).to_have_count(len(TOWNS) - 1)
    await expect(page.locator("#tiles .tile")).to_have_count(1)  # who is not on the map is not lost
    marked = "#map .area.issued, #map .area.proposed, #tiles .tile.issued, #tiles .tile.proposed"
    await expect(page.locator(marked)).to_have_count(tile_count)
    await expect(page.locator(".map-tail")).to_contain_text(HOSTILE)
    await expect(page.locator(".map-tail")).to_contain_text(f"{len(TOWNS) - 1}")
    await shot(page, f"map-{lang}")
    await page.reload()
    await expect(page.locator("#map .area")).to_have_count(len(TOWNS) - 1)
    await page.click("#map-remove")
    await expect(page.locator("#tiles .tile")).to_have_count(len(TOWNS))
    await page.reload()
    await expect(page.locator("#tiles .tile")).to_have_count(len(TOWNS))


async def test_an_area_is_pressed_like_a_tile(visitor: Visitor) -> None:
    page = await visitor.open("o-district-b")
    await page.wait_for_selector("#tiles .tile.orange.issued")
    await load(page, json.dumps(a_map()))
    area = page.locator("#map .area.orange.issued").first
    name = await area.get_attribute("aria-label")
    assert name is not None
    assert "橙色" in name  # a colour never stands alone
    cards = page.locator("#alerts .card")
    every = await cards.count()
    await area.focus()
    await page.keyboard.press("Enter")
    await expect(area).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#alerts-tail")).to_contain_text(name.split(" ")[0])
    await expect(cards).not_to_have_count(every)
    await cards.first.wait_for()
    await page.keyboard.press(" ")  # the focus has stayed
    await expect(cards).to_have_count(every)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "不是"),
        ('{"type": "Topology"}', "不是"),
        ('{"type": "FeatureCollection", "features": [null, {}]}', "没有本屏的下级单位"),
        (json.dumps(feature(0, name="别处")), "没有本屏的下级单位"),
        (json.dumps(feature(0, code=TOWNS[0].unit)).replace("[105.7,", '["1",'), "不是"),
        (json.dumps(of_ring([[186, 29], [187, 29], [187, 30], [186, 29]])), "不是"),
        (json.dumps(of_ring([[106, 29]] * 300_001)), "过大"),
    ],
    ids=["no-json", "topology", "no-features", "elsewhere", "no-number", "no-longitude", "large"],
)
async def test_a_file_that_is_no_map_is_refused_and_changes_nothing(
    visitor: Visitor, text: str, words: str
) -> None:
    page = await visitor.open("o-district-b")
    await page.wait_for_selector("#tiles .tile")
    await load(page, text)
    await expect(page.locator("#map-problem")).to_contain_text(words)
    await expect(page.locator("#tiles .tile")).to_have_count(len(TOWNS))
    await load(page, json.dumps(a_map()))
    await expect(page.locator("#map-problem")).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_schematic_map_stands_without_any_file(
    visitor: Visitor, served: Served, lang: str
) -> None:
    """Each town is a circle where its sensors are; alarms are points; nothing has a border."""
    sensors = [sensor for sensor in all_sensors() if sensor.position is not None][::20]
    names = served.console.deps.names
    for sensor in sensors:
        names.apply(a_catalog_entry(sensor))
    points = served.console.deps.part(MapPoints)
    points.forget()
    try:
        for width, height in ((1920, 1080), (1366, 768), (390, 844), (360, 640)):
            page = await visitor.open("o-district-b", lang=lang, width=width)
            await page.set_viewport_size({"width": width, "height": height})
            await expect(page.locator("#map .area")).to_have_count(len(TOWNS))
            await expect(page.locator("#tiles .tile")).to_have_count(0)
            await expect(page.locator("#map .sensors circle").first).to_be_attached()
            await expect(page.locator("#map .alarm-point").first).to_be_attached()
            assert await page.evaluate(OVERFLOW) <= 0
            await shot(page, f"schematic-{width}-{lang}")
        area = page.locator("#map .area.orange.issued").first
        await area.focus()
        await page.keyboard.press("Enter")
        await expect(area).to_have_attribute("aria-pressed", "true")
    finally:
        for sensor in sensors:
            names.remove(f"sensor:{sensor.sensor_id}")
        points.forget()
