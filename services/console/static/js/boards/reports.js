// The board of the reports upward: the duties to report with their deadlines; and the reports of
// one incident, each with its changes since the report before it. `#reports/INCIDENT` is its
// address.

import { get, Problem } from "../lib/api.js";
import {
  button,
  cardClass,
  chip,
  drillTag,
  levelBadge,
  maskedText,
  panel,
} from "../lib/components.js";
import { fill, h, rememberFocus, renderList, text } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadAll, loader } from "../lib/load_status.js";
import { photoRow } from "../lib/photos.js";
import { countText } from "../lib/paged_list.js";
import { clockLights, clockSummary } from "../reports/report_clocks.js";
import { factText, openReportForm } from "../reports/report_form.js";

/** @import { FactChange, IncidentAnswer, Report } from "../types/reports.d.ts" */
/** @import { ReportChain, ReportDuty } from "../types/reports.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const DUTY_LIMIT = 500;
const JUDGEMENT_MS = 1_000; // The report has been read and judged by then in most cases.
const RELEVANT_LINES = new Set(["supervision", "alert", "report", "duty"]);
/** @type {Record<string, string>} */
const ARROWS = { up: "▲", down: "▼" };

/**
 * Make the board; the item of the context is the chosen incident.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function reportsBoard(context) {
  const { status } = context;
  /** @type {{ chosenId: string | null, duties: ReportDuty[] }} */
  const state = { chosenId: context.item, duties: [] };
  const dutyList = h("ul", { class: "cards limited", id: "report-duties" });
  const summary = h("p", { class: "row", id: "report-sums" });
  const count = h("span");
  const incident = h("div", { id: "incident", class: "stack" });
  const filter = select(t("reports.show"), "show", [
    ["1", t("reports.open")],
    ["", t("reports.all")],
  ]);
  filter.addEventListener("change", () => {
    fill(summary);
    loaders.duties.restart();
  });

  const loaders = {
    duties: loader(dutyList, requestDuties, (answer) => {
      state.duties = answer.duties;
      fill(count, countText(answer.duties.length, answer.total));
      fill(summary, clockSummary(answer.summary));
      drawDuties();
    }),
    incident: loader(incident, requestIncident, drawIncident),
  };

  function requestDuties() {
    const open = selectOf(filter).value;
    return context.current(get("/api/reporting", { status, open, limit: DUTY_LIMIT }));
  }

  /**
   * Request the reports of the chosen incident; an element in their place says that there are none.
   * @returns {Promise<IncidentAnswer | HTMLElement | null>}
   */
  async function requestIncident() {
    const { chosenId } = state;
    if (!chosenId) return h("p", { class: "empty" }, t("reports.choose"));
    const path = /** @type {const} */ (`/api/incidents/${encodeURIComponent(chosenId)}/reports`);
    let answer;
    try {
      answer = await context.current(get(path, { status }));
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      answer = h("p", { class: "problem", role: "alert" }, t("reports.unknown"));
    }
    return chosenId === state.chosenId ? answer : null;
  }

  function refresh() {
    loadAll(loaders);
  }

  const refreshLater = () => setTimeout(refresh, JUDGEMENT_MS);

  function drawDuties() {
    const items = state.duties.map((duty) => ({
      ...duty,
      isChosen: duty.incident_id === state.chosenId,
    }));
    renderList(dutyList, items, (duty) => duty.duty_id, dutyCard, t("reporting.none"));
  }

  /** @param {IncidentAnswer | HTMLElement} answer */
  function drawIncident(answer) {
    if (answer instanceof HTMLElement) {
      fill(incident, answer);
      return;
    }
    const { may_start: start, chains } = answer;
    const restoreFocus = rememberFocus(incident);
    const duty = chains.flatMap((chain) => chain.duties)[0];
    fill(
      incident,
      h(
        "div",
        { class: "row" },
        drillTag(answer),
        duty && [
          levelBadge(duty.level),
          h("strong", {}, maskedText(duty, duty.title)),
          h("span", { class: "muted" }, duty.place_name),
        ],
        h("span", { class: "tail faint" }, answer.incident_id),
      ),
      start &&
        actionRow(t("reports.start", { unit: start.to_name }), "start", () =>
          openForm({ ...start, duties: [], reports: [], next_number: 1 }, answer),
        ),
      chains.map((chain) => chainSection(chain, () => openForm(chain, answer))),
      photoRow(answer.photos),
      !chains.length && h("p", { class: "empty" }, t("reports.none")),
    );
    restoreFocus();
  }

  /**
   * @param {ReportChain} chain
   * @param {IncidentAnswer} answer
   */
  function openForm(chain, answer) {
    const { incident_id: id, status: incidentStatus } = answer;
    openReportForm({ chain, incident: id, status: incidentStatus, onDone: refreshLater });
  }

  return {
    node: h(
      "div",
      { class: "columns case-columns" },
      h(
        "div",
        { class: "stack" },
        panel(
          "reporting.title",
          h("div", { class: "stack" }, h("div", { class: "search" }, filter), summary, dutyList),
          count,
        ),
      ),
      h("div", { class: "stack" }, panel("reports.incident", incident)),
    ),
    refresh,
    go: (item) => {
      state.chosenId = item;
      drawDuties();
      loaders.incident.restart();
    },
    line: ({ kind }) => {
      if (RELEVANT_LINES.has(kind)) refresh();
    },
  };
}

