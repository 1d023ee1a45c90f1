// Cases: looking for one, and beside the list the one that is looked into. `#cases/ID` is its address.

import { get, Problem } from "../lib/api.js";
import { caseFile } from "../cases/case_file.js";
import { fill, h, list } from "../lib/dom.js";
import { select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { throttle } from "../lib/live_stream.js";
import {
  act,
  chip,
  drillTag,
  eventName,
  isDrill,
  level,
  LEVELS,
  openWords,
  panel,
} from "../lib/components.js";
import { standing } from "../lib/load_status.js";

const PAGE = 50;
const MOST = 200;
const STATES = ["open", "closed", "evaluated"];
const DAYS = [1, 7, 30, 365];
const TYPING_MS = 300;

/** Build the board; `ctx` = {me, status, item, ofHere, quietly} of the frame; `item` = the case looked into. */
export function casesBoard(ctx) {
  const state = { cases: [], next: null, chosen: ctx.item, file: null };
  const found = h("ul", { class: "cards limited", id: "case-list" });
  const count = h("span", { role: "status" });
  const place = h("div", { id: "case" });
  const more = act(t("more"), () => append(), {
    id: "cases-more",
    hidden: true,
  });
  const search = h(
    "form",
    {
      class: "search",
      role: "search",
      onsubmit: (event) => event.preventDefault(),
      oninput: () => later(),
      onchange: () => load(),
    },
    h(
      "label",
      { class: "grow" },
      t("cases.words"),
      h("input", {
        type: "search",
        name: "q",
        maxlength: 80,
        autocomplete: "off",
      }),
    ),
    select(t("case.state"), "state", [
      ["", t("all")],
      ...STATES.map((one) => [one, t(`case.state.${one}`)]),
    ]),
    select(t("case.level"), "level", [
      ["", t("all")],
      ...LEVELS.map((one) => [one, t(`level.${one}`)]),
    ]),
    select(t("cases.began"), "days", [
      ["", t("cases.any.time")],
      ...DAYS.map((n) => [n, t("cases.days", { n })]),
    ]),
  );
  const reading = standing(found);
  let typing = null;
  let asked = 0;

  function later() {
    clearTimeout(typing);
    typing = setTimeout(load, TYPING_MS);
  }

  function query(limit, after = "") {
    const { q, state: one, level: shade, days } = search.elements;
    const since =
      days.value &&
      new Date(Date.now() - Number(days.value) * 86_400_000).toISOString();
    return get("/api/cases", {
      status: ctx.status,
      q: q.value.trim(),
      state: one.value,
      level: shade.value,
      since,
      after,
      limit,
    });
  }

  async function load() {
    clearTimeout(typing);
    asked += 1;
    const mine = asked;
    reading.begin();
    let answer = null;
    try {
      answer = await ctx.ofHere(
        query(Math.min(MOST, Math.max(PAGE, state.cases.length))),
      );
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (mine === asked) reading.failed();
    }
    if (!answer || mine !== asked) return; // something else was asked for meanwhile
    Object.assign(state, { cases: answer.cases, next: answer.next });
    draw();
    reading.done();
  }

  async function append() {
    const mine = asked;
    const answer = await ctx.quietly(query(PAGE, state.next));
    if (!answer || mine !== asked) return;
    Object.assign(state, {
      cases: [...state.cases, ...answer.cases],
      next: answer.next,
    });
    draw();
  }

  function draw() {
    const items = state.cases.map((one) => ({
      ...one,
      chosen: one.case_id === state.chosen,
    }));
    list(found, items, (one) => one.case_id, card, t("cases.none"));
    fill(
      count,
      document.createTextNode(
        t(state.next ? "cases.first" : "count", { n: items.length }),
      ),
    );
    more.hidden = !state.next;
  }

  function card(one) {
    const began = when(one.began);
    return h(
      "li",
      {
        class: `card ${one.level ?? ""} ${isDrill(one) ? "drill" : ""} ${one.chosen ? "chosen" : ""}`,
      },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        one.level && level(one.level),
        chip(t(`case.state.${one.state}`)),
        h("span", { class: "tail" }, began),
      ),
      h(
        "h3",
        {},
        h(
          "a",
          {
            href: `#cases/${one.case_id}`,
            "aria-current": one.chosen ? "true" : null,
            "data-focus": one.case_id,
          },
          openWords(one, one.title),
        ),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", {}, one.root_name),
        h("span", {}, eventName(one.event_type)),
        h(
          "span",
          {},
          t("cases.holds", { alerts: one.alerts, commands: one.commands }),
        ),
      ),
    );
  }

  function go(item) {
    if (item === state.chosen) return;
    state.chosen = item;
    openFile();
    state.file?.refresh();
    draw();
  }

  function openFile() {
    state.file = state.chosen ? caseFile(ctx, state.chosen, load) : null;
    if (state.file) fill(place, state.file.node);
  }

  const renew = throttle(load, 2_000);
  const renewFile = throttle(async () => state.file?.refresh(), 2_000);
  if (state.chosen) openFile();
  else fill(place, h("p", { class: "empty" }, t("cases.choose")));
  return {
    node: h(
      "div",
      { class: "columns case-columns" },
      h(
        "div",
        { class: "stack" },
        panel(
          "cases.title",
          h("div", { class: "stack" }, search, found, more),
          count,
        ),
      ),
      h("div", { class: "stack" }, place),
    ),
    refresh: () => {
      load();
      renewFile();
    },
    go,
    line: (line) => {
      if (["alert", "command"].includes(line.kind)) renew();
      if (
        [
          "alert",
          "command",
          "assignments",
          "supervision",
          "report",
          "answer",
        ].includes(line.kind)
      )
        renewFile();
    },
  };
}
