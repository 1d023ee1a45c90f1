// The late assignments by command: how many, and on a press which units, and whom to call there.

import { button, cardClass, chip, drillTag, levelBadge, maskedText } from "../lib/components.js";
import { h } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";
import { stableList } from "../lib/stable_list.js";
import { confirmCommandAction } from "./command_list.js";
import { drawSupervision, supervisionKey } from "../overview/supervision_list.js";

/** @import { SupervisedCommand } from "../types/commands.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const ENTRY_SIZE = 50;
const PAUSE_MS = 1_500;

/**
 * Return how many assignments of a command are late.
 * @param {SupervisedCommand} command
 */
export const lateCount = ({ escalated, overdue, reminded }) => escalated + overdue + reminded;

/**
 * Make the list of commands with late assignments in the subtree that `place()` names.
 * @param {BoardContext} context
 * @param {() => { unit: string | null, subtree: number | null }} place
 */
export function supervisedCommands(context, place) {
  const { status } = context;
  const node = h("ul", { class: "cards tall", id: "late-commands" });
  const entryList = h("ol", { class: "lines supervision tall", id: "supervision", tabindex: 0 });
  /** @type {string | null} */
  let chosenId = null;
  const commands = pagedList(
    "/api/supervision/commands",
    "commands",
    (command) => command.command_id,
    () => load(),
    PAGE_SIZE,
  );
  const entries = pagedList(
    "/api/supervision",
    "supervision",
    supervisionKey,
    () => loadEntries(),
    ENTRY_SIZE,
  );
  const cards = stableList(
    node,
    (/** @type {SupervisedCommand & { isChosen: boolean }} */ command) => command.command_id,
    commandCard,
    "supervision.none",
  );
  /** @type {SupervisedCommand[]} */
  let latest = [];

  const load = loader(
    node,
    () => context.current(commands.load({ status, ...place() })),
    (answer) => {
      latest = answer.commands;
      commands.show(answer);
      if (!latest.some((command) => command.command_id === chosenId))
        choose(latest[0]?.command_id ?? null);
      draw();
    },
    PAUSE_MS,
  );
  const loadEntries = loader(
    entryList,
    () => context.current(requestEntries()),
    (answer) => {
      drawSupervision(entryList, answer.supervision);
      entries.show(answer);
    },
    PAUSE_MS,
  );

  async function requestEntries() {
    const command = chosenId;
    const answer = await entries.load({ status, command, ...place() });
    return command === chosenId ? answer : null;
  }

  function draw() {
    cards.show(
      latest.map((command) => ({ ...command, isChosen: command.command_id === chosenId })),
    );
  }

  /** @param {string | null} id */
  function choose(id) {
    if (id === chosenId) return;
    chosenId = id;
    entries.restart();
    loadEntries.restart();
  }

  /** @param {SupervisedCommand & { isChosen: boolean }} command */
  function commandCard(command) {
    const late = lateCount(command);
    const parts = { unsigned: command.unsigned, unreported: late - command.unsigned };
    return h(
      "li",
      { class: cardClass(command, command.level, command.isChosen ? "chosen" : null) },
      h(
        "div",
        { class: "row" },
        drillTag(command),
        levelBadge(command.level),
        late > 0 && chip(t("late", { n: late }), "bad"),
        command.returned > 0 && chip(t("returned.n", { n: command.returned }), "bad"),
        command.due_soon > 0 && chip(t("due.soon.n", { n: command.due_soon })),
        h("span", { class: "tail" }, t("sign.by", { time: formatTime(command.sign_by) })),
      ),
      h("h3", {}, maskedText(command, command.title)),
      h(
        "p",
        { class: "facts" },
        h("span", {}, `${command.issuer_name} → ${command.root_name}`),
        late > 0 && h("span", {}, t("counter.overdue.parts", parts)),
      ),
      h(
        "div",
        { class: "acts" },
        button(
          t("supervision.units"),
          () => {
            choose(command.command_id);
            draw();
          },
          {
            "aria-pressed": String(command.isChosen),
            "data-focus": `${command.command_id}-late`,
          },
        ),
        late > 0 &&
          command.may.includes("urge") &&
          button(
            t("urge.n", { n: late }),
            () => confirmCommandAction(command, "urge", load, place().unit),
            { class: "primary", "data-focus": `${command.command_id}-urge` },
          ),
        h("a", { class: "button", href: `#command/${command.command_id}` }, t("drill.down")),
      ),
    );
  }

  return {
    node,
    entryList,
    newButton: cards.newButton,
    count: commands.count,
    moreButton: commands.moreButton,
    entryCount: entries.count,
    moreEntriesButton: entries.moreButton,
    load: () => {
      load();
      loadEntries();
    },
    /** Load anew for another place. */
    restart: () => {
      chosenId = null;
      latest = [];
      commands.restart();
      cards.clear();
      load.restart();
    },
  };
}
