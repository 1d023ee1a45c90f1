// The board of the cases: a search, and beside its results the chosen case, else the load of the
// place. `#cases/ID` is the address of a case.

import { caseFile } from "../cases/case_file.js";
import { loadPanel } from "../cases/load_panel.js";
import { get, problemOf } from "../lib/api.js";
import {
  button,
  cardClass,
  chip,
  drillTag,
  eventName,
  levelBadge,
  levelOptions,
  maskedText,
  optionsOf,
  panel,
} from "../lib/components.js";
import { fill, h, renderList } from "../lib/dom.js";
import { select, textOf, valueOf } from "../lib/forms.js";
import { formatTime, pageData, t } from "../lib/i18n.js";
import { loadStatus } from "../lib/load_status.js";
import { throttle } from "../lib/throttle.js";

/** @import { Option } from "../types/dom.d.ts" */
/** @import { Case } from "../types/cases.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const RELOAD_LIMIT = 200;
const DAYS = [1, 7, 30, 365];
const DAY_MS = 86_400_000;
const TYPING_MS = 300;
const PAUSE_MS = 2_000;
const LIST_LINES = new Set(["alert", "command"]);
const FILE_LINES = new Set(["alert", "command", "assignments", "supervision", "report", "answer"]);

/**
 * @typedef {object} CasesState
 * @property {Case[]} cases
 * @property {string | null} next
 * @property {string | null} chosenId
 * @property {ReturnType<typeof caseFile> | null} file
 */

/**
 * Make the board; the item of the context is the chosen case.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function casesBoard(context) {
  /** @type {CasesState} */
  const state = { cases: [], next: null, chosenId: context.item, file: null };
  const list = h("ul", { class: "cards limited", id: "case-list" });
  const count = h("span", { role: "status" });
  const filePlace = h("div", { id: "case" });
  const moreButton = button(t("more"), () => append(), { id: "cases-more", hidden: true });
  const search = searchForm(
    () => scheduleLoad(),
    () => load(),
  );
  const placeLoad = loadPanel(context);
  const status = loadStatus(list);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typingTimer;
  let requestCount = 0;

  function scheduleLoad() {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(load, TYPING_MS);
  }

  /**
   * @param {number} limit
   * @param {string | null} [after]
   */
  function requestCases(limit, after = "") {
    const days = Number(valueOf(search, "days"));
    return get("/api/cases", {
      status: context.status,
      q: textOf(search, "q"),
      state: valueOf(search, "state"),
      level: valueOf(search, "level"),
      since: days ? new Date(Date.now() - days * DAY_MS).toISOString() : "",
      after,
      limit,
    });
  }

  async function load() {
    clearTimeout(typingTimer);
    requestCount += 1;
    const number = requestCount;
    status.begin();
    const limit = Math.min(RELOAD_LIMIT, Math.max(PAGE_SIZE, state.cases.length));
    let answer = null;
    try {
      answer = await context.current(requestCases(limit));
    } catch (error) {
      problemOf(error);
      if (number === requestCount) status.fail();
    }
    if (!answer || number !== requestCount) return; // A later request has replaced this one.
    Object.assign(state, { cases: answer.cases, next: answer.next });
    draw();
    status.succeed();
  }

  async function append() {
    const number = requestCount;
    const answer = await context.currentOrNull(requestCases(PAGE_SIZE, state.next));
    if (!answer || number !== requestCount) return;
    Object.assign(state, { cases: [...state.cases, ...answer.cases], next: answer.next });
    draw();
  }

  function draw() {
    const items = state.cases.map((item) => ({
      ...item,
      isChosen: item.case_id === state.chosenId,
    }));
    renderList(list, items, (item) => item.case_id, caseCard, t("cases.none"));
    fill(count, t(state.next ? "cases.first" : "count", { n: items.length }));
    moreButton.hidden = !state.next;
  }

  /** @param {string | null} id */
  function go(id) {
    if (id === state.chosenId) return;
    state.chosenId = id;
    openFile();
    refreshFile();
    draw();
  }

  function openFile() {
    state.file = state.chosenId ? caseFile(context, state.chosenId, load) : null;
    if (state.file) fill(filePlace, state.file.node);
    else fill(filePlace, h("p", { class: "empty" }, t("cases.choose")), placeLoad.node);
  }

  async function refreshFile() {
    await (state.file ?? placeLoad).refresh();
  }

  const reload = throttle(load, PAUSE_MS);
  const reloadFile = throttle(refreshFile, PAUSE_MS);
  openFile();
  return {
    node: h(
      "div",
      { class: "columns case-columns" },
      h(
        "div",
        { class: "stack" },
        panel("cases.title", h("div", { class: "stack" }, search, list, moreButton), count),
      ),
      h("div", { class: "stack" }, filePlace),
    ),
    refresh: () => {
      load();
      reloadFile();
    },
    go,
    line: ({ kind }) => {
      if (LIST_LINES.has(kind)) reload();
      if (FILE_LINES.has(kind)) reloadFile();
    },
  };
}

/**
 * @param {() => void} oninput
 * @param {() => void} onchange
 */
function searchForm(oninput, onchange) {
  /** @type {Option} */
  const all = ["", t("all")];
  const days = DAYS.map((n) => /** @type {const} */ ([n, t("cases.days", { n })]));
  return h(
    "form",
    {
      class: "search",
      role: "search",
      onsubmit: (event) => event.preventDefault(),
      oninput,
      onchange,
    },
    h(
      "label",
      { class: "grow" },
      t("cases.words"),
      h("input", { type: "search", name: "q", maxlength: 80, autocomplete: "off" }),
    ),
    select(t("case.state"), "state", [all, ...optionsOf(pageData.states.case.all, "case.state")]),
    select(t("case.level"), "level", [all, ...levelOptions()]),
    select(t("cases.began"), "days", [["", t("cases.any.time")], ...days]),
  );
}

/** @param {Case & { isChosen: boolean }} item */
function caseCard(item) {
  return h(
    "li",
    { class: cardClass(item, item.level, item.isChosen ? "chosen" : null) },
    h(
      "div",
      { class: "row" },
      drillTag(item),
      item.level && levelBadge(item.level),
      chip(t(`case.state.${item.state}`)),
      h("span", { class: "tail" }, formatTime(item.began)),
    ),
    h(
      "h3",
      {},
      h(
        "a",
        {
          href: `#cases/${item.case_id}`,
          "aria-current": item.isChosen ? "true" : null,
          "data-focus": item.case_id,
        },
        maskedText(item, item.title),
      ),
    ),
    h(
      "p",
      { class: "facts" },
      h("span", {}, item.root_name),
      h("span", {}, eventName(item.event_type)),
      h("span", {}, t("cases.holds", { alerts: item.alerts, commands: item.commands })),
    ),
  );
}
