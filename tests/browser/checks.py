"""Measurements of a page in the browser: contrast (WCAG AA), names for screen readers, width."""

from __future__ import annotations

from playwright.async_api import Page

CUT = """() => [...document.querySelectorAll(".card")]
  .filter((card) => card.scrollHeight > card.clientHeight + 1)
  .map((card) => card.innerText.slice(0, 60))"""
"""Cards that do not show all their content."""
ASIDE = """() => [...document.querySelectorAll("#board .scroller")]
  .filter((table) => table.scrollWidth > table.clientWidth + 1)
  .map((table) => {
    const heading = table.querySelector("th:last-child").innerText;
    return `${heading} ${table.scrollWidth - table.clientWidth}`;
  })"""
"""Tables with columns outside the screen's width."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (node) => {
    for (let parent = node; parent; parent = parent.parentElement) {
      const style = getComputedStyle(parent);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const opacity = (node) => {
    let product = 1;
    for (let parent = node; parent; parent = parent.parentElement) {
      product *= getComputedStyle(parent).opacity;
    }
    return product;
  };
  const typed = "input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea";
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const texts = [...node.childNodes].filter((child) => child.nodeType === 3);
    const own = node.matches(typed) || texts.some((child) => child.data.trim());
    if (!own || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest(":disabled") || node.tagName === "OPTION") continue;
    const below = ground(node);
    if (!below) continue;
    const through = opacity(node);
    const ink = parse(getComputedStyle(node).color).slice(0, 3)
      .map((v, n) => v * through + below[n] * (1 - through));
    const [a, b] = [light(ink), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) {
      const text = node.textContent.slice(0, 20);
      bad.push(`${node.tagName} ${node.className} ${text} ${ratio.toFixed(2)}`);
    }
  }
  return bad;
}"""
"""Texts with a contrast below 4.5:1 to their background."""

NAMELESS = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const words = (ids) => (ids || "").split(" ")
    .map((id) => document.getElementById(id)?.innerText || "").join("").trim();
  const said = (node) => node.closest("details:not([open])") ? node.textContent : node.innerText;
  const named = (node) => (said(node) || "").trim() || node.getAttribute("aria-label")
    || words(node.getAttribute("aria-labelledby"))
    || node.querySelector("img[alt]:not([alt=''])")
    || [...(node.labels || [])].some((label) => said(label).trim());
  const own = (node) => {
    const title = document.getElementById(node.getAttribute("aria-labelledby"));
    return node.contains(title) && title.innerText.trim();
  };
  const ids = all("[id]").map((node) => node.id);
  return [
    ...all("button, a, input:not([type=hidden]), select, textarea").filter((node) => !named(node)),
    ...all("dialog").filter((node) => !own(node)),
    ...all("img:not([alt])"),
    ...all("fieldset").filter((node) => {
      const legend = node.querySelector("legend");
      return !legend || !said(legend).trim();
    }),
  ].map((node) => node.outerHTML.slice(0, 200))
    .concat(ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `twice: ${id}`))
    .concat(document.documentElement.lang ? [] : ["no language"])
    .concat(document.title ? [] : ["no title"]);
}"""
"""Controls, dialogs, groups and pictures without a name, and ids of two elements."""


async def unreadable(page: Page, where: str) -> list[str]:
    """Return the defects of the page as it stands, each with its place."""
    results = [*await page.evaluate(CONTRAST), *await page.evaluate(NAMELESS)]
    return [f"{where}: {result}" for result in results]
