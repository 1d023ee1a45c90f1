// The strips at the top of the screen: the connection, the drills, the response mode.

import { button, linkText } from "../lib/components.js";
import { elementById, fill, h, optionalElement } from "../lib/dom.js";
import { formatClock, formatDay, formatTime, t } from "../lib/i18n.js";
import { drawMode } from "../modes/mode_banner.js";
import { showsDrill, state } from "./screen_state.js";

/** @import { Status } from "../types/fields.d.ts" */

/** Show the state of the connection. */
export function showLinkState() {
  const strip = elementById("state");
  const words = linkText(state.link, state.linkFacts, formatTime);
  strip.hidden = !words;
  strip.className = `banner ${state.link}`;
  if (strip.textContent !== words) strip.textContent = words;
  const label = optionalElement("link");
  if (!label) return; // Signed out.
  label.className = `link ${state.link}`;
  fill(label, t(`state.${state.link}`));
}

/**
 * Show that the screen is that of a drill, or that drills are running.
 * @param {(status: Status) => void} setStatus
 */
export function showDrillStrip(setStatus) {
  document.body.dataset.status = state.status;
  const strip = elementById("drill");
  const runningCount = state.overview?.exercises ?? 0;
  strip.hidden = !showsDrill() && !runningCount;
  // Stripes belong to the screen of a drill alone.
  strip.className = showsDrill() ? "stripes drill-band" : "drill-note";
  const words = t("drill.running", { n: runningCount });
  fill(
    strip,
    showsDrill()
      ? h("strong", {}, t("drill.banner"))
      : button(words, () => setStatus("Exercise"), { class: "drill-tag" }),
  );
}

/** Show the response mode, if it is known. */
export function showMode() {
  if (state.modes) drawMode(elementById("mode"), state.modes);
}

/** Show the time of the server. */
export function showTime() {
  const now = new Date(state.stream?.now() ?? Date.now());
  const node = optionalElement("time");
  if (!(node instanceof HTMLTimeElement)) return; // Signed out.
  node.textContent = formatClock(now);
  node.dateTime = now.toISOString();
  elementById("day").textContent = formatDay(now);
}
