// The officer's own pages without an answer: they ring, and their number is on the tabs of the
// screen. One request serves both; a drill has a number of its own.

import { get } from "../lib/api.js";
import { h, optionalElement } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { throttle } from "../lib/throttle.js";
import { signalWaiting } from "../lib/waiting_pages.js";
import { answerOrNull, screenCheck, showsDrill, state } from "./screen_state.js";

/** @import { Status } from "../types/fields.d.ts" */

const ID = "waiting-pages";

/** Make the badge of the tab; `loadOwnPages` fills it. */
export const pageCountBadge = () => h("span", { class: "badge", id: ID, hidden: true });

/**
 * Ask for the most urgent page of each matter; the answer has the number of all.
 * @param {Status} status
 */
const request = (status) =>
  answerOrNull(get("/api/pages", { status, open: 1, by_matter: 1, limit: 1 }));

/** Load the real pages: they ring, and outside a drill their number is shown. */
export const loadRealPages = throttle(async () => {
  const isCurrent = screenCheck();
  const answer = await request("Actual");
  if (!answer || !optionalElement("board")) return;
  signalWaiting(answer.pages, answer.waiting);
  if (isCurrent() && !showsDrill()) showCount(answer.waiting);
});

const loadDrillPages = throttle(async () => {
  const isCurrent = screenCheck();
  const answer = await request(state.status);
  if (answer && isCurrent() && showsDrill()) showCount(answer.waiting);
});

/** Load the real pages, and in a drill its own; a number that cannot be loaded again stays. */
export function loadOwnPages() {
  loadRealPages();
  if (showsDrill()) loadDrillPages();
}

/** @param {number} count */
function showCount(count) {
  const badge = optionalElement(ID);
  if (!badge) return;
  badge.hidden = count === 0;
  badge.className = "badge some";
  badge.textContent = String(count);
  badge.setAttribute("aria-label", t("pages.waiting.n", { n: count }));
}
