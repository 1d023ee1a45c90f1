"""Measurements of a page in the browser: contrast (WCAG AA), names for screen readers, width."""

from __future__ import annotations

from playwright.async_api import Page

CUT = """() => [...document.querySelectorAll(".card")]
  .filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.innerText.slice(0, 60))"""
"""Cards that do not show all they hold."""
ASIDE = """() => [...document.querySelectorAll("#board .scroller")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.querySelector("th:last-child").innerText} ${one.scrollWidth - one.clientWidth}`)"""
"""Tables with columns that one has to scroll aside for."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return null;
      const found = parse(style.backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const opacity = (node) => { let all = 1; for (let one = node; one; one = one.parentElement) all *= getComputedStyle(one).opacity; return all; };
  const typed = "input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea";
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = node.matches(typed) || [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility({ visibilityProperty: true }) || node.closest(":disabled") || node.tagName === "OPTION") continue;
    const below = ground(node);
    if (!below) continue;
    const through = opacity(node);
    const ink = parse(getComputedStyle(node).color).slice(0, 3).map((v, n) => v * through + below[n] * (1 - through));
    const [a, b] = [light(ink), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${node.tagName} ${node.className} ${node.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""
"""Texts that stand out less than 4.5:1 from what is behind them."""

NAMELESS = """() => {
  const words = (ids) => (ids || "").split(" ").map((id) => document.getElementById(id)?.innerText || "").join("").trim();
  const named = (one) => (one.innerText || "").trim() || one.getAttribute("aria-label") || words(one.getAttribute("aria-labelledby"))
    || one.querySelector("img[alt]:not([alt=''])") || [...(one.labels || [])].some((label) => label.innerText.trim());
  const own = (one) => { const title = document.getElementById(one.getAttribute("aria-labelledby")); return one.contains(title) && title.innerText.trim(); };
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return [
    ...[...document.querySelectorAll("button, a, input:not([type=hidden]), select, textarea")].filter((one) => !named(one)),
    ...[...document.querySelectorAll("dialog")].filter((one) => !own(one)),
    ...[...document.querySelectorAll("img:not([alt])")],
    ...[...document.querySelectorAll("fieldset")].filter((one) => !one.querySelector("legend")?.innerText.trim()),
  ].map((one) => one.outerHTML.slice(0, 200))
    .concat(ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `twice: ${id}`))
    .concat(document.documentElement.lang ? [] : ["no language"]).concat(document.title ? [] : ["no title"]);
}"""
"""Controls, dialogs, groups and pictures without a name, and ids that stand for two things."""


async def unreadable(page: Page, where: str) -> list[str]:
    """Return the defects of the page as it stands, each with its place."""
    results = [*await page.evaluate(CONTRAST), *await page.evaluate(NAMELESS)]
    return [f"{where}: {result}" for result in results]
