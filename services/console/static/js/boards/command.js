// The board of the commands: each command from the city down to the last micro-grid, and the tasks
// of the officer's own unit.

import { assignmentCard } from "../commands/assignment_card.js";
import { bulkButtons } from "../commands/bulk_steps.js";
import { commandButtons } from "../commands/command_list.js";
import { showMissingUnits } from "../commands/missing_units.js";
import { originLine } from "../lib/warning_origin.js";
import { ownPages } from "../duty/own_pages.js";
import { get } from "../lib/api.js";
import {
  button,
  cardClass,
  chip,
  drillTag,
  headCell,
  levelBadge,
  maskedText,
  panel,
  progressBar,
  scrollingTable,
} from "../lib/components.js";
import { fill, h, rememberFocus, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { PAGE_KINDS } from "../lib/page_categories.js";
import { pagedList } from "../lib/paged_list.js";
import { stableList } from "../lib/stable_list.js";

/** @import { Assignment, BelowAnswer, Command, UnitProgress } from "../types/commands.d.ts" */
/** @import { UnitNode } from "../types/units.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const COLUMNS = ["unit", "signed", "missing.n", "reported", "done", "returned", "overdue"];

/**
 * @typedef {object} CommandBoardState
 * @property {Command[] | null} commands null until they are loaded
 * @property {unknown} loadError the failure of the last attempt to load the commands
 * @property {string | null} chosenId
 * @property {string} unit the unit whose children are shown
 */

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function commandBoard(context) {
  const { me: officer, status } = context;
  /** @type {CommandBoardState} */
  const state = { commands: null, loadError: null, chosenId: null, unit: officer.unit };
  goTo(context.item);
  const commandList = h("ul", { class: "cards limited", id: "command-list" });
  const taskList = h("ul", { class: "cards limited", id: "own-tasks" });
  const taskCards = stableList(
    taskList,
    (/** @type {Assignment} */ assignment) => assignment.assignment_id,
    (assignment) => assignmentCard(assignment, refresh),
    "assignments.none",
  );
  const pages = ownPages(context);
  const drillDown = h("div", { id: "drill-down", "aria-live": "polite" });

  const commands = pagedList(
    "/api/commands",
    "commands",
    (command) => command.command_id,
    () => loaders.commands(),
    PAGE_SIZE,
  );
  const tasks = pagedList(
    "/api/assignments",
    "assignments",
    (assignment) => assignment.assignment_id,
    () => loaders.tasks(),
    PAGE_SIZE,
  );

  async function requestCommands() {
    try {
      const answer = await context.current(commands.load({ status }));
      state.loadError = null;
      return answer;
    } catch (error) {
      state.loadError = error;
      loaders.below();
      throw error;
    }
  }

  /** @returns {Promise<BelowAnswer | "no command" | null>} */
  async function requestBelow() {
    const { chosenId, unit } = state;
    if (!chosenId) {
      if (state.loadError) throw state.loadError;
      return state.commands && "no command";
    }
    const answer = await context.current(get(`/api/commands/${chosenId}/below`, { unit }));
    return chosenId === state.chosenId && unit === state.unit ? answer : null;
  }

  const taskQuery = { status, unit: context.officer.unit, open: 1 };
  const loaders = {
    commands: loader(commandList, requestCommands, (answer) => {
      state.commands = answer.commands;
      commands.show(answer);
      if (!state.chosenId && answer.commands.length) choose(answer.commands[0].command_id);
      else {
        drawCommandList();
        loaders.below();
      }
    }),
    tasks: loader(
      taskList,
      () => context.current(tasks.load(taskQuery)),
      (answer) => {
        taskCards.show(answer.assignments);
        tasks.show(answer);
      },
    ),
    below: loader(drillDown, requestBelow, drawBelow, 400),
  };

  function refresh() {
    loaders.commands();
    loaders.below();
    loaders.tasks();
    pages.load();
  }

  function drawCommandList() {
    const items = (state.commands ?? []).map((command) => ({
      ...command,
      isChosen: command.command_id === state.chosenId,
    }));
    renderList(
      commandList,
      items,
      (command) => command.command_id,
      commandItem,
      t("commands.none"),
    );
  }

  /** @param {Command & { isChosen: boolean }} command */
  function commandItem(command) {
    const { totals } = command;
    return h(
      "li",
      { class: cardClass(command, command.level, command.isChosen ? "chosen" : null) },
      h(
        "div",
        { class: "row" },
        drillTag(command),
        levelBadge(command.level),
        chip(t(`command.${command.state}`)),
        h("span", { class: "tail" }, formatTime(command.sent_at)),
      ),
      h("h3", {}, maskedText(command, command.title)),
      originLine(command),
      h(
        "p",
        { class: "facts" },
        h("span", {}, `${command.issuer_name} → ${command.root_name}`),
        h("span", {}, `${t("signed")} ${totals.signed}/${totals.total}`),
      ),
      h(
        "div",
        { class: "acts" },
        button(t("drill.down"), () => choose(command.command_id), {
          "aria-pressed": String(command.isChosen),
          "data-focus": `${command.command_id}-open`,
        }),
        commandButtons(command, refresh),
      ),
    );
  }

  /**
   * Choose the command and the unit that the address names, if any.
   * @param {string | null} item
   */
  function goTo(item) {
    const [id, unit] = item?.split("~") ?? [];
    if (!id) return;
    Object.assign(state, { chosenId: id, unit: decodeURIComponent(unit ?? officer.unit) });
  }

  const chosenCommand = () =>
    state.commands?.find((command) => command.command_id === state.chosenId);

  /** Return the first unit to show: the root of the command, or the officer's unit below it. */
  const firstUnit = () => chosenCommand()?.first_unit ?? officer.unit;

  /** @param {string} id */
  function choose(id) {
    state.chosenId = id;
    state.unit = firstUnit();
    drawCommandList();
    loaders.below.restart();
  }

  /** @param {string} unit */
  function showUnit(unit) {
    state.unit = unit;
    loaders.below();
  }

  /** @param {BelowAnswer | "no command"} answer */
  function drawBelow(answer) {
    if (answer === "no command") {
      fill(drillDown, h("p", { class: "empty" }, t("commands.none")));
      return;
    }
    const command = chosenCommand();
    const missingUnits = h("p", { class: "missing" });
    if (command) showMissingUnits(missingUnits, command.command_id);
    const restoreFocus = rememberFocus(drillDown);
    const columns = COLUMNS.map((key, index) => headCell(t(key), index > 1));
    const table = scrollingTable(
      { tableClass: "below" },
      columns,
      answer.below.map((unit) => unitRow(unit, showUnit)),
    );
    fill(
      drillDown,
      command &&
        h(
          "h3",
          {},
          drillTag(command),
          " ",
          levelBadge(command.level),
          " ",
          maskedText(command, command.title),
        ),
      breadcrumbs(answer.way, showUnit),
      answer.own && h("ul", { class: "cards" }, assignmentCard(answer.own, refresh)),
      answer.below.length > 0 ? table : h("p", { class: "empty" }, t("below.none")),
      answer.unit === firstUnit() && missingUnits,
    );
    restoreFocus();
  }

  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel(
          "own.pages",
          [pages.node, pages.moreButton],
          [pages.newButton, pages.filter, " ", pages.count],
        ),
        panel(
          "own.tasks",
          [taskList, tasks.moreButton],
          [bulkButtons(status, refresh), " ", taskCards.newButton, tasks.count],
        ),
        panel("commands.title", [commandList, commands.moreButton], commands.count),
      ),
      h("div", { class: "stack" }, panel("drill.down.title", drillDown)),
    ),
    refresh,
    go: (item) => {
      goTo(item);
      drawCommandList();
      loaders.below.restart();
    },
    line: ({ kind }) => {
      if (kind === "command") loaders.commands();
      if (PAGE_KINDS.has(kind)) pages.load();
      if (kind === "assignments" || kind === "supervision") {
        loaders.commands();
        loaders.tasks();
      }
    },
  };
}

