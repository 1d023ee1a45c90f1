// The clocks of a duty to report, each as a light with its words.

import { chip } from "../lib/components.js";
import { h } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { light } from "../lib/lights.js";

/** @import { ReportClock } from "../types/reports.d.ts" */
/** @import { LightColour } from "../lib/lights.js" */

/**
 * The colour of each state of a clock.
 * @type {Map<string, LightColour>}
 */
const COLOURS = new Map([
  ["overdue", "red"],
  ["missed", "red"],
  ["late", "yellow"],
  ["due", "yellow"],
  ["met", "green"],
  ["stopped", "green"],
]);
const SUMMARY_ORDER = ["overdue", "late", "missed", "due", "met"];
const BREACHED = new Set(["overdue", "late", "missed"]);

/**
 * Make labels with the number of duties in each state of their clocks.
 * @param {Record<string, number>} summary
 */
export function clockSummary(summary) {
  return SUMMARY_ORDER.filter((state) => summary[state]).map((state) =>
    chip(`${t(`duty.${state}`)} ${summary[state]}`, BREACHED.has(state) ? "bad" : ""),
  );
}

/**
 * Make one light per deadline.
 * @param {ReportClock[]} clocks
 */
export function clockLights(clocks) {
  return h("span", { class: "clocks" }, clocks.map(clockLight));
}

/** @param {ReportClock} clock */
function clockLight(clock) {
  const name = clock.clock.replace("report_", "");
  const target = clock.target_name
    ? ` ${t("called", { unit: clock.target_name, post: t(`post.${clock.target_post}`) })}`
    : "";
  const report = t(`report.${name}`, {}, t(`means.${name}`, {}, name));
  const time = formatTime(clock.met_at ?? clock.due_at);
  const words = `${report} ${t(`duty.${clock.state}`)} ${time}${target}`;
  return light(COLOURS.get(clock.state) ?? "yellow", words, "clock-light");
}
