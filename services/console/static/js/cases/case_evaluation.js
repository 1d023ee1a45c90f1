// How a case went: the whole, each tier, each unit. Spans are h:mm:ss; a dash is what did not come about.

import { h } from "../lib/dom.js";
import { span, t } from "../lib/i18n.js";
import { act } from "../lib/components.js";

const COUNTS = [
  "signed",
  "finished",
  "late",
  "returned",
  "reassigned",
  "suspended",
  "sent_back",
  "escalations",
  "answered",
];
const BAD = new Set(["late", "returned", "escalations"]);
const UNIT_SPANS = ["sign_s", "finish_s", "answer_s"];

const took = (seconds) =>
  seconds === null || seconds === undefined ? "–" : span(seconds * 1_000);
const number = (n, bad = false) =>
  h("td", { class: `number ${bad && n ? "bad" : n ? "" : "faint"}` }, n);
const words = (value) => h("td", { class: "number" }, value);

function table(label, head, rows, tall = false) {
  return h(
    "div",
    {
      class: `scroller ${tall ? "tall" : ""}`,
      tabindex: 0,
      role: "region",
      "aria-label": label,
    },
    h(
      "table",
      { class: "figures-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((key, n) =>
            h("th", { scope: "col", class: n ? "number" : null }, t(key)),
          ),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

/** All, and one row per tier. */
export function evaluationTable(found) {
  const head = [
    "case.col.tier",
    "case.col.units",
    ...COUNTS.map((one) => `case.col.${one}`),
    "case.col.sign_s",
    "case.col.sign_slowest",
    "case.col.finish_s",
    "case.col.answer_s",
  ];
  const row = (name, one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      number(one.units),
      COUNTS.map((key) => number(one[key], BAD.has(key))),
      words(took(one.sign_s.median_s)),
      words(took(one.sign_s.slowest_s)),
      words(took(one.finish_s.median_s)),
      words(took(one.answer_s.median_s)),
    );
  return h(
    "section",
    {},
    h("h3", {}, t("case.by_tier")),
    table(t("case.by_tier"), head, [
      row(t("case.whole"), found.whole),
      ...found.by_tier.map((one) => row(t(`tier.${one.tier}`), one)),
    ]),
  );
}

/** One row per unit; a press on its name tells its every fact (`choose(unit)`). */
export function unitsTable(units, choose) {
  const head = [
    "case.col.who",
    "case.col.state",
    ...COUNTS.slice(2).map((one) => `case.col.${one}`),
    "case.col.sign_one",
    "case.col.finish_one",
    "case.answer.one",
  ];
  const row = (one) =>
    h(
      "tr",
      {},
      h(
        "td",
        {},
        act(one.unit_name, () => choose(one), {
          class: "plain into",
          "data-focus": `of-${one.thread}-${one.unit}`,
        }),
        h("span", { class: "faint" }, ` ${t(`tier.${one.tier}`)}`),
      ),
      words(one.state ? t(`assignment.${one.state}`) : "–"),
      COUNTS.slice(2).map((key) => number(one[key], BAD.has(key))),
      UNIT_SPANS.map((key) => words(took(one[key]))),
    );
  if (!units.length) return h("p", { class: "empty" }, t("units.none"));
  return h(
    "section",
    {},
    h("h3", {}, t("case.by_unit")),
    table(t("case.by_unit"), head, units.map(row), true),
  );
}
