// The first board: everything at a glance, in three columns.

import { drawAlerts } from "../alerts.js";
import { get } from "../api.js";
import { drawCommands } from "../commands.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { drawFeed, drawSupervision } from "../lists.js";
import { gathered, throttle } from "../live.js";
import { drawCounters } from "../overview.js";
import { act, countWords, panel } from "../parts.js";
import { townsPanel } from "../towns.js";

const FEED_LINES = 60;
const ALERTS = 100; // as many as the API gives unasked: the page comes with them

/** Build the board; `ctx` = {me, status, quietly, announce, overview()} of the frame. */
export function overviewBoard(ctx) {
  const state = { town: null, overview: null, alerts: [], lines: [] };
  const spots = {
    counters: h("div", { class: "counters", id: "counters" }),
    feed: h("ol", { class: "lines feed", id: "feed", tabindex: 0 }),
    alerts: h("ul", { class: "cards limited", id: "alerts", tabindex: -1 }),
    tail: h("span", { id: "alerts-tail" }),
    commands: h("ul", { class: "cards limited", id: "commands" }),
    supervision: h("ol", { class: "lines supervision", id: "supervision", tabindex: 0 }),
  };
  const towns = townsPanel(ctx.me.unit, choose);
  const loads = {
    alerts: throttle(async () => {
      const found = await ctx.quietly(get("/api/alerts", { status: ctx.status, open: 1 }));
      if (!found) return;
      state.alerts = found.alerts;
      ctx.announce(showAlerts());
    }),
    commands: throttle(async () => {
      const found = await ctx.quietly(get("/api/commands", { status: ctx.status, open: 1, limit: 20 }));
      if (found) drawCommands(spots.commands, found.commands, refresh);
    }, 1_500),
    supervision: throttle(async () => {
      const found = await ctx.quietly(get("/api/supervision", { status: ctx.status, limit: 60 }));
      if (found) drawSupervision(spots.supervision, found.supervision);
    }, 1_500),
    feed: throttle(async () => {
      const found = await ctx.quietly(get("/api/feed", { status: ctx.status, limit: FEED_LINES }));
      if (!found) return;
      state.lines = found.lines;
      drawFeed(spots.feed, state.lines);
    }),
  };

  function refresh() {
    for (const run of Object.values(loads)) run();
    ctx.reload();
  }

  function showAlerts() {
    const { town } = state;
    const inTown = (alert) => !town || alert.place.startsWith(town.unit.slice(0, 9));
    fill(spots.tail, town ? act(t("only.town", { town: town.name }), () => choose(town), { class: "plain" }) : document.createTextNode(countWords(state.alerts.length, ALERTS)));
    return drawAlerts(spots.alerts, state.alerts.filter(inTown), () => loads.alerts());
  }

  function choose(town) {
    state.town = state.town?.unit === town.unit ? null : town;
    towns.draw(state.overview.towns, state.town?.unit);
    showAlerts();
  }

  const showFeed = gathered(() => drawFeed(spots.feed, state.lines.filter((one) => !one.hint)));

  const DIRTIES = { alert: ["alerts"], command: ["commands"], assignments: ["commands", "supervision"], supervision: ["supervision", "commands"] };

  return {
    node: h(
      "div",
      { class: "board" },
      spots.counters,
      h(
        "div",
        { class: "columns" },
        h("div", { class: "stack" }, towns.node, panel("feed.title", spots.feed)),
        h("div", { class: "stack" }, panel("alerts.title", spots.alerts, spots.tail)),
        h("div", { class: "stack" }, panel("commands.title", spots.commands), panel("supervision.title", spots.supervision)),
      ),
    ),
    refresh: () => {
      for (const run of Object.values(loads)) run();
    },
    overview: (found) => {
      state.overview = found;
      drawCounters(spots.counters, found);
      towns.draw(found.towns, state.town?.unit);
    },
    line: (line) => {
      state.lines = [line, ...state.lines].slice(0, FEED_LINES);
      showFeed();
      for (const name of DIRTIES[line.kind] ?? []) loads[name]();
    },
  };
}
