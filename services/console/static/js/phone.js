// The officer's phone: pages to answer, assignments to sign and report. What the device knows by
// itself (shown, opened) is receipted by itself; what a person says is said by a press.

import { get, onSignedOut, post, Problem } from "./lib/api.js";
import { fill, h, list } from "./lib/dom.js";
import { boot, load, other, t, use, when } from "./lib/i18n.js";
import { Held } from "./phone/card_order.js";
import { hasLeft, showGate, signOut } from "./lib/sign_out.js";
import { Live, throttle } from "./lib/live_stream.js";
import { Outbox } from "./phone/outbox.js";
import { paged } from "./lib/paged_list.js";
import { act, stateWords } from "./lib/components.js";
import { assignmentCard, pageCard, unsentPanel } from "./phone/phone_cards.js";
import { standingWords } from "./lib/load_status.js";
import { bell, sound } from "./lib/sound.js";

const OPEN_PAGES = new Set(["queued", "sent", "delivered", "read"]);
const OWN_STEPS = new Set(["sign", "report", "return"]);
const PAGE = 100; // as many as come with the page
const AGAIN_MS = 5_000;
const FULL_EVERY_MS = 20_000;

const spot = (id) => document.getElementById(id);
const receipted = new Set();
const held = new Held(() => show(), settle);
const unread = () => ({ read: null, failed: false });
const state = {
  me: null,
  tab: "pages",
  below: false,
  pages: [],
  waiting: 0,
  assignments: [],
  reading: { pages: unread(), assignments: unread() },
  fresh: 0,
  said: new Map(),
  outbox: null,
  live: null,
  timers: [],
  link: "connecting",
  facts: {},
};

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
  state.outbox = new Outbox(state.me.officer_id, {
    changed: show,
    sent: noteSent,
  });
  frame();
  await state.outbox.start();
  state.live = new Live({
    session: state.me.session,
    status: null,
    take: (line) => {
      if (line.kind === "page" || line.kind === "answer") loads.pages();
      if (line.kind === "assignments" || line.kind === "supervision")
        loads.assignments();
    },
    renew: () => {
      state.outbox.send();
      refreshAll();
    },
    state: (name, facts) => {
      state.link = name;
      state.facts = facts;
      showState();
    },
  });
  state.live.start();
  refreshAll();
  state.timers = [
    setInterval(tick, 1_000),
    setInterval(refreshAll, FULL_EVERY_MS),
  ];
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    settle(); // nobody has a thumb on it yet
    refreshAll();
  });
}

function gate() {
  state.live?.stop();
  state.outbox?.stop();
  state.timers.forEach(clearInterval);
  const waiting =
    state.outbox?.entries.filter((one) => !one.refused).length ?? 0;
  const place = h("main", { class: "gate" });
  fill(spot("page"), place);
  showGate(
    place,
    waiting > 0 &&
      h("p", { class: "unsent" }, t("unsent.gate", { n: waiting })),
  );
}

let lists = {}; // by tab, in the language of now

/** Read a tab's list; `take(answer)` keeps it. What could not be read is said, and tried again. */
const reader = (tab, ask, take) => {
  const run = throttle(async () => {
    const reading = state.reading[tab];
    try {
      const found = await ask();
      if (reading !== state.reading[tab]) return run(); // something else was asked for meanwhile
      take(found);
      Object.assign(reading, { read: Date.now(), failed: false });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      reading.failed = true;
      setTimeout(run, AGAIN_MS);
    }
    show();
  });
  return run;
};

const loads = {
  pages: reader(
    "pages",
    () => lists.pages.read("/api/pages"),
    (found) => {
      const known = new Set(state.pages.map((one) => one.page_id));
      const first = state.reading.pages.read === null;
      const further = lists.pages.show({ ...found, total: null });
      state.pages = found.pages;
      state.waiting = found.waiting;
      const fresh = further
        ? []
        : pagesNow().filter((one) => isOpen(one) && !known.has(one.page_id));
      if (fresh.length)
        spot("announce").textContent = fresh
          .map((one) => t("announce.page", { headline: one.headline }))
          .join(" ");
      if (!first && fresh.some((one) => one.status === "Actual")) sound.ring();
    },
  ),
  assignments: reader(
    "assignments",
    () =>
      lists.assignments.read("/api/assignments", {
        open: 1,
        subtree: state.below ? 1 : "",
      }),
    (found) => {
      lists.assignments.show(found);
      state.assignments = found.assignments;
    },
  ),
};

async function quietly(promise) {
  try {
    return await promise;
  } catch {
    return null;
  }
}

function refreshAll() {
  loads.pages();
  loads.assignments();
}

