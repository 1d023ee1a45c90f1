// Response modes: what holds and from whose decision, what waits for one, and asking for a change.

import { get, post, Problem } from "../lib/api.js";
import { ask, typedName } from "../lib/dialogs.js";
import { fill, h, list, text } from "../lib/dom.js";
import { moment, momentOf, select, unitPicker } from "../lib/forms.js";
import { current, t, when } from "../lib/i18n.js";
import { act, chip, drillTag, isDrill, panel } from "../lib/components.js";
import { part } from "../lib/load_status.js";

const MODES = ["emergency", "standby", "recovery"];

/** Build the board; `ctx` = {me, status, ofHere} of the frame. */
export function modesBoard(ctx) {
  const holds = h("div", { id: "mode-now" });
  const below = h("ol", { class: "lines", id: "modes-below" });
  const proposals = h("ul", { class: "cards", id: "proposals" });

  const draw = (found) => {
    fill(
      holds,
      h("p", { class: `mode-word ${found.mode}` }, t(`mode.${found.mode}`)),
      h(
        "p",
        { class: "muted" },
        found.decided_at_name
          ? t("mode.by", { unit: found.decided_at_name })
          : t("mode.nobody"),
      ),
      act(t("mode.propose"), () => propose(), {
        class: "primary",
        id: "propose",
      }),
    );
    list(
      below,
      found.below,
      (one) => one.unit,
      (one) =>
        h(
          "li",
          {},
          h("span", {}, chip(t(`mode.${one.mode}`))),
          h("span", { class: "what" }, one.unit_name),
          h(
            "span",
            { class: "muted" },
            one.decided_at_name && t("mode.by", { unit: one.decided_at_name }),
          ),
        ),
      t("modes.none.below"),
    );
    list(
      proposals,
      found.proposals,
      (one) => one.proposal_id,
      card,
      t("proposals.none"),
    );
  };
  const load = part(
    [holds, below, proposals],
    () => ctx.ofHere(get("/api/modes", { status: ctx.status })),
    draw,
  );

  const inWords = (preview) => (current() === "en" ? preview.en : preview.zh);

  function card(one) {
    return h(
      "li",
      { class: `card ${isDrill(one) ? "drill" : ""}` },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        h("strong", {}, t(`mode.${one.mode}`)),
        chip(t(`proposal.${one.state}`)),
        h("span", { class: "tail" }, when(one.sent_at)),
      ),
      h("h3", {}, one.unit_name),
      h("p", {}, inWords(one.preview)),
      h(
        "p",
        { class: "facts" },
        h("span", {}, t("mode.until", { time: when(one.until) })),
        h(
          "span",
          {},
          t("next.signed", { signed: one.signatures.length, needed: 2 }),
        ),
        one.decide_by &&
          h("span", {}, t("decide.by", { time: when(one.decide_by) })),
      ),
      one.reason && text(one.reason, "p"),
      one.next_posts.length > 0 &&
        one.state !== "decided" &&
        h(
          "p",
          { class: "muted" },
          t("mode.waits", {
            posts: one.next_posts
              .map((post) => t(`post.${post}`))
              .join(t("and")),
          }),
        ),
      h(
        "div",
        { class: "acts" },
        one.may.map((verb) =>
          act(t(`proposal.do.${verb}`), () => judge(one, verb), {
            class: verb === "approve" ? "primary" : "danger",
            "data-focus": `${one.proposal_id}-${verb}`,
          }),
        ),
      ),
    );
  }

  function judge(one, verb) {
    ask({
      words: t(`proposal.do.${verb}`),
      about: {
        status: one.status,
        place: one.unit_name,
        headline: verb === "approve" ? inWords(one.preview) : one.reason,
      },
      type: typedName(
        one,
        verb === "reject" ? one.unit_name : t(`mode.${one.mode}`),
      ),
      reason: "optional",
      danger: verb !== "approve",
      send: async ({ reason }) => {
        await post(`/api/modes/proposals/${one.proposal_id}/${verb}`, {
          version: one.version,
          reason,
        });
        load();
      },
    });
  }

  function propose() {
    const unit = unitPicker(t("unit"), {
      unit: ctx.me.unit,
      name: ctx.me.unit_name,
    });
    const mode = select(
      t("mode"),
      "mode",
      MODES.map((one) => [one, t(`mode.${one}`)]),
    );
    const outcome = h("p", {
      class: "figures",
      "aria-live": "polite",
      id: "mode-preview",
    });
    const key = crypto.randomUUID();
    const show = async () => {
      try {
        const found = await get("/api/modes/preview", {
          unit: unit.value,
          mode: mode.querySelector("select").value,
          status: ctx.status,
        });
        fill(outcome, document.createTextNode(inWords(found)));
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        fill(outcome, document.createTextNode(problem.words));
      }
    };
    unit.addEventListener("change", show);
    mode.addEventListener("change", show);
    show();
    ask({
      words: t("mode.propose"),
      about: {
        status: ctx.status,
        place: ctx.me.unit_name,
        headline: t("mode.two"),
      },
      fields: [unit, mode, moment(t("until"), "until", 12), outcome],
      type: () => typedName(ctx, unit.unit.name),
      reason: "required",
      send: async ({ reason, form }) => {
        const body = {
          unit: unit.value,
          mode: form.elements.mode.value,
          until: momentOf(form.elements.until),
          reason,
          status: ctx.status,
        };
        await post("/api/modes/proposals", body, key);
        load();
      },
    });
  }

  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel("modes.title", holds),
        panel("modes.below", below),
      ),
      h("div", { class: "stack" }, panel("proposals.title", proposals)),
    ),
    refresh: load,
    line: (line) => line.kind === "mode" && load(),
  };
}
