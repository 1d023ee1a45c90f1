// The command board: each command from the city down to the last micro-grid, and one's own tasks.

import { get } from "../lib/api.js";
import { assignmentItem } from "../commands/assignment_card.js";
import { commandActs, fillMissing } from "../commands/command_list.js";
import { fill, h, list } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import { ownPages } from "../duty/own_pages.js";
import { paged } from "../lib/paged_list.js";
import {
  act,
  bar,
  chip,
  drillTag,
  isDrill,
  level,
  openWords,
  panel,
} from "../lib/components.js";
import { part } from "../lib/load_status.js";

const SHOWN = 50;
/** So many digits of a unit's code are those of everything below it. */
const DIGITS = { city: 2, district: 6, town: 9, village: 12 };

/** Build the board; `ctx` = {me, own, status, ofHere} of the frame. */
export function commandBoard(ctx) {
  const state = {
    commands: null,
    unread: null,
    chosen: null,
    unit: ctx.me.unit,
  };
  const choosing = h("ul", { class: "cards limited", id: "command-list" });
  const tasks = h("ul", { class: "cards limited", id: "own-tasks" });
  const pages = ownPages(ctx);
  const place = h("div", { id: "drill-down", "aria-live": "polite" });

  const commands = paged(
    "commands",
    (one) => one.command_id,
    () => loads.commands(),
    SHOWN,
  );
  const own = paged(
    "assignments",
    (one) => one.assignment_id,
    () => loads.tasks(),
    SHOWN,
  );
  const askCommands = async () => {
    try {
      const found = await ctx.ofHere(
        commands.read("/api/commands", { status: ctx.status }),
      );
      state.unread = null;
      return found;
    } catch (problem) {
      state.unread = problem;
      loads.below();
      throw problem;
    }
  };
  const askBelow = async () => {
    const { chosen, unit } = state;
    if (!chosen && state.unread) throw state.unread; // which commands there are could not be read
    if (!chosen) return state.commands && { none: true };
    const found = await ctx.ofHere(
      get(`/api/commands/${chosen}/below`, { unit }),
    );
    return chosen === state.chosen && unit === state.unit ? found : null;
  };
  const loads = {
    commands: part(choosing, askCommands, (found) => {
      state.commands = found.commands;
      commands.show(found);
      if (!state.chosen && found.commands.length)
        choose(found.commands[0].command_id);
      else {
        drawList();
        loads.below();
      }
    }),
    tasks: part(
      tasks,
      () =>
        ctx.ofHere(
          own.read("/api/assignments", {
            status: ctx.status,
            unit: ctx.own.unit,
            open: 1,
          }),
        ),
      (found) => {
        list(
          tasks,
          found.assignments,
          (one) => one.assignment_id,
          (one) => assignmentItem(one, refresh),
          t("assignments.none"),
        );
        own.show(found);
      },
    ),
    below: part(
      place,
      askBelow,
      (found) =>
        found.none
          ? fill(place, h("p", { class: "empty" }, t("commands.none")))
          : drawBelow(found),
      400,
    ),
  };

  function refresh() {
    loads.commands();
    loads.below();
    loads.tasks();
    pages.load();
  }

  function drawList() {
    const items = state.commands.map((one) => ({
      ...one,
      chosen: one.command_id === state.chosen,
    }));
    list(choosing, items, (one) => one.command_id, choice, t("commands.none"));
  }

  function choice(one) {
    const { totals } = one;
    return h(
      "li",
      {
        class: `card ${one.level} ${isDrill(one) ? "drill" : ""} ${one.chosen ? "chosen" : ""}`,
      },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        level(one.level),
        chip(t(`command.${one.state}`)),
        h("span", { class: "tail" }, when(one.sent_at)),
      ),
      h("h3", {}, openWords(one, one.title)),
      h(
        "p",
        { class: "facts" },
        h("span", {}, `${one.issuer_name} → ${one.root_name}`),
        h("span", {}, `${t("signed")} ${totals.signed}/${totals.total}`),
      ),
      h(
        "div",
        { class: "acts" },
        act(t("drill.down"), () => choose(one.command_id), {
          "aria-pressed": String(one.chosen),
          "data-focus": `${one.command_id}-open`,
        }),
        commandActs(one, refresh),
      ),
    );
  }

  /** Where a command begins for this officer: at its root, or at his own unit where the root lies above. */
  function beginning() {
    const { unit, tier } = ctx.me;
    const root = state.commands.find(
      (one) => one.command_id === state.chosen,
    )?.root;
    const below =
      DIGITS[tier] &&
      !unit.includes("/") &&
      root?.startsWith(unit.slice(0, DIGITS[tier]));
    return below ? root : unit;
  }

  function choose(id) {
    state.chosen = id;
    state.unit = beginning();
    drawList();
    loads.below.anew();
  }

  function go(unit) {
    state.unit = unit;
    loads.below();
  }

  function drawBelow(found) {
    const command = state.commands.find(
      (one) => one.command_id === state.chosen,
    );
    const missing = h("p", { class: "missing" });
    if (command) fillMissing(missing, command.command_id);
    const focused = place.contains(document.activeElement)
      ? document.activeElement.dataset.focus
      : null;
    fill(
      place,
      command &&
        h(
          "h3",
          {},
          drillTag(command),
          " ",
          level(command.level),
          " ",
          openWords(command, command.title),
        ),
      h(
        "nav",
        { class: "way", "aria-label": t("way") },
        found.way.map((one, n) =>
          n === found.way.length - 1
            ? h("span", { "aria-current": "location" }, one.name)
            : act(one.name, () => go(one.unit), {
                class: "plain",
                "data-focus": `way-${one.unit}`,
              }),
        ),
      ),
      found.own &&
        h("ul", { class: "cards" }, assignmentItem(found.own, refresh)),
      found.below.length > 0
        ? table(found.below)
        : h("p", { class: "empty" }, t("below.none")),
      found.unit === beginning() && missing,
    );
    if (focused)
      place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  function table(rows) {
    const head = [
      "unit",
      "signed",
      "missing.n",
      "reported",
      "done",
      "returned",
      "overdue",
    ];
    return h(
      "div",
      { class: "scroller", tabindex: 0 },
      h(
        "table",
        { class: "below" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((key, n) =>
              h("th", { scope: "col", class: n < 2 ? null : "number" }, t(key)),
            ),
          ),
        ),
        h("tbody", {}, rows.map(row)),
      ),
    );
  }

  function row(one) {
    const number = (n, bad = false) =>
      h("td", { class: `number ${bad && n ? "bad" : ""}` }, n);
    return h(
      "tr",
      {},
      h(
        "td",
        {},
        act(one.name, () => go(one.unit), {
          class: "plain into",
          "data-focus": `into-${one.unit}`,
        }),
        h(
          "span",
          { class: "faint" },
          ` ${t(one.department ? "department" : `tier.${one.tier}`)}${one.synthetic ? ` ${t("synthetic")}` : ""}`,
        ),
      ),
      h("td", {}, `${one.signed} / ${one.total}`, bar(one)),
      number(one.total - one.signed, true),
      number(one.reported),
      number(one.done),
      number(one.returned, true),
      number(one.overdue, true),
    );
  }

  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel("own.pages", [pages.node, pages.more], pages.count),
        panel("own.tasks", [tasks, own.more], own.count),
        panel("commands.title", [choosing, commands.more], commands.count),
      ),
      h("div", { class: "stack" }, panel("drill.down.title", place)),
    ),
    refresh,
    line: (line) => {
      if (line.kind === "command") loads.commands();
      if (line.kind === "page" || line.kind === "answer") pages.load();
      if (line.kind === "assignments" || line.kind === "supervision") {
        loads.commands();
        loads.tasks();
      }
    },
  };
}
