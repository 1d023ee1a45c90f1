// The file of one case: its head with the exports, its timeline, its evaluation, its review.

import { openAlertSheet } from "../alerts/alert_sheet.js";
import { sensorChart } from "../alerts/sensor_chart.js";
import { courseChart } from "../commands/course_chart.js";
import { openUnitSheet } from "../commands/unit_sheet.js";
import { addressOf, get, problemOf } from "../lib/api.js";
import {
  button,
  chip,
  drillBand,
  drillTag,
  eventName,
  isDrill,
  levelBadge,
  maskedText,
} from "../lib/components.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadStatus } from "../lib/load_status.js";
import { photoRow } from "../lib/photos.js";
import { tabList } from "../lib/tabs.js";
import { evaluationTable, unitsTable } from "./case_evaluation.js";
import { reviewPart } from "./case_review.js";
import { entrySubject, entryWords } from "./timeline_words.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { CaseDetail, EvaluationAnswer } from "../types/cases.d.ts" */
/** @import { TimelineEntry, UnitEvaluation } from "../types/cases.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const ENTRY_PAGE_SIZE = 200;
const ENTRY_LIMIT = 500;
const UNIT_PAGE_SIZE = 100;
const UNIT_LIMIT = 1_000;
const PHOTO_LIMIT = 24;
const ALERT_LIMIT = 100;
const SLOTS_S = [60, 300, 3600, 86_400];
const PROJECTION_MS = 1_000; // The console has read its own record by then in most cases.

/**
 * @typedef {object} CaseFileState
 * @property {number} slot seconds that the timeline sums up
 * @property {UnitEvaluation | null} unit the unit whose entries are shown; null for all
 * @property {TimelineEntry[]} entries
 * @property {string | null} next
 * @property {number} unitLimit
 * @property {boolean} exists whether the head of the case has been read
 */

/**
 * Make the file of a case; `onChange` is called after an action. `refresh()` reads the case again.
 * @param {BoardContext} context
 * @param {string} caseId
 * @param {() => void} onChange
 */
export function caseFile(context, caseId, onChange) {
  const path = /** @type {const} */ (`/api/cases/${encodeURIComponent(caseId)}`);
  /** @type {CaseFileState} */
  const state = {
    slot: SLOTS_S[0],
    unit: null,
    entries: [],
    next: null,
    unitLimit: UNIT_PAGE_SIZE,
    exists: false,
  };
  const head = h("div", { class: "case-head" });
  const photos = h("div", { id: "case-photos" });
  const timeline = h("ol", { class: "lines timeline", id: "timeline" });
  const moreButton = button(t("more"), () => loadTimeline(true), {
    hidden: true,
    id: "timeline-more",
  });
  const unitFilter = h("span");
  const charts = h("div", { id: "case-charts" });
  const evaluation = h("div", { id: "evaluation", class: "stack" });
  const review = h("div", { id: "review", class: "stack" });
  const slotOptions = SLOTS_S.map((n) => /** @type {const} */ ([n, t(`case.slot.${n}`)]));
  const slotPicker = select(t("case.slot"), "slot", slotOptions);
  slotPicker.addEventListener("change", () => {
    state.slot = Number(selectOf(slotPicker).value);
    loadTimeline();
  });
  const timelinePart = h(
    "div",
    { class: "stack" },
    h("div", { class: "row" }, slotPicker, unitFilter),
    timeline,
    moreButton,
  );
  const tabs = tabList("case-tabs", t("case.parts"), [
    ["timeline", t("case.timeline"), timelinePart],
    ["evaluation", t("case.evaluation"), h("div", { class: "stack" }, charts, evaluation)],
    ["review", t("case.review"), review],
  ]);
  const node = h(
    "section",
    { class: "panel case-file", "aria-label": t("case.title") },
    head,
    photos,
    tabs.node,
  );

  const statuses = {
    head: loadStatus(head),
    timeline: loadStatus(timeline),
    evaluation: loadStatus(evaluation),
    photos: loadStatus(photos),
  };

  /**
   * Read a part and draw it; return whether that succeeded.
   * @template Answer
   * @param {ReturnType<typeof loadStatus>} status
   * @param {Promise<Answer>} request
   * @param {(answer: Answer) => void} draw
   */
  async function load(status, request, draw) {
    status.begin();
    try {
      draw(await request);
      status.succeed();
      return true;
    } catch (error) {
      if (problemOf(error).status === 404)
        fill(node, h("p", { class: "problem", role: "alert" }, t("case.unknown")));
      else status.fail();
      return false;
    }
  }

  /** @param {CaseDetail} detail */
  function drawHead(detail) {
    drawCharts(detail);
    node.classList.toggle("drill", isDrill(detail));
    fill(head, headContent(detail, path, refresh, openCommand));
    fill(
      review,
      reviewPart(context.me, detail, () => {
        onChange();
        setTimeout(refresh, PROJECTION_MS);
      }),
    );
  }

  /** @param {string} id */
  async function openCommand(id) {
    const command = await context.currentOrNull(get(`/api/commands/${id}`));
    if (command) openUnitSheet(command);
  }

  /** @param {boolean} [append] whether the entries follow those that are shown */
  function loadTimeline(append = false) {
    const shownCount = Math.min(ENTRY_LIMIT, state.entries.length);
    const request = get(`${path}/timeline`, {
      slot: state.slot,
      unit: state.unit?.unit,
      after: append ? state.next : "",
      limit: append ? ENTRY_PAGE_SIZE : Math.max(ENTRY_PAGE_SIZE, shownCount),
    });
    return load(statuses.timeline, request, (answer) => {
      state.entries = append ? [...state.entries, ...answer.lines] : answer.lines;
      state.next = answer.next;
      renderList(timeline, state.entries, (entry) => entry.id, timelineItem, t("feed.none"));
      moreButton.hidden = !answer.next;
      fill(unitFilter, state.unit && allUnitsButton(state.unit.unit_name));
    });
  }

  /** @param {string} unitName */
  const allUnitsButton = (unitName) =>
    button(t("only.town", { town: unitName }), () => filterByUnit(null), {
      class: "plain",
      id: "all-units",
    });

  /** @param {UnitEvaluation | null} unit */
  function filterByUnit(unit) {
    Object.assign(state, { unit, entries: [], next: null });
    tabs.choose("timeline", true);
    loadTimeline();
  }

  function loadPhotos() {
    const request = get(`${path}/photos`, { limit: PHOTO_LIMIT });
    return load(statuses.photos, request, (answer) => fill(photos, photoRow(answer.photos)));
  }

  function loadEvaluation() {
    const request = get(`${path}/evaluation`, { limit: state.unitLimit });
    return load(statuses.evaluation, request, drawEvaluation);
  }

  /** @param {EvaluationAnswer} answer */
  function drawEvaluation(answer) {
    const moreUnits = button(t("more"), () => {
      state.unitLimit = Math.min(UNIT_LIMIT, state.unitLimit + UNIT_PAGE_SIZE);
      loadEvaluation();
    });
    fill(
      evaluation,
      evaluationTable(answer),
      unitsTable(answer.units, filterByUnit),
      answer.next !== null && state.unitLimit < UNIT_LIMIT && moreUnits,
      h("p", { class: "faint" }, t("case.zone")),
    );
  }

  /**
   * Draw the charts above the figures, once: the leading sensor, and the signatures over time.
   * @param {CaseDetail} detail
   */
  async function drawCharts({ alerts, commands, status, state: caseState, ended }) {
    if (charts.hasChildNodes()) return;
    const until = caseState === "open" ? null : ended;
    fill(charts, commands.length > 0 && courseChart(`${path}/course`));
    if (!alerts.length) return;
    const ids = alerts.slice(0, ALERT_LIMIT).join(",");
    const answer = await context.currentOrNull(get("/api/trends", { alerts: ids }));
    const trend = answer?.trends[0];
    if (trend) charts.prepend(sensorChart(trend.sensor_id, null, status, until));
  }

  async function refresh() {
    const headRequest = load(statuses.head, get(path), drawHead);
    state.exists ||= await headRequest; // The parts of an unknown case are not requested.
    if (!state.exists) return;
    await Promise.all([headRequest, loadTimeline(), loadEvaluation(), loadPhotos()]);
  }

  return { node, refresh };
}

