// The live screen: put together, kept current by the stream, honest about its own state.

import { drawAlerts } from "./alerts.js";
import { get, onSignedOut, post } from "./api.js";
import { compose } from "./composer.js";
import { drawCommands } from "./commands.js";
import { fill, h } from "./dom.js";
import { clock, day, load, other, t, use, when } from "./i18n.js";
import { drawFeed, drawSupervision } from "./lists.js";
import { Live, throttle } from "./live.js";
import { drawCounters, drawTiles } from "./overview.js";
import { act, stateWords } from "./parts.js";

const FEED_LINES = 60;
const FULL_EVERY_MS = 30_000;

const spot = (id) => document.getElementById(id);
const state = { me: null, status: asked("status") === "Exercise" ? "Exercise" : "Actual", town: null, overview: null, alerts: [], lines: [], live: null, link: "connecting", facts: {} };

function asked(name) {
  return new URLSearchParams(location.search).get(name);
}

async function begin() {
  await load();
  onSignedOut(showGate);
  try {
    state.me = await get("/api/me");
  } catch (problem) {
    if (problem.status !== 401) setTimeout(begin, 2_000);
    return;
  }
  frame();
  follow();
  setInterval(tick, 1_000);
  setInterval(() => refreshAll(), FULL_EVERY_MS);
}

function showGate() {
  state.live?.stop();
  document.body.className = "wall";
  fill(spot("page"), h("main", { class: "panel gate-panel" }, h("h1", {}, t("gate.title")), h("p", { class: "muted" }, t("gate.text"))));
}

function follow() {
  state.live?.stop();
  state.live = new Live({
    status: state.status,
    take: (line) => {
      state.lines = [line, ...state.lines].slice(0, FEED_LINES);
      drawFeed(spot("feed"), state.lines.filter((one) => !one.hint));
      touched(line.kind);
    },
    renew: refreshAll,
    state: (name, facts) => {
      state.link = name;
      state.facts = facts;
      showState();
    },
  });
  state.live.start();
  refreshAll();
}

const loads = {
  overview: throttle(async () => {
    const status = state.status;
    const found = await quietly(get("/api/overview", { status }));
    if (!found || status !== state.status) return;
    state.overview = found;
    drawCounters(spot("counters"), found);
    drawTiles(spot("tiles"), found.towns, state.town?.unit, choose);
    showDrill();
  }),
  alerts: throttle(async () => {
    const status = state.status;
    const found = await quietly(get("/api/alerts", { status, open: 1 }));
    if (!found || status !== state.status) return;
    state.alerts = found.alerts;
    announce(showAlerts());
  }),
  commands: throttle(async () => {
    const status = state.status;
    const found = await quietly(get("/api/commands", { status, open: 1, limit: 20 }));
    if (found && status === state.status) drawCommands(spot("commands"), found.commands, refreshAll);
  }, 1_500),
  supervision: throttle(async () => {
    const status = state.status;
    const found = await quietly(get("/api/supervision", { status, limit: 60 }));
    if (found && status === state.status) drawSupervision(spot("supervision"), found.supervision);
  }, 1_500),
  feed: throttle(async () => {
    const status = state.status;
    const found = await quietly(get("/api/feed", { status, limit: FEED_LINES }));
    if (!found || status !== state.status) return;
    state.lines = found.lines;
    drawFeed(spot("feed"), state.lines);
  }),
};

const DIRTIES = {
  alert: ["overview", "alerts"],
  alarm: [],
  command: ["overview", "commands"],
  assignments: ["overview", "commands", "supervision"],
  supervision: ["overview", "supervision", "commands"],
  page: ["overview"],
  answer: ["overview"],
  sensor: ["overview"],
};

function touched(kind) {
  for (const name of DIRTIES[kind] ?? []) loads[name]();
}

function refreshAll() {
  for (const run of Object.values(loads)) run();
}

async function quietly(promise) {
  try {
    return await promise;
  } catch {
    return null; // the strip and the header already tell; the last known picture stays
  }
}

function showAlerts() {
  const inTown = (alert) => !state.town || alert.place.startsWith(state.town.unit.slice(0, 9));
  const tail = state.town
    ? act(t("only.town", { town: state.town.name }), () => choose(state.town), { class: "plain" })
    : t("count", { n: state.alerts.length });
  fill(spot("alerts-tail"), tail instanceof Node ? tail : document.createTextNode(tail));
  return drawAlerts(spot("alerts"), state.alerts.filter(inTown), () => loads.alerts());
}

