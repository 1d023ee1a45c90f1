// The preview of a draft: what would have been different in the last thirty days.

import { get } from "../../lib/api.js";
import { button, headCell, levelBadge, scrollingTable } from "../../lib/components.js";
import { fill, h } from "../../lib/dom.js";
import { problemLine } from "../../lib/dialogs.js";
import { formatTime, t } from "../../lib/i18n.js";

/** @import { LimitsPreview, PreviewCase, PreviewCounts } from "../../types/limits.d.ts" */
/** @import { Child } from "../../types/dom.d.ts" */

const DAYS = 30;
const MOST_UNITS = 50;
/** @type {(keyof PreviewCounts)[]} */
const COUNTS = [
  "clocks",
  "earlier",
  "later",
  "late_before",
  "late_after",
  "newly_late",
  "no_longer_late",
  "calls_before",
  "calls_after",
];

/**
 * Make the part that shows the preview of a draft when its button is pressed.
 * @param {string} draftId
 */
export function previewPart(draftId) {
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const problem = problemLine();

  async function load() {
    problem.clear();
    show.disabled = true;
    fill(result, h("p", { class: "muted" }, t("loading")));
    try {
      draw(await get(`/api/limits/drafts/${draftId}/preview`, { days: DAYS }));
    } catch (error) {
      fill(result);
      problem.show(error);
    }
    show.disabled = false;
  }

  /** @param {LimitsPreview} preview */
  function draw(preview) {
    const { units } = preview;
    fill(
      result,
      h(
        "p",
        {},
        t("limits.preview.head", {
          attempts: preview.attempts,
          duties: preview.duties,
          unjudged: preview.unjudged,
          calls: preview.calls_recorded,
        }),
      ),
      !preview.complete &&
        h("p", { class: "muted" }, t("limits.preview.until", { time: formatTime(preview.end) })),
      countTable("limits.preview.levels", [
        [t("limits.preview.all"), preview.total],
        ...preview.levels.map(
          (row) => /** @type {[Child, PreviewCounts]} */ ([levelBadge(row.level), row]),
        ),
      ]),
      units.length > 0 &&
        countTable(
          "limits.preview.units",
          units
            .slice(0, MOST_UNITS)
            .map((row) => [[row.unit_name, " ", levelBadge(row.level)], row]),
        ),
      units.length > MOST_UNITS &&
        h("p", { class: "muted" }, t("limits.preview.more", { n: units.length - MOST_UNITS })),
      preview.cases.length > 0
        ? caseList(preview.cases)
        : h("p", { class: "empty" }, t("limits.preview.same")),
    );
  }

  const show = button(t("limits.preview.show", { n: DAYS }), load, {
    class: "plain",
    "data-focus": `${draftId}-preview`,
  });
  return h("div", { class: "stack" }, h("div", { class: "acts" }, show), problem.node, result);
}

/**
 * @param {string} key
 * @param {[Child, PreviewCounts][]} rows
 */
function countTable(key, rows) {
  const heads = [
    headCell(t(key)),
    ...COUNTS.map((name) => headCell(t(`limits.count.${name}`), true)),
  ];
  const cells = rows.map(([name, counts]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      COUNTS.map((count) => h("td", { class: "number" }, counts[count])),
    ),
  );
  return scrollingTable({ label: t(key) }, heads, cells);
}

/** @param {PreviewCase[]} cases */
function caseList(cases) {
  return h(
    "details",
    {},
    h("summary", {}, t("limits.preview.cases", { n: cases.length })),
    h(
      "ul",
      { class: "limits-cases" },
      cases.map((item) =>
        h(
          "li",
          {},
          levelBadge(item.level),
          ` ${t(`limits.difference.${item.difference}`)} · ${item.unit_name} · `,
          item.clock ? t(`limits.clock.${item.clock}`) : "",
          item.before && item.after
            ? ` ${formatTime(item.before.due_at)} → ${formatTime(item.after.due_at)}`
            : "",
        ),
      ),
    ),
  );
}
