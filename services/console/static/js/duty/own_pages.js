// The officer's own pages on the screen of his centre: the same answers as on the phone.

import { post } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, list, text } from "../lib/dom.js";
import { select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { paged } from "../lib/paged_list.js";
import { act, answerWords, chip, drillTag, isDrill, level } from "../lib/components.js";
import { part } from "../lib/load_status.js";

const SHOWN = 50;
const VERBS = ["coming", "cannot", "hand_over"];
const MINUTES = [10, 20, 30, 60, 120];
const POSTS = ["B", "A", "commander"];

/** A list of the open pages and how to load it. */
export function ownPages(ctx) {
  const node = h("ul", { class: "cards", id: "own-pages" });
  const pages = paged(
    "pages",
    (one) => one.page_id,
    () => load(),
    SHOWN,
  );
  const load = part(
    node,
    () => ctx.ofHere(pages.read("/api/pages", { status: ctx.status, open: 1 })),
    (found) => {
      list(node, found.pages, (one) => one.page_id, card, t("pages.none"));
      pages.show({ ...found, total: found.waiting });
    },
  );

  function card(page) {
    return h(
      "li",
      { class: `card ${page.level} ${isDrill(page) ? "drill" : ""}` },
      h(
        "div",
        { class: "row" },
        drillTag(page),
        level(page.level),
        page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"),
        h("span", { class: "tail" }, when(page.sent_at)),
      ),
      h("h3", {}, text(page.headline)),
      page.text && text(page.text, "p"),
      h(
        "div",
        { class: "acts" },
        VERBS.map((verb) =>
          act(answerWords(page, verb), () => answer(page, verb), {
            class: verb === "coming" ? "primary" : null,
            "data-focus": `${page.page_id}-${verb}`,
          }),
        ),
      ),
    );
  }

  function answer(page, verb) {
    const key = crypto.randomUUID();
    const fields = [];
    if (verb === "coming")
      fields.push(
        select(t("answer.within"), "minutes", [
          ["", t("scale.unsaid")],
          ...MINUTES.map((n) => [n, t("answer.minutes", { n })]),
        ]),
      );
    if (verb === "hand_over")
      fields.push(
        select(t("answer.to.post"), "to", [
          ["", t("scale.unsaid")],
          ...POSTS.map((one) => [one, t(`post.${one}`)]),
        ]),
      );
    ask({
      words: answerWords(page, verb),
      about: {
        status: page.status,
        place: ctx.me.unit_name,
        headline: page.headline,
      },
      fields,
      reason: "optional",
      send: async ({ reason, form }) => {
        const { minutes, to } = form.elements;
        await post(
          `/api/pages/${page.page_id}/answers`,
          {
            verb,
            text: reason,
            ...(minutes?.value && { in_minutes: Number(minutes.value) }),
            ...(to?.value && { hand_to_post: to.value }),
          },
          key,
        );
        setTimeout(load, 1_000);
      },
    });
  }

  return { node, load, count: pages.count, more: pages.more };
}
