// One card for all waiting pages about a matter: repeats, and the supervision of one command. It
// tells who answers, and who does not.

import { chip } from "../lib/components.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @import { AskedOfficer, Page } from "../types/overview.d.ts" */

/**
 * Return the field of an answer to all pages that a card stands for.
 * @param {Page} page
 */
export const wholeMatter = ({ matter_count: count }) => (count > 1 ? { whole_matter: true } : {});

/**
 * Make the number of pages in a card; nothing for one.
 * @param {Page} page
 */
export const matterChip = ({ matter_count: count }) =>
  count > 1 && chip(t("matter.n", { n: count }), "bad");

/**
 * Make the line with the units that do not answer; nothing for a single page, whose text says it.
 * @param {Page} page
 */
export function lateUnits({ matter_count: count, late_units: units, late_unit_count: total }) {
  if (count < 2 || !units.length) return null;
  const key = total > units.length ? "matter.units.more" : "matter.units";
  return h("p", { class: "late-units" }, t(key, { units: units.join(t("and")), n: total }));
}

/**
 * Make the lines about a call that several officers have to answer; nothing where one is enough.
 * @param {Page} page
 */
export function quorumLines({ quorum }) {
  if (!quorum) return null;
  const { needed, count, answered, waiting } = quorum;
  return h(
    "p",
    { class: "quorum" },
    h("strong", {}, t("quorum.n", { n: count, needed })),
    answered.length > 0 && h("span", {}, t("quorum.answered", { people: people(answered) })),
    waiting.length > 0 && h("span", {}, t("quorum.waiting", { people: people(waiting) })),
  );
}

/** @param {AskedOfficer[]} officers */
const people = (officers) => officers.map(person).join(t("and"));

/** @param {AskedOfficer} officer */
function person({ own, officer_name: name, unit_name: unit, post }) {
  if (own) return t("quorum.you");
  return t("quorum.person", { name: name ?? unit, post: t(`post.${post}`) });
}
