// Summaries of actions for the list of those that the server has not yet. Texts of the server stay
// in both languages: the list is read in the language of the page, also after a change of it.

import { bilingual } from "./i18n.js";

/** @import { ActionSummary } from "../types/actions.d.ts" */
/** @import { Assignment } from "../types/commands.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */

/**
 * Return the summary of an action on an assignment.
 * @param {Assignment} assignment
 * @param {string} verb
 * @returns {ActionSummary}
 */
export function assignmentSummary(assignment, verb) {
  const { assignment_id: subject, version } = assignment;
  const { unit_name: place, title: words } = bilingual(assignment);
  return { subject, version, verb, place, words };
}

/**
 * Return the summary of an answer to a page.
 * @param {Page} page
 * @param {string} verb
 * @returns {ActionSummary}
 */
export const answerSummary = (page, verb) => ({
  subject: page.page_id,
  verb,
  words: bilingual(page).headline,
});
