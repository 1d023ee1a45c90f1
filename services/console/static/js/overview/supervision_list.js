// The list of supervision: assignments whose deadline is missed or near, and whom to call.

import { contactLine } from "../duty/contact_line.js";
import { chip, drillTag, levelBadge, maskedText } from "../lib/components.js";
import { h, renderList } from "../lib/dom.js";
import { formatDuration, formatTime, t } from "../lib/i18n.js";

/** @import { SupervisionEntry } from "../types/commands.d.ts" */

/**
 * Return the key of an entry.
 * @param {SupervisionEntry} entry
 */
export const supervisionKey = (entry) => entry.assignment_id;

/**
 * Return the address of an assignment: its unit in the tree of its command.
 * @param {SupervisionEntry} entry
 */
export const assignmentAddress = ({ command_id: command, unit }) =>
  `#command/${command}~${encodeURIComponent(unit)}`;

/**
 * Draw the entries.
 * @param {HTMLElement} container
 * @param {SupervisionEntry[]} entries
 */
export function drawSupervision(container, entries) {
  renderList(container, entries, supervisionKey, supervisionItem, t("supervision.none"));
}

/** From this delay on, in seconds, only an outage of the system explains a late timer. */
const OUTAGE_S = 60;

/** @param {SupervisionEntry} entry */
function supervisionItem(entry) {
  const isGrave = entry.kind === "escalated" || entry.kind === "overdue";
  const kind = t(`supervision.${entry.kind}`, { rung: entry.rung });
  const post = t(`post.${entry.target_post}`);
  return h(
    "li",
    {},
    h("span", {}, chip(kind, isGrave ? "bad" : "")),
    h(
      "span",
      { class: "description" },
      drillTag(entry),
      h("a", { href: assignmentAddress(entry) }, entry.unit_name),
      ` ${t(`clock.${entry.clock}`)} `,
      h("span", { class: "muted" }, t("called", { unit: entry.target_name, post })),
      h("br"),
      maskedText(entry, entry.title),
      h("br"),
      contactLine(entry.contact),
      entry.late_by_s >= OUTAGE_S && [
        h("br"),
        h("span", { class: "muted" }, t("outage.late", { span: formatDuration(entry.late_by_s) })),
      ],
    ),
    h("span", {}, levelBadge(entry.level), " ", h("time", {}, formatTime(entry.due_at))),
  );
}
