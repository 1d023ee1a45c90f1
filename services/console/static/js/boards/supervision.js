// The board of the supervision: what is due soon, overdue, returned or escalated, by unit, as
// traffic lights with a shape and a word each, and the duties to report upward.

import { supervisedCommands } from "../commands/supervised_commands.js";
import { get } from "../lib/api.js";
import {
  button,
  drillTag,
  headCell,
  levelBadge,
  maskedText,
  panel,
  scrollingTable,
} from "../lib/components.js";
import { fill, h, rememberFocus, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { light } from "../lib/lights.js";
import { loadAll, loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";
import { clockLights, clockSummary } from "../reports/report_clocks.js";

/** @import { SupervisedUnit } from "../types/commands.d.ts" */
/** @import { ReportDuty, ReportingAnswer } from "../types/reports.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const DUTY_SIZE = 100;
const PAUSE_MS = 1_500;
const KINDS = /** @type {const} */ (["escalated", "overdue", "reminded", "due_soon"]);
const ASSIGNMENT_LINES = new Set(["supervision", "assignments", "command"]);
const REPORT_LINES = new Set(["supervision", "alert", "report", "duty"]);

/** @param {SupervisedUnit} unit */
const lateCount = (unit) => unit.escalated + unit.overdue + unit.reminded;
/** @param {SupervisedUnit} unit */
const severity = (unit) => lateCount(unit) * 10_000 + unit.returned * 100 + unit.due_soon;

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function supervisionBoard(context) {
  const { status } = context;
  /** @type {{ units: SupervisedUnit[], chosenUnit: string | null }} */
  const state = { units: [], chosenUnit: null };
  const lights = h("div", { id: "lights" });
  const listTail = h("span");
  const reporting = h("div", { id: "reporting" });
  const late = supervisedCommands(context, chosenPlace);
  const duties = pagedList(
    "/api/reporting",
    "duties",
    (duty) => duty.duty_id,
    () => loaders.reporting(),
    DUTY_SIZE,
  );

  /** Return the chosen unit, with the units below it unless it is the screen's unit. */
  function chosenPlace() {
    const { chosenUnit } = state;
    return { unit: chosenUnit, subtree: chosenUnit === context.me.unit ? 0 : null };
  }

  const loaders = {
    lights: loader(
      lights,
      () => context.current(get("/api/supervision/units", { status })),
      (answer) => {
        state.units = answer.units.filter((unit) => !unit.department || severity(unit));
        drawLights();
      },
      PAUSE_MS,
    ),
    late: late.load,
    reporting: loader(
      reporting,
      () => context.current(duties.load({ status, open: 1 })),
      drawReporting,
      PAUSE_MS,
    ),
  };

  function drawLights() {
    const restoreFocus = rememberFocus(lights);
    fill(lights, unitTable([...state.units].sort((a, b) => severity(b) - severity(a))));
    restoreFocus();
  }

  function drawTail() {
    const unit = state.units.find(({ unit: code }) => code === state.chosenUnit);
    const allUnitsButton =
      unit &&
      button(t("only.town", { town: unit.name }), () => choose(unit.unit), { class: "plain" });
    fill(listTail, late.count, unit && [" ", allUnitsButton]);
  }

  /** @param {SupervisedUnit[]} units */
  function unitTable(units) {
    const counts = [...KINDS.map((kind) => `kind.${kind}`), "returned"];
    const columns = [
      ...["light", "unit"].map((key) => headCell(t(key))),
      ...counts.map((key) => headCell(t(key), true)),
    ];
    return scrollingTable({ class: "tall" }, columns, units.map(unitRow));
  }

  /** @param {SupervisedUnit} unit */
  function unitRow(unit) {
    const isChosen = state.chosenUnit === unit.unit;
    const nameButton = button(unit.name, () => choose(unit.unit), {
      class: "plain into",
      "aria-pressed": String(isChosen),
      "data-focus": unit.unit,
    });
    return h(
      "tr",
      { class: isChosen ? "chosen" : null },
      h("td", {}, unitLight(unit)),
      h("td", {}, nameButton),
      KINDS.map((kind) => numberCell(unit[kind])),
      numberCell(unit.returned),
    );
  }

  /** @param {string} unit */
  function choose(unit) {
    state.chosenUnit = state.chosenUnit === unit ? null : unit;
    drawLights();
    drawTail();
    late.restart();
  }

  /** @param {ReportingAnswer} answer */
  function drawReporting(answer) {
    const rows = h("ol", { class: "lines", id: "report-duties" });
    renderList(rows, answer.duties, (duty) => duty.duty_id, dutyItem, t("reporting.none"));
    duties.show(answer);
    fill(reporting, h("p", { class: "row" }, clockSummary(answer.summary)), rows);
  }

  drawTail();
  return {
    node: h(
      "div",
      { class: "columns two even" },
      h("div", { class: "stack" }, panel("lights.title", lights)),
      h(
        "div",
        { class: "stack" },
        panel("supervision.title", [late.node, late.moreButton], [late.newButton, listTail]),
        panel("supervision.units", [late.entryList, late.moreEntriesButton], late.entryCount),
        panel("reporting.title", [reporting, duties.moreButton], duties.count),
      ),
    ),
    refresh: () => loadAll(loaders),
    line: ({ kind }) => {
      if (ASSIGNMENT_LINES.has(kind)) {
        loaders.lights();
        loaders.late();
      }
      if (REPORT_LINES.has(kind)) loaders.reporting();
    },
  };
}

/** @param {number} count */
const numberCell = (count) => h("td", { class: `number ${count ? "" : "faint"}` }, count);

/**
 * Make the light of a unit: red for late, yellow for near or returned, green for fine.
 * @param {SupervisedUnit} unit
 */
function unitLight(unit) {
  const isNear = unit.due_soon || unit.returned;
  const colour = lateCount(unit) ? "red" : isNear ? "yellow" : "green";
  return light(colour, t(`light.${colour}`));
}

/** @param {ReportDuty} duty */
function dutyItem(duty) {
  return h(
    "li",
    {},
    h("span", {}, levelBadge(duty.level)),
    h(
      "span",
      { class: "description" },
      drillTag(duty),
      `${duty.unit_name} → ${duty.to_name} `,
      h("span", { class: "muted" }, t(`duty.${duty.state}`)),
      h("br"),
      h("a", { href: `#reports/${duty.incident_id}` }, maskedText(duty, duty.title)),
      h("br"),
      clockLights(duty.clocks),
    ),
    h("time", {}, formatTime(duty.started_at)),
  );
}
