// Small pieces used on both pages: levels with their word, drill marks, tier bars, states.

import { h, s, text } from "./dom.js";
import { t } from "./i18n.js";

export const LEVELS = ["red", "orange", "yellow", "blue"];
const RANK = { notice: 0, blue: 1, yellow: 2, orange: 3, red: 4 };

/** A level as colour and word; `proposed` = not issued (dashed, 拟). null = lift. */
export function level(name, proposed = false) {
  const key = name ?? "lift";
  const words = t(`level.${key}`);
  return h(
    "span",
    { class: `level ${key}${proposed ? " proposed" : ""}` },
    proposed ? t("proposed", { level: words }) : words,
  );
}

export const worse = (one, other) =>
  (RANK[one] ?? -1) >= (RANK[other] ?? -1) ? one : other;
export const isDrill = (item) => item.status === "Exercise";
export const drillTag = (item) =>
  isDrill(item) && h("span", { class: "drill-tag" }, t("drill.tag"));
export const chip = (words, more = "") =>
  h("span", { class: `chip ${more}` }, words);
export const eventName = (code) =>
  t(`event.${code}`, {}, t(`event.${code.slice(0, 2)}`, {}, code));

/** Free words of a record; where they are not open to whoever looks, that they are not. */
export const openWords = (one, words) =>
  one.masked ? h("span", { class: "muted" }, t("masked")) : text(words);

/** A button for an act. */
export function act(words, onclick, more = {}) {
  return h("button", { type: "button", onclick, ...more }, words);
}

/** One row per tier: 镇街 [bar] 16/23, with what is late in words. */
export function tiers(rows) {
  return h(
    "ul",
    { class: "tiers" },
    rows.map((row) => {
      const late = row.overdue;
      return h(
        "li",
        { class: "tier" },
        h("span", { class: "muted" }, t(`tier.${row.tier}`)),
        bar(row),
        h(
          "span",
          { class: "count" },
          `${row.signed}/${row.total}`,
          late > 0 &&
            h("span", { class: "late" }, ` ${t("late", { n: late })}`),
        ),
      );
    }),
  );
}

/** How far along: signed and, over it, reported. */
export function bar(row) {
  const part = (n) => (row.total ? (100 * n) / row.total : 0);
  const done = row.reported;
  return s(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 9",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    s("rect", {
      class: "signed",
      x: 0,
      y: 0,
      height: 9,
      width: part(row.signed),
    }),
    s("rect", { class: "done", x: 0, y: 0, height: 9, width: part(done) }),
  );
}

/** The strip under the header that says how the connection stands. */
export function stateWords(name, facts, when) {
  if (name === "offline")
    return t("state.offline.long", { time: when(facts.heard) });
  if (name === "behind") {
    const names = Object.keys(facts.problems ?? {});
    return names.length
      ? t("state.behind.broken", { what: names.join(", ") })
      : t("state.behind.long", { n: facts.records });
  }
  return "";
}

/** A titled part of a board. */
export function panel(key, content, tail) {
  return h(
    "section",
    { class: "panel", "aria-label": t(key) },
    h(
      "header",
      {},
      h("h2", {}, t(key)),
      tail && h("span", { class: "tail" }, tail),
    ),
    content,
  );
}

/** What an answer to a page is called: a reminder asks nobody to come. */
export const answerWords = (page, verb) =>
  t(`answer.${verb}.${page.subject_kind}`, {}, t(`answer.${verb}`));
