// The frame of the console: header, boards by address (#command), live stream, honest about its state.

import { get, lookAt, onSignedOut } from "./lib/api.js";
import { alarmsBoard } from "./boards/alarms.js";
import { casesBoard } from "./boards/cases.js";
import { commandBoard } from "./boards/command.js";
import { drillsBoard } from "./boards/drills.js";
import { dutyBoard } from "./boards/duty.js";
import { modesBoard } from "./boards/modes.js";
import { overviewBoard } from "./boards/overview.js";
import { reportsBoard } from "./boards/reports.js";
import { supervisionBoard } from "./boards/supervision.js";
import { compose } from "./commands/command_composer.js";
import { fill, h } from "./lib/dom.js";
import { boot, clock, day, load, other, t, use, when } from "./lib/i18n.js";
import { hasLeft, showGate, signOut } from "./lib/sign_out.js";
import { Live, throttle } from "./lib/live_stream.js";
import { drawMode, drawNoMode } from "./modes/mode_banner.js";
import { act, stateWords } from "./lib/components.js";
import { standingWords } from "./lib/load_status.js";
import { bell, sound } from "./lib/sound.js";

const BOARDS = {
  overview: overviewBoard,
  alarms: alarmsBoard,
  command: commandBoard,
  supervision: supervisionBoard,
  reports: reportsBoard,
  duty: dutyBoard,
  modes: modesBoard,
  drills: drillsBoard,
  cases: casesBoard,
};
const FULL_EVERY_MS = 30_000;

const spot = (id) => document.getElementById(id);
const state = {
  me: null,
  status: asked("status") === "Exercise" ? "Exercise" : "Actual",
  place: null,
  board: null,
  overview: null,
  modes: null,
  live: null,
  timers: [],
  link: "connecting",
  facts: {},
};

function asked(name) {
  return new URLSearchParams(location.search).get(name);
}

/** What the address names: a board, and behind a slash what is looked at there. */
function wanted() {
  const [name, item] = location.hash.slice(1).split("/");
  return name in BOARDS
    ? { name, item: item || null }
    : { name: "overview", item: null };
}

async function begin() {
  await load();
  onSignedOut(gate);
  try {
    state.me = boot.me ?? (await get("/api/me"));
  } catch (problem) {
    if (problem.status !== 401) setTimeout(begin, 2_000);
    return;
  }
  if (hasLeft(state.me.session)) return;
  look(asked("place"));
  frame();
  follow();
  state.timers = [
    setInterval(tick, 1_000),
    setInterval(refreshAll, FULL_EVERY_MS),
  ];
  addEventListener("hashchange", () => {
    if (!spot("board")) return; // signed out
    if (location.hash && !(location.hash.slice(1).split("/")[0] in BOARDS))
      return; // the skip link is an address too
    const { name, item } = wanted();
    if (name === state.name && state.board.go) state.board.go(item);
    else show();
  });
}

/** Look at this unit, where the officer may; else at his own, or at the first that he may. */
function look(unit) {
  const { me } = state;
  state.place =
    me.sees.find((one) => one.unit === unit) ??
    me.sees.find((one) => one.unit === me.unit) ??
    me.sees[0] ??
    null;
  lookAt(state.place && state.place.unit !== me.unit ? state.place.unit : null);
}

/** The officer with the place looked at as his unit: what a board is about. */
function seen() {
  const { me, place } = state;
  return place
    ? { ...me, unit: place.unit, unit_name: place.name, tier: place.tier }
    : me;
}

function gate() {
  state.live?.stop();
  state.timers.forEach(clearInterval);
  document.body.className = "wall";
  const place = h("main", { class: "panel gate-panel" });
  fill(spot("page"), place);
  showGate(place);
}