/**
 * @param {CaseDetail} detail
 * @param {string} path
 * @param {() => void} refresh
 * @param {(id: string) => void} openCommand
 * @returns {Child}
 */
function headContent(detail, path, refresh, openCommand) {
  /**
   * @param {string} key
   * @param {Child} value
   */
  const fact = (key, value) => [h("dt", {}, t(key)), h("dd", {}, value)];
  /**
   * @param {string} key
   * @param {string} format
   * @param {string} part
   */
  const download = (key, format, part) => {
    const href = addressOf(`${path}/${part}`, { format });
    return h("a", { class: "button", href, download: "" }, t(key));
  };
  /**
   * @param {string[]} ids
   * @param {string} key
   * @param {(id: string) => void} open
   */
  const openButtons = (ids, key, open) =>
    ids.map((id, index) => {
      const words = ids.length > 1 ? t(key, { n: index + 1 }) : t(`${key}.one`);
      return button(words, () => open(id), { "data-focus": id });
    });
  return [
    isDrill(detail) && drillBand(),
    h(
      "div",
      { class: "row" },
      drillTag(detail),
      detail.level && levelBadge(detail.level),
      chip(t(`case.state.${detail.state}`)),
      h("span", { class: "tail faint" }, detail.case_id),
    ),
    h("h2", {}, maskedText(detail, detail.title)),
    h(
      "dl",
      { class: "case-facts" },
      fact("case.place", detail.root_name),
      fact("case.owner", detail.owner_name),
      fact("case.event", eventName(detail.event_type)),
      detail.began && fact("case.began", formatTime(detail.began)),
      fact("case.ended", formatTime(detail.ended)),
    ),
    h(
      "div",
      { class: "acts" },
      openButtons(detail.alerts, "case.open.alert", (id) => openAlertSheet(id, refresh)),
      openButtons(detail.commands, "case.open.command", openCommand),
      download("case.get.html", "html", "export"),
      download("case.get.pdf", "pdf", "export"),
      download("case.get.csv", "csv", "evaluation"),
    ),
  ];
}

/** @param {TimelineEntry} entry */
function timelineItem(entry) {
  const words = entry.headline || entry.text;
  return h(
    "li",
    { class: entry.late ? "late" : null },
    h("time", { datetime: entry.at }, formatTime(entry.at)),
    h(
      "span",
      { class: "description" },
      h("strong", {}, entrySubject(entry)),
      " ",
      entryWords(entry),
      entry.late && [" ", chip(t("was.late"), "bad")],
    ),
    words && text(words),
  );
}
