// The number of the officer's own pages without an answer, on the tabs of the screen.

import { get } from "../lib/api.js";
import { h, optionalElement } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { throttle } from "../lib/throttle.js";
import { answerOrNull, screenCheck, state } from "./screen_state.js";

const ID = "waiting-pages";

/** Make the badge of the tab; `loadPageCount` fills it. */
export const pageCountBadge = () => h("span", { class: "badge", id: ID, hidden: true });

/** Load the number and show it; a number that cannot be loaded again stays. */
export const loadPageCount = throttle(async () => {
  const isCurrent = screenCheck();
  const query = { status: state.status, open: 1, by_matter: 1, limit: 1 };
  const answer = await answerOrNull(get("/api/pages", query));
  const badge = optionalElement(ID);
  if (!answer || !badge || !isCurrent()) return;
  badge.hidden = answer.waiting === 0;
  badge.className = "badge some";
  badge.textContent = String(answer.waiting);
  badge.setAttribute("aria-label", t("pages.waiting.n", { n: answer.waiting }));
});
