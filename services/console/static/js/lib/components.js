// Small elements of both pages: levels with their word, drill marks, bars of the tiers, panels.

import { h, svg, text } from "./dom.js";
import { t } from "./i18n.js";

/** @import { Child, Properties } from "../types/dom.d.ts" */
/** @import { Level, Maskable } from "../types/fields.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */
/** @import { TierCounts } from "../types/units.d.ts" */
/** @import { LinkFacts, LinkState } from "../types/page.d.ts" */

/**
 * The levels of alerts, the gravest first.
 * @type {Level[]}
 */
export const LEVELS = ["red", "orange", "yellow", "blue"];
/** @type {Record<Level, number>} */
const SEVERITY = { notice: 0, blue: 1, yellow: 2, orange: 3, red: 4 };

/** Return the levels with their words, as the options of a choice. */
export const levelOptions = () =>
  LEVELS.map((name) => /** @type {const} */ ([name, t(`level.${name}`)]));

/** Return 提示, the kind below the four levels, as an option of a choice. */
export const noticeOption = () => /** @type {const} */ (["notice", t("level.notice")]);

/**
 * Return values with their words, as the options of a choice.
 * @param {readonly string[]} values
 * @param {string} prefix of the keys of the words
 */
export const optionsOf = (values, prefix) =>
  values.map((value) => /** @type {const} */ ([value, t(`${prefix}.${value}`)]));

/**
 * Make a level as colour and word; a proposed one is dashed. null stands for lifting.
 * @param {Level | null} name
 * @param {boolean} [proposed]
 */
export function levelBadge(name, proposed = false) {
  const key = name ?? "lift";
  const words = t(`level.${key}`);
  return h(
    "span",
    { class: `level ${key}${proposed ? " proposed" : ""}` },
    proposed ? t("proposed", { level: words }) : words,
  );
}

/** @param {Level | null} level */
const severityOf = (level) => (level ? SEVERITY[level] : -1);

/**
 * Return the more severe of two levels.
 * @param {Level | null} level
 * @param {Level | null} rival
 */
export const worseLevel = (level, rival) =>
  severityOf(level) >= severityOf(rival) ? level : rival;

/**
 * Return whether a record belongs to a drill.
 * @param {{ status?: string }} item
 */
export const isDrill = (item) => item.status === "Exercise";

/**
 * Make the mark of a drill, nothing for a real record.
 * @param {{ status?: string }} item
 */
export const drillTag = (item) =>
  isDrill(item) && h("span", { class: "drill-tag" }, t("drill.tag"));

/** Make the striped band that says that everything below it is a drill. */
export const drillBand = () =>
  h("div", { class: "stripes drill-band" }, h("span", {}, t("drill.banner")));

/**
 * Return the classes of a card.
 * @param {{ status?: string }} item
 * @param {(string | null)[]} classes
 */
export const cardClass = (item, ...classes) =>
  ["card", ...classes, isDrill(item) && "drill"].filter(Boolean).join(" ");

/**
 * Make a small label.
 * @param {string} words
 * @param {string} [kind]
 */
export const chip = (words, kind = "") => h("span", { class: `chip ${kind}` }, words);

/**
 * Return the name of a type of event, else that of its class.
 * @param {string} code
 */
export const eventName = (code) => t(`event.${code}`, {}, t(`event.${code.slice(0, 2)}`, {}, code));

/**
 * Make the free words of a record, or a note that they are hidden from the reader.
 * @param {Maskable} item
 * @param {string | undefined} words
 */
export const maskedText = (item, words) =>
  item.masked ? h("span", { class: "muted" }, t("masked")) : text(words);

/**
 * Make a button for an action.
 * @param {Child} words
 * @param {(event: MouseEvent) => unknown} onclick
 * @param {Properties} [properties]
 */
export function button(words, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, words);
}

/**
 * Make one row per tier: 镇街 [bar] 16/23, with the number of late ones in words.
 * @param {readonly TierCounts[]} rows
 */
export function tierBars(rows) {
  return h(
    "ul",
    { class: "tiers" },
    rows.map((row) =>
      h(
        "li",
        { class: "tier" },
        h("span", { class: "muted" }, t(`tier.${row.tier}`)),
        progressBar(row),
        h(
          "span",
          { class: "count" },
          `${row.signed}/${row.total}`,
          row.overdue > 0 && h("span", { class: "late" }, ` ${t("late", { n: row.overdue })}`),
        ),
      ),
    ),
  );
}

/**
 * Make a bar of the signed assignments and, over it, of the reported ones.
 * @param {{ total: number, signed: number, reported: number }} row
 */
export function progressBar(row) {
  /** @param {number} count */
  const percent = (count) => (row.total ? (100 * count) / row.total : 0);
  return svg(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 9",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("rect", { class: "signed", x: 0, y: 0, height: 9, width: percent(row.signed) }),
    svg("rect", { class: "done", x: 0, y: 0, height: 9, width: percent(row.reported) }),
  );
}

/**
 * Return the text of the strip under the header about the connection, "" when all is well.
 * @param {LinkState} state
 * @param {LinkFacts} facts
 * @param {(milliseconds: number) => string} formatTime
 */
export function linkText(state, facts, formatTime) {
  if (state === "offline")
    return t("state.offline.long", { time: formatTime(facts.heartbeatAt ?? 0) });
  if (state !== "behind") return "";
  const problems = Object.keys(facts.problems ?? {});
  return problems.length
    ? t("state.behind.broken", { event: problems.join(", ") })
    : t("state.behind.long", { n: facts.records });
}

/**
 * Make a part of a board with a title; `tail` stands at the end of the title.
 * @param {string} key
 * @param {Child} content
 * @param {Child} [tail]
 */
export function panel(key, content, tail) {
  return h(
    "section",
    { class: "panel", "aria-label": t(key) },
    h("header", {}, h("h2", {}, t(key)), tail && h("span", { class: "tail" }, tail)),
    content,
  );
}

/**
 * Make a table that scrolls within its part of the screen.
 * @param {{ class?: string, label?: string, tableClass?: string }} options
 * @param {readonly Child[]} headCells
 * @param {Child} rows
 */
export function scrollingTable(options, headCells, rows) {
  const properties = { class: `scroller ${options.class ?? ""}`.trim(), tabindex: 0 };
  const region = options.label ? { role: "region", "aria-label": options.label } : {};
  return h(
    "div",
    { ...properties, ...region },
    h(
      "table",
      { class: options.tableClass },
      h("thead", {}, h("tr", {}, headCells)),
      rows instanceof HTMLElement ? rows : h("tbody", {}, rows),
    ),
  );
}

/**
 * Make a cell of the head of a table.
 * @param {Child} words
 * @param {boolean} [isNumber]
 */
export const headCell = (words, isNumber = false) =>
  h("th", { scope: "col", class: isNumber ? "number" : null }, words);

/**
 * Return the label of an answer to a page; many pages ask nobody to come.
 * @param {Page} page
 * @param {string} verb
 */
export const answerLabel = (page, verb) =>
  t(page.to_note ? `answer.${verb}.note` : `answer.${verb}`, {}, t(`answer.${verb}`));
