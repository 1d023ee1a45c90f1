// The categories of pages: events, and faults of the system itself.

import { levelBadge } from "./components.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** @import { Page } from "../types/overview.d.ts" */

/** The kinds of lines of the feed after which an officer's own pages are loaded again. */
export const PAGE_KINDS = new Set(["page", "answer", "system"]);

/**
 * Return whether a page is about a fault of the system itself, not about an event.
 * @param {Page} page
 */
export const isSystem = (page) => ["fault", "fault_digest"].includes(page.subject_kind);

/**
 * Make the badge of a page: the level of an event, or the category of the system's own faults.
 * @param {Page} page
 */
export const categoryBadge = (page) =>
  isSystem(page)
    ? h("span", { class: "chip system" }, t("category.system"))
    : levelBadge(page.level);

/**
 * Make the drop-down list that shows all pages, those about events, or those about the system.
 * @param {(category: string) => void} onChoice called with "", "event" or "system"
 */
export function categoryFilter(onChoice) {
  const options = ["all", "event", "system"].map((name) =>
    h("option", { value: name === "all" ? "" : name }, t(`category.${name}`)),
  );
  return h(
    "select",
    {
      "aria-label": t("category.label"),
      "data-category": "",
      onchange: (/** @type {Event} */ event) =>
        onChoice(/** @type {HTMLSelectElement} */ (event.target).value),
    },
    options,
  );
}

/**
 * Return the pages of a category.
 * @template {Page} P
 * @param {P[]} pages
 * @param {string} category "", "event" or "system"
 */
export const ofCategory = (pages, category) =>
  pages.filter((page) => !category || isSystem(page) === (category === "system"));