const saidKey = (one) => `${one.assignment_id}-${one.version}`;
const waitingFor = (subject) =>
  state.outbox
    .of(subject)
    .filter((entry) => !entry.refused)
    .map((entry) => entry.about.verb);
const isOpen = (page) =>
  OPEN_PAGES.has(page.state) && !page.answer && !page.waiting.length;
const needsMe = (one) =>
  !one.said &&
  !one.waiting.length &&
  one.may.some((step) => OWN_STEPS.has(step));

/** The server's lists with what this device knows beyond them. */
const pagesNow = () =>
  state.pages.map((one) => ({
    ...one,
    answer: one.answer ?? state.said.get(one.page_id),
    waiting: waitingFor(one.page_id),
  }));
const assignmentsNow = () =>
  state.assignments.map((one) => ({
    ...one,
    said: state.said.get(saidKey(one)),
    waiting: waitingFor(one.assignment_id),
  }));

/** Pages that wait for an answer: those that are here, and those further down that were not read yet. */
function pagesWaiting(pages) {
  const here = state.pages.filter(
    (one) => OPEN_PAGES.has(one.state) && !one.answer,
  ).length;
  return pages.filter(isOpen).length + Math.max(0, state.waiting - here);
}

function show() {
  if (!spot("list")) return; // signed out: an answer that was under way, or the outbox
  const [pages, assignments] = [pagesNow(), assignmentsNow()];
  badge("pages", pagesWaiting(pages));
  badge("assignments", assignments.filter(needsMe).length);
  if (!spot("first")) return;
  held.draw(spot("first"), () => {
    showUnsent();
    showReading();
    if (state.reading[state.tab].read === null) return; // nothing is known: nothing is drawn
    if (state.tab === "pages")
      draw(pages, isOpen, (one) => one.page_id, drawPage, "pages.none");
    else
      draw(
        assignments,
        needsMe,
        (one) => one.assignment_id,
        drawAssignment,
        "assignments.none",
      );
  });
  if (state.tab === "pages")
    pages.filter(isOpen).forEach((one) => receipt(one, "delivered"));
  spot("scope").hidden = state.tab === "pages" || state.me.tier !== "village";
  for (const name of Object.keys(lists))
    spot(`more-${name}`).hidden = state.tab !== name || lists[name].more.hidden;
}

/** How the reading of the list stands, and that something new is further down. */
function showReading() {
  const { read, failed } = state.reading[state.tab];
  const words = standingWords(read, failed);
  const note = spot("reading");
  note.hidden = !words;
  note.classList.toggle("failed", failed);
  if (note.textContent !== words) note.textContent = words;
}

/** Redrawn only when it says something else: a reader is not told the same twice. */
function showUnsent() {
  const known =
    JSON.stringify(state.outbox.entries.map((one) => [one.key, one.refused])) +
    document.documentElement.lang;
  const panel = spot("unsent");
  if (panel.known === known) return;
  panel.known = known;
  fill(panel, unsentPanel(state.outbox));
}

/** What needs the officer or has not left the device stands first, the rest below. */
function draw(all, needed, key, make, empty) {
  const stood = new Set(held.keys);
  const first = held.arranged(
    all,
    key,
    (one) => needed(one) || one.waiting.length > 0,
  );
  const rest = all.filter((one) => !first.includes(one));
  showFresh(
    held.holding && stood.size
      ? state.fresh + first.filter((one) => !stood.has(key(one))).length
      : 0,
  );
  list(spot("first"), first, key, make, t(empty));
  spot("rest-title").hidden = !rest.length;
  spot("rest").hidden = !rest.length;
  list(spot("rest"), rest, key, make, "");
}

const drawPage = (page) =>
  pageCard(page, {
    open: isOpen(page),
    say,
    opened: () => receipt(page, "read"),
  });
const drawAssignment = (one) =>
  assignmentCard(one, {
    done: () => {},
    deliver: (acts) => state.outbox.add(acts),
  });

/** What came while a hand was on the list stands at its end; a press puts it in its place. */
function showFresh(n) {
  state.fresh = n;
  const button = spot("fresh");
  if (!button) return; // signed out
  button.hidden = !state.fresh;
  button.textContent = t("fresh.n", { n: state.fresh });
}

/** The list takes its own order. */
function settle() {
  held.release();
  showFresh(0);
  show();
}

function toTop() {
  settle();
  scrollTo(0, 0);
}

function badge(name, n) {
  const node = spot(`badge-${name}`);
  if (!node) return;
  node.textContent = state.reading[name].read === null ? "…" : n;
  node.className = `badge ${n ? "some" : ""}`;
}