function follow() {
  state.live?.stop();
  state.live = new Live({
    session: state.me.session,
    status: state.status,
    take: (line) => {
      state.board?.line(line);
      reload();
      if (line.kind === "mode") loadMode();
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

const reload = throttle(async () => {
  const { status, place } = state;
  const found = await quietly(get("/api/overview", { status }));
  if (status !== state.status || place !== state.place) return;
  if (!found) {
    state.board?.overviewFailed?.();
    return;
  }
  if (found.feed_seq < Number(state.live?.last)) reload(); // made for another screen, before the newest line
  state.overview = found;
  state.board?.overview?.(found);
  showDrill();
});

const loadMode = throttle(async () => {
  const { status, place } = state;
  if (!state.modes) drawNoMode(spot("mode"), standingWords(null, false));
  const found = await quietly(get("/api/modes", { status }));
  if (status !== state.status || place !== state.place) return;
  if (!found) {
    if (!state.modes) drawNoMode(spot("mode"), standingWords(null, true));
    return; // the last known picture stays, the strip tells how old it is
  }
  state.modes = found;
  drawMode(spot("mode"), found);
});

function refreshAll() {
  reload();
  loadMode();
  state.board?.refresh();
}

async function quietly(promise) {
  try {
    return await promise;
  } catch {
    return null; // the strip and the header already tell; the last known picture stays
  }
}

function announce(fresh) {
  if (!fresh.length) return;
  const words = fresh.map((one) =>
    t("announce", {
      level: t(`level.${one.level ?? one.proposed_level ?? "lift"}`),
      place: one.place_name,
      headline: one.masked ? t("masked") : one.headline,
    }),
  );
  spot("announce").textContent = words.join(" ");
  if (state.status === "Actual") sound.ring();
}

function showDrill() {
  const drill = state.status === "Exercise";
  document.body.dataset.status = state.status;
  const strip = spot("drill");
  const running = state.overview?.exercises ?? 0;
  strip.hidden = !drill && !running;
  strip.className = drill ? "stripes drill-band" : "drill-note"; // stripes are for the drill's screen alone
  if (drill) fill(strip, h("strong", {}, t("drill.banner")));
  else
    fill(
      strip,
      act(t("drill.running", { n: running }), () => setStatus("Exercise"), {
        class: "drill-tag",
      }),
    );
}

function setStatus(status) {
  if (status === state.status) return;
  state.status = status;
  begun();
}

/** Draw and follow another world or place from the beginning; the address names it. */
function begun() {
  const query = new URLSearchParams();
  if (state.status === "Exercise") query.set("status", state.status);
  if (state.place && state.place.unit !== state.me.unit)
    query.set("place", state.place.unit);
  Object.assign(state, { overview: null, modes: null });
  history.replaceState(
    null,
    "",
    `${query.size ? `?${query}` : "/"}${location.hash}`,
  );
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

/** Which place is looked at, for who may look at more than one. */
function placePicker() {
  const { me, place } = state;
  if (me.sees.length < 2) return null;
  const choose = (event) => {
    look(event.target.value);
    begun();
    spot("place").focus();
  };
  const option = (one) =>
    h("option", { value: one.unit, selected: one === place }, one.name);
  return h(
    "select",
    { id: "place", "aria-label": t("place"), onchange: choose },
    me.sees.map(option),
  );
}

/** Put the board that the address names into the frame. */
function show() {
  const { name, item } = wanted();
  const { status, place } = state;
  const here = () =>
    state.status === status && state.place === place && wanted().name === name;
  const ofHere = async (promise) => {
    try {
      const found = await promise;
      return here() ? found : null; // an answer for another screen is no answer
    } catch (problem) {
      if (here()) throw problem;
      return null;
    }
  };
  state.name = name;
  state.board = BOARDS[name]({
    me: seen(),
    own: state.me,
    status,
    item,
    ofHere,
    quietly: (promise) => quietly(ofHere(promise)),
    announce,
    reload,
  });
  fill(spot("board"), state.board.node);
  for (const link of document.querySelectorAll(".boards a")) {
    link.removeAttribute("aria-current");
    if (link.hash !== `#${name}`) continue;
    link.setAttribute("aria-current", "page");
    link.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone the row is longer than the screen
  }
  if (state.overview) state.board.overview?.(state.overview);
  state.board.refresh();
}

function frame() {
  const { me } = state;
  const { unit_name: shown, tier } = seen();
  const pressed = (status) => ({
    "aria-pressed": String(state.status === status),
  });
  fill(
    spot("page"),
    h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "brand" },
        h("span", { class: "name" }, t("name")),
        h("h1", {}, shown),
        h("span", { class: "muted" }, t(`centre.${tier}`)),
        placePicker(),
      ),
      h(
        "div",
        { class: "clock" },
        h("time", { id: "time" }),
        h("span", { id: "day" }),
      ),
      h(
        "div",
        { class: "tools" },
        h(
          "span",
          { class: "link", id: "link", role: "status" },
          t("state.connecting"),
        ),
        h(
          "div",
          { class: "switch", role: "group", "aria-label": t("view") },
          act(t("actual"), () => setStatus("Actual"), pressed("Actual")),
          act(t("drill"), () => setStatus("Exercise"), pressed("Exercise")),
        ),
        me.may_issue &&
          act(
            state.status === "Exercise" ? t("compose.drill") : t("compose"),
            () => compose(me, state.status, refreshAll),
            { class: "primary", id: "compose" },
          ),
        bell(),
        h(
          "a",
          { class: "account", href: "/account", title: t("account") },
          `${me.name} ${t(`post.${me.post}`)}`,
        ),
        act(t("language.other"), changeLanguage, {
          class: "plain",
          lang: other(),
          id: "language",
        }),
        act(t("sign.out"), () => signOut(me.session), {
          class: "plain",
          id: "sign-out",
        }),
      ),
    ),
    h(
      "nav",
      { class: "boards", "aria-label": t("boards") },
      Object.keys(BOARDS).map((name) =>
        h("a", { href: `#${name}` }, t(`board.${name}`)),
      ),
    ),
    h("main", { class: "screen", id: "board", tabindex: -1 }),
  );
  document.title = `${shown} · ${t("name")}`;
  show();
  tick();
}

async function changeLanguage() {
  await use(other());
  frame();
  showState();
  showDrill();
  if (state.modes) drawMode(spot("mode"), state.modes);
  refreshAll();
  spot("language").focus();
}

begin();
