// The officer's own pages on the screen of the officer's centre, with the same answers as on the
// phone.

import { post } from "../lib/api.js";
import { answerLabel, button, cardClass, chip, drillTag } from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import { select, valueOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { categoryBadge, categoryFilter } from "../lib/page_categories.js";
import { pagedList } from "../lib/paged_list.js";
import { dialableText } from "../lib/phone_numbers.js";
import { stableList } from "../lib/stable_list.js";
import { successorField } from "./successors.js";
import { whyButton } from "./why_sheet.js";

/** @import { Option } from "../types/dom.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const ANSWER_VERBS = ["coming", "cannot", "need_help", "hand_over"];
const MINUTES = [10, 20, 30, 60, 120];

/**
 * Make the list of the open pages and the function that loads it; `onWaiting` is called with the
 * number of pages that wait for an answer.
 * @param {BoardContext} context
 * @param {number} [size] the number of cards
 * @param {(count: number) => void} [onWaiting]
 */
export function ownPages(context, size = PAGE_SIZE, onWaiting = () => {}) {
  const node = h("ul", { class: "cards", id: "own-pages" });
  let category = "";
  const filter = categoryFilter((choice) => {
    category = choice;
    pages.restart();
    cards.clear();
    load.restart();
  });
  const pages = pagedList(
    "/api/pages",
    "pages",
    (page) => page.page_id,
    () => load(),
    size,
  );
  const cards = stableList(
    node,
    (/** @type {Page} */ page) => page.page_id,
    pageCard,
    "pages.none",
  );
  const load = loader(
    node,
    () => context.current(pages.load({ status: context.status, open: 1, ...categoryQuery() })),
    (answer) => {
      cards.show(answer.pages);
      pages.show(answer, answer.waiting);
      onWaiting(answer.waiting);
    },
  );

  const categoryQuery = () => (category ? { system: category === "system" ? 1 : 0 } : {});

  /** @param {Page} page */
  function pageCard(page) {
    return h(
      "li",
      { class: cardClass(page, page.level) },
      h(
        "div",
        { class: "row" },
        drillTag(page),
        categoryBadge(page),
        page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"),
        h("span", { class: "tail" }, formatTime(page.sent_at)),
      ),
      h("h3", {}, text(page.headline)),
      page.text && dialableText(page.text),
      h(
        "div",
        { class: "acts" },
        ANSWER_VERBS.map((verb) => answerButton(page, verb)),
        whyButton(`/api/pages/${page.page_id}/why`, page.page_id),
      ),
    );
  }

  /**
   * @param {Page} page
   * @param {string} verb
   */
  const answerButton = (page, verb) =>
    button(answerLabel(page, verb), () => askForAnswer(page, verb), {
      class: verb === "coming" ? "primary" : null,
      "data-focus": `${page.page_id}-${verb}`,
    });

  /**
   * @param {Page} page
   * @param {string} verb
   */
  function askForAnswer(page, verb) {
    const key = crypto.randomUUID();
    confirmAction({
      title: answerLabel(page, verb),
      subject: {
        status: page.status,
        place: context.me.unit_name,
        headline: page.headline,
      },
      fields: answerFields(page, verb),
      reason: "optional",
      send: async ({ reason, form }) => {
        const minutes = valueOf(form, "minutes");
        const successor = valueOf(form, "hand_to");
        const body = {
          verb,
          text: reason,
          ...(minutes && { in_minutes: Number(minutes) }),
          ...(successor && { hand_to: successor }),
        };
        await post(`/api/pages/${page.page_id}/answers`, body, key);
        setTimeout(load, 1_000);
      },
    });
  }

  const { count, moreButton } = pages;
  return { node, filter, load, count, moreButton, newButton: cards.newButton };
}

/**
 * @param {Page} page
 * @param {string} verb
 */
function answerFields(page, verb) {
  /** @type {Option} */
  const unstated = ["", t("scale.unsaid")];
  if (verb === "coming") {
    const options = MINUTES.map((n) => /** @type {const} */ ([n, t("answer.minutes", { n })]));
    return select(t("answer.within"), "minutes", [unstated, ...options]);
  }
  if (verb === "hand_over") return successorField(page);
  return null;
}
