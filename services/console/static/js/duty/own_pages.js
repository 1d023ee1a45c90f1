// The officer's own pages on the screen of the officer's centre, with the same answers as on the
// phone.

import { post } from "../lib/api.js";
import { answerLabel, button, cardClass, chip, drillTag } from "../lib/components.js";
import { confirmAction, problemLine } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import { select, valueOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { categoryBadge, categoryFilter } from "../lib/page_categories.js";
import { pagedList } from "../lib/paged_list.js";
import { dialableText } from "../lib/phone_numbers.js";
import { stableList } from "../lib/stable_list.js";
import { lateUnits, matterChip, quorumLines, wholeMatter } from "./matters.js";
import { successorField } from "./successors.js";
import { whyButton } from "./why_sheet.js";

/** @import { Option } from "../types/dom.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const ANSWER_VERBS = ["cannot", "need_help", "hand_over"];
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
    (page) => page.matter,
    () => load(),
    size,
  );
  const cards = stableList(node, (/** @type {Page} */ page) => page.matter, pageCard, "pages.none");
  const load = loader(
    node,
    () => context.current(pages.load(query())),
    (answer) => {
      cards.show(answer.pages);
      pages.show(answer, answer.waiting);
      onWaiting(answer.waiting);
    },
  );

  const query = () => ({
    status: context.status,
    open: 1,
    by_matter: 1,
    ...(category && { system: category === "system" ? 1 : 0 }),
  });

  /** @param {Page} page */
  function pageCard(page) {
    const problem = problemLine();
    return h(
      "li",
      { class: cardClass(page, page.level) },
      h(
        "div",
        { class: "row" },
        drillTag(page),
        categoryBadge(page),
        page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"),
        matterChip(page),
        h("span", { class: "tail" }, formatTime(page.sent_at)),
      ),
      h("h3", {}, text(page.headline)),
      lateUnits(page),
      quorumLines(page),
      page.text && dialableText(page.text),
      h(
        "div",
        { class: "acts" },
        comingButton(page, problem),
        !page.to_note && laterButton(page),
        ANSWER_VERBS.map((verb) => answerButton(page, verb)),
        whyButton(`/api/pages/${page.page_id}/why`, page.page_id),
      ),
      problem.node,
    );
  }

  /**
   * Make the button of the expected answer: one press sends it.
   * @param {Page} page
   * @param {ReturnType<typeof problemLine>} problem
   */
  function comingButton(page, problem) {
    const key = crypto.randomUUID();
    const comingNode = button(
      answerLabel(page, "coming"),
      async () => {
        comingNode.disabled = true;
        problem.clear();
        try {
          await send(page, { verb: "coming" }, key);
        } catch (error) {
          comingNode.disabled = false;
          problem.show(error);
        }
      },
      { class: "primary", "data-focus": `${page.page_id}-coming` },
    );
    return comingNode;
  }

  /** @param {Page} page */
  const laterButton = (page) =>
    button(t("answer.coming.in"), () => askForAnswer(page, "coming"), {
      "data-focus": `${page.page_id}-coming-in`,
    });

  /**
   * @param {Page} page
   * @param {string} verb
   */
  const answerButton = (page, verb) =>
    button(answerLabel(page, verb), () => askForAnswer(page, verb), {
      "data-focus": `${page.page_id}-${verb}`,
    });

  /**
   * @param {Page} page
   * @param {{ verb: string }} body
   * @param {string} key
   */
  async function send(page, body, key) {
    await post(`/api/pages/${page.page_id}/answers`, { ...body, ...wholeMatter(page) }, key);
    setTimeout(load, 1_000);
  }

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
        await send(page, body, key);
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
