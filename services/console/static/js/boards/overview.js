// The overview: everything at a glance, in three columns.

import { agencyWarnings } from "../alerts/agency_warnings.js";
import { alertList } from "../alerts/alert_list.js";
import { trendDrawer } from "../alerts/trend.js";
import { drawCommands } from "../commands/command_list.js";
import { ownPages } from "../duty/own_pages.js";
import { get, problemOf } from "../lib/api.js";
import { button, panel } from "../lib/components.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { loadAll, loader, loadStatus } from "../lib/load_status.js";
import { countText, pagedList } from "../lib/paged_list.js";
import { PAGE_KINDS } from "../lib/page_categories.js";
import { batch } from "../lib/throttle.js";
import { drawCounters } from "../overview/counters.js";
import { drawFeed } from "../overview/feed.js";
import { drawSupervision } from "../overview/supervision_list.js";
import { townPanel } from "../overview/town_panel.js";

/** @import { AnswerOf } from "../types/answers.d.ts" */
/** @import { OverviewAnswer, Town } from "../types/overview.d.ts" */
/** @import { Board, BoardContext, FeedLine } from "../types/page.d.ts" */

const FEED_LIMIT = 60;
const OWN_PAGE_LIMIT = 20; // The others are on the board of the commands.
const ALERT_PAGE_SIZE = 100; // The server sends as many with the page.
const COMMAND_LIMIT = 20;
const SUPERVISION_LIMIT = 60;
const LARGE_PART_PAUSE_MS = 1_500;
const MAP_PAUSE_MS = 10_000;

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function overviewBoard(context) {
  const { status } = context;
  /** @type {{ town: Town | null, overview: OverviewAnswer | null, lines: FeedLine[] }} */
  const state = { town: null, overview: null, lines: [] };
  const counters = h("div", { class: "counters", id: "counters" });
  const feed = h("ol", { class: "lines feed", id: "feed", tabindex: 0 });
  const alertCards = h("ul", { class: "cards limited", id: "alerts", tabindex: -1 });
  const alertTail = h("span", { id: "alerts-tail" });
  const commandList = h("ul", { class: "cards limited", id: "commands" });
  const commandTail = h("span");
  const supervisionList = h("ol", {
    class: "lines supervision",
    id: "supervision",
    tabindex: 0,
  });
  const supervisionTail = h("span");
  const towns = townPanel(context.me.unit, chooseTown);
  const counterStatus = loadStatus(counters);
  const alerts = pagedList(
    "/api/alerts",
    "alerts",
    (alert) => alert.alert_id,
    () => loaders.alerts(),
    ALERT_PAGE_SIZE,
  );
  const alertsShown = alertList(alertCards, () => loaders.alerts());
  const drawTrends = trendDrawer(alertCards);
  const pageTail = h("span");
  const pages = ownPages(context, OWN_PAGE_LIMIT, (waiting) => {
    fill(pageTail, boardLink("command", Math.min(waiting, OWN_PAGE_LIMIT), waiting));
  });
  const pagePanel = panel("own.pages", pages.node, [pages.newButton, pageTail]);
  pages.node.classList.add("limited");
  pagePanel.classList.add("own");
  const warnings = agencyWarnings(context, { isBrief: true });
  warnings.panel.classList.add("warnings");
  const loaders = {
    pages: pages.load,
    warnings: warnings.load,
    alerts: loader(
      alertCards,
      () => context.current(alerts.load({ status, open: 1, unit: state.town?.unit })),
      drawAlertList,
    ),
    commands: loader(
      commandList,
      () => context.current(get("/api/commands", { status, open: 1, limit: COMMAND_LIMIT })),
      ({ commands, next }) => {
        drawCommands(commandList, commands, refreshAll);
        fill(commandTail, boardLink("command", commands.length, next ? null : commands.length));
      },
      LARGE_PART_PAUSE_MS,
    ),
    supervision: loader(
      supervisionList,
      () => context.current(get("/api/supervision", { status, limit: SUPERVISION_LIMIT })),
      ({ supervision: entries, total }) => {
        drawSupervision(supervisionList, entries);
        fill(supervisionTail, boardLink("supervision", entries.length, total ?? null));
      },
      LARGE_PART_PAUSE_MS,
    ),
    places: loader(
      towns.node,
      () => context.current(get("/api/map", { status })),
      (places) => towns.drawPlaces(places),
      MAP_PAUSE_MS,
    ),
    feed: loader(
      feed,
      () => context.current(get("/api/feed", { status, limit: FEED_LIMIT })),
      (answer) => {
        state.lines = answer.lines;
        drawFeed(feed, state.lines);
      },
    ),
  };
  /** The parts that a line of the feed makes out of date, by its kind. */
  /** @type {Record<string, (keyof typeof loaders)[]>} */
  const STALE_PARTS = {
    alarm: ["places"],
    alert: ["alerts"],
    command: ["commands"],
    assignments: ["commands", "supervision"],
    supervision: ["supervision", "commands"],
  };

  function refreshAll() {
    loadAll(loaders);
    context.reload();
  }

  /**
   * Draw the alerts and announce the new ones, unless the officer only asked for more or others.
   * @param {AnswerOf<"/api/alerts">} answer
   */
  function drawAlertList(answer) {
    const { town } = state;
    const hasGrown = alerts.show(answer);
    const allTownsButton =
      town &&
      button(t("only.town", { town: town.name }), () => chooseTown(town), { class: "plain" });
    fill(alertTail, alerts.count, town && [" ", allTownsButton]);
    const newAlerts = alertsShown.show(answer.alerts);
    drawTrends(answer.alerts).catch(problemOf); // The cards are complete without.
    context.announce(hasGrown ? [] : newAlerts);
  }

  /** @param {Town} town */
  function chooseTown(town) {
    state.town = state.town?.unit === town.unit ? null : town;
    if (state.overview) towns.draw(state.overview.tiles, state.town?.unit);
    alerts.restart();
    alertsShown.clear();
    loaders.alerts.restart();
  }

  const drawLines = batch(() =>
    drawFeed(
      feed,
      state.lines.filter((line) => !line.hint),
    ),
  );

  return {
    node: h(
      "div",
      { class: "board" },
      h("div", {}, counters),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "stack" }, pagePanel, towns.node, panel("feed.title", feed)),
        h(
          "div",
          { class: "stack" },
          panel(
            "alerts.title",
            [alertCards, alerts.moreButton],
            [alertsShown.newButton, alertTail],
          ),
        ),
        h(
          "div",
          { class: "stack" },
          warnings.panel,
          panel("commands.title", commandList, commandTail),
          panel("supervision.title", supervisionList, supervisionTail),
        ),
      ),
    ),
    refresh: () => {
      counterStatus.begin();
      towns.status.begin();
      loadAll(loaders);
    },
    overview: (answer) => {
      state.overview = answer;
      drawCounters(counters, answer);
      towns.draw(answer.tiles, state.town?.unit);
      counterStatus.succeed();
      towns.status.succeed();
    },
    overviewFailed: () => {
      counterStatus.fail();
      towns.status.fail();
    },
    line: (line) => {
      if (PAGE_KINDS.has(line.kind)) loaders.pages();
      if (line.kind === "system") return; // Faults of the system itself are no events.
      state.lines = [line, ...state.lines].slice(0, FEED_LIMIT);
      drawLines();
      for (const name of STALE_PARTS[line.kind] ?? []) loaders[name]();
    },
  };
}

/**
 * Make the number of entries; a link to the board that shows all where not all are shown here.
 * @param {string} board
 * @param {number} count
 * @param {number | null} total
 */
function boardLink(board, count, total) {
  const words = countText(count, total);
  return count === total ? words : h("a", { href: `#${board}` }, words);
}