/**
 * Make the path from the root to the shown unit; a press on a unit shows it.
 * @param {UnitNode[]} path
 * @param {(unit: string) => void} showUnit
 */
function breadcrumbs(path, showUnit) {
  const items = path.map(({ unit, name }, index) =>
    index === path.length - 1
      ? h("span", { "aria-current": "location" }, name)
      : button(name, () => showUnit(unit), { class: "plain", "data-focus": `way-${unit}` }),
  );
  return h("nav", { class: "breadcrumbs", "aria-label": t("way") }, items);
}

/**
 * @param {UnitProgress} unit
 * @param {(unit: string) => void} showUnit
 */
function unitRow(unit, showUnit) {
  /**
   * @param {number} count
   * @param {boolean} [isBad]
   */
  const numberCell = (count, isBad = false) =>
    h("td", { class: `number ${isBad && count ? "bad" : ""}` }, count);
  const kind = t(unit.department ? "department" : `tier.${unit.tier}`);
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      button(unit.name, () => showUnit(unit.unit), {
        class: "plain into",
        "data-focus": `into-${unit.unit}`,
      }),
      h("span", { class: "faint" }, ` ${kind}${unit.synthetic ? ` ${t("synthetic")}` : ""}`),
    ),
    h("td", {}, `${unit.signed} / ${unit.total}`, progressBar(unit)),
    numberCell(unit.total - unit.signed, true),
    numberCell(unit.reported),
    numberCell(unit.done),
    numberCell(unit.returned, true),
    numberCell(unit.overdue, true),
  );
}