function choose(town) {
  state.town = state.town?.unit === town.unit ? null : town;
  drawTiles(spot("tiles"), state.overview.towns, state.town?.unit, choose);
  showAlerts();
}

function announce(fresh) {
  if (!fresh.length) return;
  const words = fresh.map((one) => t("announce", { level: t(`level.${one.level ?? one.proposed_level ?? "lift"}`), place: one.place_name, headline: one.headline }));
  spot("announce").textContent = words.join(" ");
}

function showDrill() {
  const drill = state.status === "Exercise";
  document.body.dataset.status = state.status;
  const strip = spot("drill");
  const running = state.overview?.exercises ?? 0;
  strip.hidden = !drill && !running;
  if (drill) fill(strip, h("strong", {}, t("drill.banner")));
  else fill(strip, act(t("drill.running", { n: running }), () => setStatus("Exercise"), { class: "drill-tag" }));
}

function setStatus(status) {
  if (status === state.status) return;
  Object.assign(state, { status, town: null, overview: null, alerts: [], lines: [] });
  history.replaceState(null, "", status === "Exercise" ? "?status=Exercise" : "/");
  frame();
  showDrill();
  follow();
}

function showState() {
  const name = state.link;
  const strip = spot("state");
  const words = stateWords(name, state.facts, (moment) => when(moment));
  strip.hidden = !words;
  strip.className = `banner ${name}`;
  if (strip.textContent !== words) strip.textContent = words;
  const chip = spot("link");
  if (chip) {
    chip.className = `link ${name}`;
    fill(chip, document.createTextNode(t(`state.${name}`)));
  }
}

function tick() {
  const now = new Date(state.live?.now() ?? Date.now());
  const place = spot("time");
  if (!place) return;
  place.textContent = clock(now);
  place.dateTime = now.toISOString();
  spot("day").textContent = day(now);
}

function frame() {
  const { me } = state;
  const pressed = (status) => ({ "aria-pressed": String(state.status === status) });
  fill(
    spot("page"),
    h(
      "header",
      { class: "top" },
      h("div", { class: "brand" }, h("span", { class: "name" }, t("name")), h("h1", {}, me.unit_name), h("span", { class: "muted" }, t(`centre.${me.tier}`))),
      h("div", { class: "clock" }, h("time", { id: "time" }), h("span", { id: "day" })),
      h(
        "div",
        { class: "tools" },
        h("span", { class: "link", id: "link", role: "status" }, t("state.connecting")),
        h("div", { class: "switch", role: "group", "aria-label": t("view") }, act(t("actual"), () => setStatus("Actual"), pressed("Actual")), act(t("drill"), () => setStatus("Exercise"), pressed("Exercise"))),
        me.may_issue && act(state.status === "Exercise" ? t("compose.drill") : t("compose"), () => compose(me, state.status, state.overview?.towns ?? [], refreshAll), { class: "primary", id: "compose" }),
        h("span", { class: "muted" }, `${me.name} ${t(`post.${me.post}`)}`),
        act(t("language.other"), changeLanguage, { class: "plain", lang: other(), id: "language" }),
        act(t("sign.out"), signOut, { class: "plain" }),
      ),
    ),
    h(
      "main",
      { class: "screen" },
      h("div", { class: "counters", id: "counters" }),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "stack" }, panel("tiles.title", h("ul", { class: "tiles", id: "tiles" }), t("tiles.note")), panel("feed.title", h("ol", { class: "lines feed", id: "feed", tabindex: 0 }))),
        h("div", { class: "stack" }, panel("alerts.title", h("ul", { class: "cards limited", id: "alerts", tabindex: -1 }), h("span", { id: "alerts-tail" }))),
        h("div", { class: "stack" }, panel("commands.title", h("ul", { class: "cards limited", id: "commands" })), panel("supervision.title", h("ol", { class: "lines supervision", id: "supervision", tabindex: 0 }))),
      ),
    ),
  );
  document.title = `${me.unit_name} · ${t("name")}`;
  tick();
}

function panel(key, content, tail) {
  return h("section", { class: "panel", "aria-label": t(key) }, h("header", {}, h("h2", {}, t(key)), tail && h("span", { class: "tail" }, tail)), content);
}

async function changeLanguage() {
  await use(other());
  frame();
  showState();
  refreshAll();
  spot("language").focus();
}

async function signOut() {
  await quietly(post("/api/logout"));
  showGate();
}

begin();