/**
 * @param {string} words
 * @param {string} focus
 * @param {() => void} onclick
 */
const actionRow = (words, focus, onclick) =>
  h("div", { class: "acts" }, button(words, onclick, { class: "primary", "data-focus": focus }));

/** @param {ReportDuty & { isChosen: boolean }} duty */
function dutyCard(duty) {
  return h(
    "li",
    { class: cardClass(duty, duty.level, duty.isChosen ? "chosen" : null) },
    h(
      "div",
      { class: "row" },
      drillTag(duty),
      levelBadge(duty.level),
      chip(t(`duty.${duty.state}`)),
      duty.skip_level && chip(t("duty.skip_level")),
      h("span", { class: "tail" }, formatTime(duty.started_at)),
    ),
    h(
      "h3",
      {},
      h(
        "a",
        {
          href: `#reports/${duty.incident_id}`,
          "aria-current": duty.isChosen ? "true" : null,
          "data-focus": duty.duty_id,
        },
        maskedText(duty, duty.title),
      ),
    ),
    h(
      "p",
      { class: "facts" },
      h("span", {}, `${duty.unit_name} → ${duty.to_name}`),
      h("span", {}, duty.place_name),
    ),
    clockLights(duty.clocks),
  );
}

/**
 * @param {ReportChain} chain
 * @param {() => void} openForm
 */
function chainSection(chain, openForm) {
  const sender = chain.from_name ?? t("reports.public");
  const receiver = chain.to_name ?? t("reports.responsible");
  const title = `${sender} → ${receiver}`;
  const words = t(chain.may.includes("written") ? "reports.write" : "reports.take.call");
  const focus = `write-${chain.from_unit}-${chain.to_unit}`;
  return h(
    "section",
    { class: "chain", "aria-label": title },
    h(
      "div",
      { class: "row" },
      h("h3", {}, title),
      chain.duties.map((duty) => [chip(t(`duty.${duty.state}`)), clockLights(duty.clocks)]),
    ),
    chain.may.length > 0 && actionRow(words, focus, openForm),
    chain.reports.length
      ? h("ol", { class: "reports" }, chain.reports.map(reportItem))
      : h("p", { class: "empty" }, t("reports.none")),
  );
}

/**
 * Make a report with its changes since the report before it.
 * @param {Report} report
 */
function reportItem(report) {
  const { kind, number, late } = report;
  const title = kind === "follow_up" ? t("report.follow_up.n", { n: number }) : t(`report.${kind}`);
  return h(
    "li",
    { class: "report" },
    h(
      "div",
      { class: "row" },
      h("strong", {}, title),
      report.means && chip(t(`means.${report.means}`)),
      late === true && chip(t("duty.late"), "bad"),
      late === false && chip(t("duty.met")),
      report.mark && chip(t(`report.${report.mark}`), "bad"),
      report.restricted && chip(t("report.restricted"), "bad"),
      h("span", { class: "tail" }, formatTime(report.sent_at)),
    ),
    h("p", {}, text(report.headline)),
    report.text && text(report.text, "p"),
    report.changes.length > 0 &&
      h(
        "ul",
        { class: "changes", "aria-label": t("report.changed") },
        report.changes.map(changeItem),
      ),
  );
}

/** @param {FactChange} change */
function changeItem(change) {
  const { field, direction, before: previous, after: updated } = change;
  const arrow = ARROWS[direction];
  return h(
    "li",
    { class: direction },
    h("span", { class: "muted" }, `${t(`facts.${field}`)} `),
    previous !== null && [h("s", {}, factText(field, previous)), " → "],
    h("strong", {}, factText(field, updated)),
    arrow && h("span", {}, ` ${arrow} ${t(`change.${direction}`)}`),
  );
}
