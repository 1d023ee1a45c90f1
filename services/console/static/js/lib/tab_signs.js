// What a tab shows while another one is in front: the number and the gravest level of the pages
// that wait, in the title, the icon of the tab and the badge of the installed app.

import { t } from "./i18n.js";

/** @import { Level } from "../types/fields.d.ts" */

/** @type {Record<Level, string>} */
const COLOURS = {
  red: "#e5484d",
  orange: "#ef8a17",
  yellow: "#f2c230",
  blue: "#4a90e2",
  notice: "#8fa3b3",
};
const PLAIN_ICON = "/static/icon.svg";

let baseTitle = "";
let count = 0;
/** @type {Level | null} */
let level = null;

/**
 * Set the title that the page has while nothing waits.
 * @param {string} title
 */
export function setTitle(title) {
  baseTitle = title;
  show();
}

/**
 * Show how many pages wait, and the gravest level among them.
 * @param {number} waitingCount
 * @param {Level | null} gravestLevel
 */
export function showWaiting(waitingCount, gravestLevel) {
  count = waitingCount;
  level = gravestLevel;
  show();
}

function show() {
  const title = level ? t("tab.waiting", { n: count, level: t(`level.${level}`) }) : "";
  document.title = title ? `${title} ${baseTitle}` : baseTitle;
  /** @type {HTMLLinkElement | null} */
  const icon = document.querySelector("link[rel=icon]");
  const address = level ? iconAddress(level, count) : PLAIN_ICON;
  if (icon && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
  if (count > 0) navigator.setAppBadge?.(count).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

/**
 * @param {Level} iconLevel
 * @param {number} number
 */
function iconAddress(iconLevel, number) {
  const words = number > 99 ? "99+" : String(number);
  const size = words.length > 2 ? 13 : words.length > 1 ? 18 : 22;
  const ink = iconLevel === "yellow" || iconLevel === "orange" ? "#111922" : "#fff";
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">` +
    `<circle cx="16" cy="16" r="16" fill="${COLOURS[iconLevel]}"/>` +
    `<text x="16" y="17" font-family="sans-serif" font-weight="700" font-size="${size}" ` +
    `fill="${ink}" text-anchor="middle" dominant-baseline="middle">${words}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
