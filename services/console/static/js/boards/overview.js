// The first board: everything at a glance, in three columns.

import { drawAlerts } from "../alerts/alert_list.js";
import { get } from "../lib/api.js";
import { drawCommands } from "../commands/command_list.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { drawFeed, drawSupervision } from "../overview/feed.js";
import { gathered } from "../lib/live_stream.js";
import { drawCounters } from "../overview/counters.js";
import { countWords, paged } from "../lib/paged_list.js";
import { act, panel } from "../lib/components.js";
import { part, standing } from "../lib/load_status.js";
import { townsPanel } from "../overview/town_panel.js";

const FEED_LINES = 60;
const ALERTS = 100; // as many as come with the page
const COMMANDS = 20;
const FIRED = 60;

/** Build the board; `ctx` = {me, status, ofHere, announce, overview()} of the frame. */
export function overviewBoard(ctx) {
  const state = { town: null, overview: null, lines: [] };
  const spots = {
    counters: h("div", { class: "counters", id: "counters" }),
    feed: h("ol", { class: "lines feed", id: "feed", tabindex: 0 }),
    alerts: h("ul", { class: "cards limited", id: "alerts", tabindex: -1 }),
    tail: h("span", { id: "alerts-tail" }),
    commands: h("ul", { class: "cards limited", id: "commands" }),
    commandsTail: h("span"),
    supervision: h("ol", {
      class: "lines supervision",
      id: "supervision",
      tabindex: 0,
    }),
    supervisionTail: h("span"),
  };
  const towns = townsPanel(ctx.me.unit, choose);
  const counters = standing(spots.counters);
  const alerts = paged(
    "alerts",
    (one) => one.alert_id,
    () => loads.alerts(),
    ALERTS,
  );
  const askAlerts = () =>
    ctx.ofHere(
      alerts.read("/api/alerts", {
        status: ctx.status,
        open: 1,
        town: state.town?.unit,
      }),
    );
  const loads = {
    alerts: part(spots.alerts, askAlerts, (found) =>
      ctx.announce(showAlerts(found)),
    ),
    commands: part(
      spots.commands,
      () =>
        ctx.ofHere(
          get("/api/commands", {
            status: ctx.status,
            open: 1,
            limit: COMMANDS,
          }),
        ),
      (found) => {
        drawCommands(spots.commands, found.commands, refresh);
        fill(
          spots.commandsTail,
          beyond(
            "command",
            found.commands.length,
            found.next ? null : found.commands.length,
          ),
        );
      },
      1_500,
    ),
    supervision: part(
      spots.supervision,
      () =>
        ctx.ofHere(
          get("/api/supervision", { status: ctx.status, limit: FIRED }),
        ),
      (found) => {
        drawSupervision(spots.supervision, found.supervision);
        fill(
          spots.supervisionTail,
          beyond("supervision", found.supervision.length, found.total),
        );
      },
      1_500,
    ),
    feed: part(
      spots.feed,
      () =>
        ctx.ofHere(get("/api/feed", { status: ctx.status, limit: FEED_LINES })),
      (found) => {
        state.lines = found.lines;
        drawFeed(spots.feed, state.lines);
      },
    ),
  };

  function refresh() {
    for (const run of Object.values(loads)) run();
    ctx.reload();
  }

  /** Draw the list; gives the alerts that are new, none when only more or others were asked for. */
  function showAlerts(found) {
    const { town } = state;
    const further = alerts.show(found);
    fill(
      spots.tail,
      alerts.count,
      town && [
        " ",
        act(t("only.town", { town: town.name }), () => choose(town), {
          class: "plain",
        }),
      ],
    );
    const fresh = drawAlerts(spots.alerts, found.alerts, () => loads.alerts());
    return further ? [] : fresh;
  }

  /** How many there are; where not all are shown, the way to the board that has them. */
  function beyond(board, n, total) {
    const words = countWords(n, total);
    return n === total
      ? document.createTextNode(words)
      : h("a", { href: `#${board}` }, words);
  }

  function choose(town) {
    state.town = state.town?.unit === town.unit ? null : town;
    if (state.overview) towns.draw(state.overview.towns, state.town?.unit);
    alerts.restart();
    loads.alerts.anew();
  }

  const showFeed = gathered(() =>
    drawFeed(
      spots.feed,
      state.lines.filter((one) => !one.hint),
    ),
  );

  const DIRTIES = {
    alert: ["alerts"],
    command: ["commands"],
    assignments: ["commands", "supervision"],
    supervision: ["supervision", "commands"],
  };

  return {
    node: h(
      "div",
      { class: "board" },
      h("div", {}, spots.counters),
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          { class: "stack" },
          towns.node,
          panel("feed.title", spots.feed),
        ),
        h(
          "div",
          { class: "stack" },
          panel("alerts.title", [spots.alerts, alerts.more], spots.tail),
        ),
        h(
          "div",
          { class: "stack" },
          panel("commands.title", spots.commands, spots.commandsTail),
          panel("supervision.title", spots.supervision, spots.supervisionTail),
        ),
      ),
    ),
    refresh: () => {
      counters.begin();
      towns.standing.begin();
      for (const run of Object.values(loads)) run();
    },
    overview: (found) => {
      state.overview = found;
      drawCounters(spots.counters, found);
      towns.draw(found.towns, state.town?.unit);
      counters.done();
      towns.standing.done();
    },
    overviewFailed: () => {
      counters.failed();
      towns.standing.failed();
    },
    line: (line) => {
      state.lines = [line, ...state.lines].slice(0, FEED_LINES);
      showFeed();
      for (const name of DIRTIES[line.kind] ?? []) loads[name]();
    },
  };
}
