// The results of a check, of cases, of a backtest and of a publication.

import { chip, headCell, levelBadge, scrollingTable } from "../../lib/components.js";
import { h, text } from "../../lib/dom.js";
import { formatTime, t } from "../../lib/i18n.js";

/** @import { AlarmCounts, ChangedEpisode, Backtest } from "../../types/definitions.d.ts" */
/** @import { CaseResults } from "../../types/definitions.d.ts" */
/** @import { DefinitionCheck, Finding, PublishedVersions } from "../../types/definitions.d.ts" */

/** @type {(keyof AlarmCounts)[]} */
const SORTS = ["added", "removed", "moved", "equal"];
const MOST_FIELDS = 6;

/**
 * Show the findings of a text and the versions that it would make.
 * @param {DefinitionCheck} check
 */
export function checkResults(check) {
  const { findings, errors, warnings, cases, changes, unchanged } = check;
  return h(
    "div",
    { class: "stack" },
    h(
      "p",
      { class: "row" },
      errors ? chip(t("definitions.errors", { n: errors }), "bad") : chip(t("definitions.fine")),
      warnings > 0 && chip(t("definitions.warnings", { n: warnings })),
      cases > 0 && chip(t("definitions.case.count", { n: cases })),
    ),
    findings.length > 0 && findingTable(findings),
    changes.length > 0 &&
      h(
        "ul",
        { class: "plain-list" },
        changes.map((change) =>
          h(
            "li",
            {},
            h("strong", {}, `${change.id} v${change.version}`),
            ` ${t(`definitions.standing.${change.standing}`)} · `,
            change.was ? t("definitions.after", { n: change.was }) : t("definitions.new"),
            change.shadow_of && change.changed.length > 0
              ? ` · ${changedText(change.changed)}`
              : null,
            change.recipients !== null &&
              ` · ${t("definitions.recipients", { n: change.recipients })}`,
          ),
        ),
      ),
    unchanged.length > 0 &&
      h("p", { class: "muted" }, t("definitions.unchanged", { names: unchanged.join(", ") })),
  );
}

/** @param {string[]} fields */
function changedText(fields) {
  const more = fields.length > MOST_FIELDS ? " …" : "";
  return t("definitions.changed", { fields: fields.slice(0, MOST_FIELDS).join(", ") + more });
}

/** @param {Finding[]} findings */
function findingTable(findings) {
  const heads = ["line", "field", "problem", "allowed"].map((name) =>
    headCell(t(`definitions.column.${name}`)),
  );
  const rows = findings.map((finding) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, `${finding.file}:${finding.line}`),
      h("td", {}, text(finding.field)),
      h("td", {}, chip(t(`definitions.severity.${finding.severity}`)), " ", text(finding.message)),
      h("td", {}, text(finding.allowed)),
    ),
  );
  return scrollingTable({ label: t("definitions.findings") }, heads, rows);
}

/**
 * Show the results of cases, with the difference where one failed.
 * @param {CaseResults} results
 */
export function caseResults({ passed, failed, untried, cases }) {
  return h(
    "div",
    { class: "stack" },
    h(
      "p",
      { class: "row" },
      chip(t("definitions.passed", { n: passed })),
      failed > 0 && chip(t("definitions.failed", { n: failed }), "bad"),
    ),
    cases
      .filter((result) => !result.passed)
      .map((result) =>
        h(
          "details",
          { open: true },
          h("summary", {}, text(`${result.line}: ${result.case}`)),
          h("pre", { dir: "ltr" }, [...result.wrong, ...result.diff].join("\n")),
        ),
      ),
    untried.length > 0 &&
      h("p", { class: "muted" }, t("definitions.untried", { names: untried.join(", ") })),
  );
}

/**
 * Show what would have been different over the stored readings.
 * @param {Backtest} backtest
 */
export function backtestResults(backtest) {
  const { total, readings, since, until, notes, by_rule, by_day, changes } = backtest;
  return h(
    "div",
    { class: "stack" },
    h(
      "p",
      { class: "row" },
      SORTS.map((sort) => chip(sortText(sort, total[sort]))),
    ),
    h(
      "p",
      { class: "muted" },
      since === null || until === null
        ? t("definitions.no.readings")
        : t("definitions.readings", {
            n: readings,
            from: timeText(since),
            until: timeText(until),
          }),
    ),
    notes.map((note) => text(note, "p")),
    countTable(
      t("definitions.by.rule"),
      by_rule.map((row) => ({ ...row, name: row.rule })),
    ),
    countTable(
      t("definitions.by.day"),
      by_day.map((row) => ({ ...row, name: row.day })),
    ),
    changes.length > 0 &&
      h(
        "ul",
        { class: "plain-list" },
        changes.map(({ sort, rule, sensor, before, after }) =>
          h(
            "li",
            {},
            chip(t(`definitions.sort.${sort}`)),
            ` ${rule} · ${sensor} `,
            episode(before),
            before && after && " → ",
            episode(after),
          ),
        ),
      ),
  );
}

/** @param {ChangedEpisode | null} alarm */
const episode = (alarm) =>
  alarm && [
    levelBadge(alarm.level),
    ` ${timeText(alarm.began)} – ${alarm.ended === null ? "…" : timeText(alarm.ended)}`,
  ];

/**
 * @param {string} label
 * @param {(AlarmCounts & { name: string })[]} rows
 */
function countTable(label, rows) {
  if (!rows.length) return null;
  const heads = [headCell(label), ...SORTS.map((sort) => headCell(sortName(sort), true))];
  const lines = rows.map((row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, text(row.name)),
      SORTS.map((sort) => h("td", { class: "number" }, row[sort])),
    ),
  );
  return scrollingTable({ label }, heads, lines);
}

/** @param {string} sort */
const sortName = (sort) => t(`definitions.sort.${sort}`);

/**
 * @param {string} sort
 * @param {number} count
 */
const sortText = (sort, count) => `${sortName(sort)} ${count}`;

/** @param {number} seconds since 1970 */
const timeText = (seconds) => formatTime(new Date(seconds * 1_000).toISOString());

/**
 * Say which versions were recorded, and which another officer has published first.
 * @param {PublishedVersions} answer
 */
export function publishedText({ results }) {
  if (!results.length) return t("definitions.nothing");
  return results
    .map(({ id, version, reason }) =>
      t(reason ? "definitions.taken" : "definitions.recorded", { id, n: version }),
    )
    .join(" ");
}
