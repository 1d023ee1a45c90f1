// The duty board: who is on now and next at each post, what stands empty, and changing the plan.

import { get, post, put, Problem, upload } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { entryForm, KINDS } from "../duty/duty_forms.js";
import { fill, h, list, text } from "../lib/dom.js";
import { unitPicker } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { act, chip, panel } from "../lib/components.js";
import { reachPart } from "../duty/reachability.js";
import { part } from "../lib/load_status.js";

const DAYS = 7;

/** Build the board; `ctx` = {me, status, ofHere} of the frame. */
export function dutyBoard(ctx) {
  const state = { unit: ctx.me.unit, plan: null };
  const posts = h("div", { id: "posts" });
  const entries = h("ol", { class: "lines tall", id: "entries", tabindex: 0 });
  const gaps = h("ol", { class: "lines tall", id: "gaps", tabindex: 0 });
  const tools = h("div", { class: "acts" });
  const trouble = h("p", { class: "problem", role: "alert", hidden: true });
  const picker = unitPicker(t("unit"), {
    unit: ctx.me.unit,
    name: ctx.me.unit_name,
  });
  picker.addEventListener("change", () => {
    state.unit = picker.value;
    list(entries, [], null, null, "");
    loads.plan.anew();
    reach.anew();
  });
  const reach = reachPart(ctx, () => picker.unit);

  const loads = {
    plan: part(posts, askPlan, draw, 400),
    gaps: part(
      gaps,
      () => ctx.ofHere(get("/api/duty/gaps")),
      (found) =>
        list(
          gaps,
          found.gaps,
          (one) => `${one.unit}-${one.post}`,
          gap,
          t("gaps.none"),
        ),
    ),
  };

  async function askPlan() {
    const { unit } = state;
    const found = await ctx.ofHere(get("/api/duty", { unit, days: DAYS }));
    return unit === state.unit ? found : null;
  }

  function refresh() {
    for (const run of Object.values(loads)) run();
    reach.load();
  }

  const names = () =>
    new Map(
      state.plan.entries
        .filter((one) => one.rule.kind === "member")
        .map((one) => [one.rule.officer.officer_id, one.rule.officer.name]),
    );
  const person = (id) => (id ? (names().get(id) ?? id) : t("duty.empty"));

  function draw(plan) {
    state.plan = plan;
    fill(
      posts,
      plan.posts.length
        ? postTable(plan)
        : h("p", { class: "empty" }, t("duty.no.plan")),
    );
    list(
      entries,
      plan.entries,
      (one) => `${one.entry_id}-${one.version}`,
      entry,
      t("duty.no.plan"),
    );
    entries.hidden = !plan.entries.length && !plan.posts.length; // said above already
    const file = h("input", {
      type: "file",
      accept: ".csv,.ics",
      id: "duty-file",
      class: "hidden-visually",
      onchange: take,
      "aria-label": t("duty.import"),
    });
    const link = (form) =>
      h(
        "a",
        {
          class: "button",
          href: `/api/duty/export?unit=${encodeURIComponent(state.unit)}&format=${form}`,
          download: "",
        },
        t(`duty.export.${form}`),
      );
    fill(
      tools,
      KINDS.map((kind) =>
        act(t(`rule.${kind}`), () => change(kind), {
          "data-focus": `add-${kind}`,
        }),
      ),
      link("csv"),
      link("ics"),
      act(t("duty.import"), () => file.click()),
      file,
    );
  }

  function postTable(plan) {
    const head = ["post", "duty.now", "duty.next"];
    const cell = (turn) =>
      turn
        ? h(
            "td",
            { class: turn.officer_id ? null : "bad" },
            text(turn.name ?? t("duty.empty")),
            h("br"),
            h(
              "span",
              { class: "faint" },
              `${when(turn.begin)} – ${when(turn.end)}`,
            ),
          )
        : h("td", { class: "faint" }, "–");
    return h(
      "div",
      { class: "scroller", tabindex: 0 },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((key) => h("th", { scope: "col" }, t(key))),
          ),
        ),
        h(
          "tbody",
          {},
          plan.posts.map((one) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, t(`post.${one.post}`)),
              cell(one.turns[0]),
              cell(one.turns[1]),
            ),
          ),
        ),
      ),
    );
  }

  function entry(one) {
    const { rule } = one;
    return h(
      "li",
      {},
      h("span", {}, chip(t(`rule.${rule.kind}`))),
      h(
        "span",
        { class: "what" },
        describe(rule),
        rule.reason && [h("br"), text(rule.reason)],
      ),
      h(
        "span",
        {},
        act(t("duty.cancel"), () => cancel(one), {
          class: "danger",
          "data-focus": `${one.entry_id}-cancel`,
        }),
      ),
    );
  }

  function describe(rule) {
    const span = rule.begin && `${when(rule.begin)} – ${when(rule.end)}`;
    const post = rule.post && t(`post.${rule.post}`);
    const only = rule.modes?.length
      ? ` · ${t("duty.modes.only", { modes: rule.modes.map((one) => t(`mode.${one}`)).join(t("and")) })}`
      : "";
    switch (rule.kind) {
      case "member":
        return [
          text(rule.officer.name),
          h("br"),
          h(
            "span",
            { class: "faint" },
            rule.channels
              .map((one) => t(`channel.${one}`, {}, one))
              .join(t("and")),
          ),
        ];
      case "rotation":
        return [
          `${post} `,
          text(rule.members.map(person).join(" → ")),
          h("br"),
          h(
            "span",
            { class: "faint" },
            t("rotation.every", {
              n: rule.turn_days,
              time: rule.handover.slice(0, 5),
              from: rule.starts,
            }) + only,
          ),
        ];
      case "swap":
        return [
          text(`${person(rule.officer_id)} ⇄ ${person(rule.other_id)}`),
          h("br"),
          h(
            "span",
            { class: "faint" },
            `${span}；${when(rule.other_begin)} – ${when(rule.other_end)}`,
          ),
        ];
      default:
        return [
          post && `${post} `,
          text(person(rule.officer_id)),
          h("br"),
          h("span", { class: "faint" }, span + only),
        ];
    }
  }

  function gap(one) {
    return h(
      "li",
      {},
      h("span", {}, chip(t("duty.empty"), "bad")),
      h(
        "span",
        { class: "what" },
        `${one.unit_name} ${t(`post.${one.post}`)}`,
        h("br"),
        h(
          "span",
          { class: "muted" },
          one.gaps
            .slice(0, 3)
            .map((span) => `${when(span.begin)} – ${when(span.end)}`)
            .join("；"),
        ),
      ),
      h("span", { class: "muted" }, t("gaps.n", { n: one.gaps.length })),
    );
  }

  function change(kind) {
    const form = entryForm(kind, [...names()]);
    const entryId = `ent-${crypto.randomUUID()}`;
    ask({
      words: t(`rule.${kind}`),
      about: {
        status: "Actual",
        place: state.plan.unit_name,
        headline: t(`rule.${kind}.long`),
      },
      fields: form.fields,
      send: async ({ form: filled }) => {
        await put(
          `/api/duty/entries/${entryId}?unit=${encodeURIComponent(state.unit)}`,
          { rule: form.read(filled), version: 0 },
        );
        later();
      },
    });
  }

  function cancel(one) {
    ask({
      words: t("duty.cancel"),
      about: {
        status: "Actual",
        place: state.plan.unit_name,
        headline: t(`rule.${one.rule.kind}.long`),
      },
      fields: h("p", {}, describe(one.rule)),
      danger: true,
      send: async () => {
        await post(
          `/api/duty/entries/${one.entry_id}/cancel?unit=${encodeURIComponent(state.unit)}`,
        );
        later();
      },
    });
  }

  async function take(event) {
    const [file] = event.target.files;
    if (!file) return;
    trouble.hidden = true;
    const form = file.name.endsWith(".ics") ? "ics" : "csv";
    try {
      await upload(
        `/api/duty/import?unit=${encodeURIComponent(state.unit)}&format=${form}`,
        file,
      );
      later();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      fill(
        trouble,
        document.createTextNode(`${problem.words} ${problem.detail}`.trim()),
      );
      trouble.hidden = false;
    }
  }

  const later = () => setTimeout(refresh, 1_000); // the duty service has applied it by then, mostly

  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel(
          "duty.title",
          h("div", { class: "stack" }, picker, posts, tools, trouble, entries),
        ),
      ),
      h(
        "div",
        { class: "stack" },
        panel("reach.title", reach.node),
        panel("gaps.title", gaps),
      ),
    ),
    refresh,
    line: () => {},
  };
}
