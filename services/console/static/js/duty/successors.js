// The choice of the officer to whom a page is handed over: the next post, or a named person.

import { get, problemOf } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";

/** @import { Page } from "../types/overview.d.ts" */

/**
 * Make the choice; without a connection it has the next post alone.
 * @param {Page} page
 */
export function successorField(page) {
  const label = select(t("answer.to"), "hand_to", [["", t("answer.to.next")]]);
  addColleagues(selectOf(label), page);
  return label;
}

/**
 * @param {HTMLSelectElement} list
 * @param {Page} page
 */
async function addColleagues(list, page) {
  try {
    const { colleagues } = await get(`/api/pages/${page.page_id}/colleagues`);
    const options = colleagues.map(({ officer_id: value, name, unit_name: unit, post }) =>
      h("option", { value }, `${name} · ${unit} ${t(`post.${post}`)}`),
    );
    list.append(...options);
  } catch (error) {
    problemOf(error);
  }
}