/** What the device knows: once per page and fact, in the background. */
async function receipt(page, verb) {
  const key = `${page.page_id}-${verb}`;
  if (receipted.has(key) || document.visibilityState !== "visible") return;
  receipted.add(key);
  const sent = await quietly(
    post(`/api/pages/${page.page_id}/answers`, { verb }),
  );
  if (!sent) receipted.delete(key);
}

function say(page, verb, words) {
  const about = { subject: page.page_id, verb, words: page.headline };
  return state.outbox.add([
    {
      path: `/api/pages/${page.page_id}/answers`,
      body: { verb, text: words },
      about,
    },
  ]);
}

/** The server has it, its lists do not show it yet. */
function noteSent({ about }) {
  if (about.verb === "photo") return;
  state.said.set(
    about.version === undefined
      ? about.subject
      : `${about.subject}-${about.version}`,
    about.verb,
  );
}

function choose(tab) {
  state.tab = tab;
  for (const name of ["pages", "assignments"])
    spot(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
  spot("list").setAttribute("aria-labelledby", `tab-${tab}`);
  for (const id of ["first", "rest"]) {
    spot(id).known = undefined;
    fill(spot(id));
  }
  held.release();
  showFresh(0);
  show();
}

function showState() {
  const strip = spot("state");
  const words = stateWords(state.link, state.facts, (moment) => when(moment));
  strip.hidden = !words;
  strip.className = `banner ${state.link}`;
  if (strip.textContent !== words) strip.textContent = words;
  const chip = spot("link");
  if (chip) {
    chip.className = `link tail ${state.link}`;
    chip.textContent = t(`state.${state.link}`);
  }
}

function tick() {
  const now = state.live.now();
  for (const node of document.querySelectorAll("[data-by]")) {
    const left = new Date(node.dataset.by).getTime() - now;
    node.classList.toggle("late", left < 0);
    const words = node.tick(left);
    if (node.textContent !== words) node.textContent = words;
  }
}

function frame() {
  const { me } = state;
  lists = {
    pages: paged(
      "pages",
      (one) => one.page_id,
      () => loads.pages(),
      PAGE,
    ),
    assignments: paged(
      "assignments",
      (one) => one.assignment_id,
      () => loads.assignments(),
      PAGE,
    ),
  };
  const tab = (name) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        "aria-selected": String(state.tab === name),
        "aria-controls": "list",
        onclick: () => choose(name),
      },
      t(`tab.${name}`),
      h("span", { class: "badge", id: `badge-${name}` }, "…"),
    );
  const below = h("input", {
    type: "checkbox",
    checked: state.below,
    onchange: (event) => {
      state.below = event.target.checked;
      state.reading.assignments = unread();
      lists.assignments.restart();
      choose("assignments");
      loads.assignments();
    },
  });
  fill(
    spot("page"),
    h(
      "header",
      { class: "bar-top" },
      h(
        "div",
        { class: "who" },
        h("h1", {}, me.unit_name),
        h(
          "span",
          { class: "link tail", id: "link", role: "status" },
          t("state.connecting"),
        ),
      ),
      h(
        "div",
        { class: "sub" },
        h("span", {}, `${me.name} ${t(`post.${me.post}`)}`),
        h("span", { class: "tail" }),
        bell(),
        act(t("language.other"), changeLanguage, {
          class: "plain",
          lang: other(),
          id: "language",
        }),
        act(t("sign.out"), () => signOut(me.session), { class: "plain" }),
      ),
      h(
        "div",
        { class: "tabs", role: "tablist" },
        tab("pages"),
        tab("assignments"),
      ),
    ),
    h(
      "main",
      { id: "list", role: "tabpanel" },
      h("div", { id: "unsent" }),
      h(
        "label",
        { class: "scope", id: "scope", hidden: true },
        below,
        t("with.grids"),
      ),
      h("p", { class: "reading", id: "reading", role: "status" }),
      h("ul", { class: "cards", id: "first" }),
      h("h2", { class: "group", id: "rest-title", hidden: true }, t("earlier")),
      h("ul", { class: "cards gone", id: "rest", hidden: true }),
      Object.keys(lists).map((name) =>
        h(
          "div",
          { class: "further", id: `more-${name}`, hidden: true },
          lists[name].more,
          " ",
          h("span", { class: "faint" }, lists[name].count),
        ),
      ),
    ),
    act("", toTop, { id: "fresh", class: "primary", hidden: true }),
  );
  document.title = `${me.unit_name} · ${t("name")}`;
}

async function changeLanguage() {
  await use(other());
  frame();
  choose(state.tab);
  showState();
  refreshAll();
  spot("language").focus();
}

begin();
