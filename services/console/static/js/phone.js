// The page for the phone of an officer: pages to answer, assignments to sign and report. The device
// reports by itself that a page was shown or opened; the officer answers with a press.

import { bulkButtons } from "./commands/bulk_steps.js";
import { wholeMatter } from "./duty/matters.js";
import { whenSignedIn } from "./frame/signed_in.js";
import { answerSummary } from "./lib/action_summary.js";
import { beginAlarm } from "./lib/alarm.js";
import { CardOrder } from "./lib/card_order.js";
import { button, linkText } from "./lib/components.js";
import { clearList, elementById, fill, h, optionalElement, renderList } from "./lib/dom.js";
import { formatTime, otherLanguage, setLanguage, t } from "./lib/i18n.js";
import { LiveStream } from "./lib/live_stream.js";
import { drawLoadStatus } from "./lib/load_status.js";
import { categoryFilter, ofCategory, PAGE_KINDS } from "./lib/page_categories.js";
import { showGate } from "./lib/sign_out.js";
import { setTitle } from "./lib/tab_signs.js";
import { endSignals, signalOpenPages } from "./lib/waiting_pages.js";
import { Outbox } from "./phone/outbox.js";
import {
  outboxPanel,
  pageCard,
  phoneAssignmentCard,
  refreshDeadlines,
} from "./phone/phone_cards.js";
import { headLines } from "./phone/phone_header.js";
import { isOpenPage, LIST_NAMES, needsStep, PhoneLists } from "./phone/phone_lists.js";
import { sendReceipt } from "./phone/receipts.js";

/** @import { Deliver } from "./types/actions.d.ts" */
/** @import { Page } from "./types/overview.d.ts" */
/** @import { FeedLine, LinkFacts, LinkState, Officer } from "./types/page.d.ts" */
/** @import { DeviceActions, PhonePage } from "./phone/phone_cards.js" */
/** @import { ListName } from "./phone/phone_lists.js" */

const REFRESH_MS = 20_000;

const cardOrder = new CardOrder(window, "#list", () => show(), resetOrder);

/**
 * @typedef {object} PhoneState
 * @property {ListName} tab
 * @property {string} category of the shown pages: "" (all), "event" or "system"
 * @property {number} newCardCount
 * @property {LiveStream | null} stream
 * @property {ReturnType<typeof setInterval>[]} timers
 * @property {LinkState} link
 * @property {LinkFacts} linkFacts
 * @property {string} outboxShown
 * @property {boolean} isOpening whether the page may still choose the tab by what waits
 */

/** @type {PhoneState} */
const state = {
  tab: "pages",
  category: "",
  newCardCount: 0,
  stream: null,
  timers: [],
  link: "connecting",
  linkFacts: {},
  outboxShown: "",
  isOpening: true,
};
/** @type {Officer} */
let officer;
/** @type {Outbox} */
let outbox;
/** @type {Deliver} */
const deliver = (actions) => outbox.add(actions);
const lists = new PhoneLists((subject) => outbox.entriesOf(subject), show, announcePages);

/** @param {Officer} signedIn */
async function begin(signedIn) {
  officer = signedIn;
  outbox = new Outbox(officer.officer_id, {
    onChange: show,
    onSent: (entry) => lists.noteSent(entry),
  });
  drawFrame();
  for (const event of ["pointerdown", "keydown"])
    addEventListener(event, endOpening, { capture: true });
  beginAlarm(officer);
  await outbox.start();
  state.stream = new LiveStream({
    session: officer.session,
    status: null,
    onLine: loadForLine,
    onReset: () => {
      outbox.send();
      lists.load();
    },
    onState: (link, facts) => {
      Object.assign(state, { link, linkFacts: facts });
      showLinkState();
    },
  });
  state.stream.start();
  lists.load();
  state.timers = [
    setInterval(() => refreshDeadlines(state.stream?.now() ?? Date.now()), 1_000),
    setInterval(() => lists.load(), REFRESH_MS),
  ];
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    resetOrder(); // Nobody touches the list yet.
    lists.load();
  });
}

/** @param {FeedLine} line */
function loadForLine({ kind }) {
  if (PAGE_KINDS.has(kind)) lists.loaders.pages();
  if (kind === "assignments" || kind === "supervision") lists.loaders.assignments();
}

function showGatePage() {
  endSignals();
  state.stream?.stop();
  outbox?.stop();
  state.timers.forEach(clearInterval);
  const unsentCount = outbox?.unsent.length ?? 0;
  const container = h("main", { class: "gate" });
  fill(elementById("page"), container);
  const notice =
    unsentCount > 0 && h("p", { class: "unsent" }, t("unsent.gate", { n: unsentCount }));
  showGate(container, notice);
}

/** @param {PhonePage[]} pages */
function announcePages(pages) {
  const words = pages.map((page) => t("announce.page", { headline: page.headline }));
  elementById("announce").textContent = words.join(" ");
}

function show() {
  if (!optionalElement("list")) return; // Signed out while a request was under way.
  const { pages, assignments } = lists;
  openOnWaiting();
  showBadge("pages", lists.openPageCount);
  if (lists.status.pages.loadedAt)
    signalOpenPages(lists.pages.filter(isOpenPage), lists.openPageCount);
  showBadge("assignments", assignments.filter(needsStep).length);
  cardOrder.draw(elementById("first"), () => {
    showOutbox();
    showLoadStatus();
    if (lists.status[state.tab].loadedAt === null) return; // Nothing is known yet.
    const pageCards = ofCategory(pages, state.category);
    if (state.tab === "pages")
      drawCards(pageCards, isOpenPage, (page) => page.matter, drawPage, "pages.none");
    else
      drawCards(
        assignments,
        needsStep,
        (assignment) => assignment.assignment_id,
        (assignment) => phoneAssignmentCard(assignment, deliver),
        "assignments.none",
      );
  });
  if (state.tab === "pages")
    pages.filter(isOpenPage).forEach((page) => sendReceipt(page, "delivered"));
  elementById("category").hidden = state.tab !== "pages";
  elementById("scope").hidden = state.tab === "pages" || officer.tier !== "village";
  elementById("bulk").hidden = state.tab === "pages";
  for (const name of LIST_NAMES) {
    const { hidden } = lists.views[name].moreButton;
    elementById(`more-${name}`).hidden = state.tab !== name || hidden;
  }
}

/** Open on the assignments where no page waits and an assignment does, until the first press. */
function openOnWaiting() {
  if (!state.isOpening || LIST_NAMES.some((name) => lists.status[name].loadedAt === null)) return;
  state.isOpening = false;
  if (!lists.openPageCount && lists.assignments.some(needsStep)) chooseTab("assignments");
}

/**
 * Leave the tab as it is from the first press on; the choice of a language is no look at a list.
 * @param {Event} event
 */
function endOpening({ target }) {
  if (!(target instanceof Element && target.closest("#language"))) state.isOpening = false;
}

function showLoadStatus() {
  const { loadedAt, failed } = lists.status[state.tab];
  drawLoadStatus(elementById("reading"), loadedAt, failed);
}

/** Redraw the outbox only when it differs: a screen reader does not read the same text twice. */
function showOutbox() {
  const entries = outbox.entries.map((entry) => [entry.key, entry.refused]);
  const content = JSON.stringify(entries) + document.documentElement.lang;
  const panel = elementById("unsent");
  if (panel.hasChildNodes() && state.outboxShown === content) return;
  state.outboxShown = content;
  fill(panel, outboxPanel(outbox));
}

/**
 * Draw the items that need the officer or are unsent in the upper list, all others in the lower
 * one.
 * @template {DeviceActions} Item
 * @param {Item[]} items
 * @param {(item: Item) => boolean} needsOfficer
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} make
 * @param {string} emptyKey
 */
function drawCards(items, needsOfficer, keyOf, make, emptyKey) {
  const previousKeys = new Set(cardOrder.keys);
  const upper = cardOrder.arrange(
    items,
    keyOf,
    (item) => needsOfficer(item) || item.unsentVerbs.length > 0,
  );
  const lower = items.filter((item) => !upper.includes(item));
  const addedCount = upper.filter((item) => !previousKeys.has(keyOf(item))).length;
  const hasOrder = cardOrder.isStable && previousKeys.size > 0;
  showNewCardButton(hasOrder ? state.newCardCount + addedCount : 0);
  renderList(elementById("first"), upper, keyOf, make, t(emptyKey));
  elementById("rest-title").hidden = !lower.length;
  elementById("rest").hidden = !lower.length;
  renderList(elementById("rest"), lower, keyOf, make, "");
}

/** @param {PhonePage} page */
const drawPage = (page) =>
  pageCard(page, {
    isOpen: isOpenPage(page),
    onAnswer: (...answer) => answerPage(page, ...answer),
    onOpen: () => sendReceipt(page, "read"),
  });

/**
 * Show how many cards stand at the end because the list was touched; a press puts them in order.
 * @param {number} count
 */
function showNewCardButton(count) {
  state.newCardCount = count;
  const node = optionalElement("fresh");
  if (!node) return; // Signed out.
  node.hidden = !count;
  node.textContent = t("fresh.n", { n: count });
}

/** Let the list take its own order. */
function resetOrder() {
  cardOrder.reset();
  showNewCardButton(0);
  show();
}

function scrollToTop() {
  resetOrder();
  scrollTo(0, 0);
}

/**
 * @param {ListName} name
 * @param {number} count
 */
function showBadge(name, count) {
  const node = elementById(`badge-${name}`);
  node.textContent = lists.status[name].loadedAt === null ? "…" : String(count);
  node.className = `badge ${count ? "some" : ""}`;
}

/**
 * @param {Page} page
 * @param {string} verb
 * @param {string} words
 * @param {string} [successor] the officer who takes the page over
 */
function answerPage(page, verb, words, successor) {
  const path = `/api/pages/${page.page_id}/answers`;
  const receiver = successor && { hand_to: successor };
  const body = { verb, text: words, ...receiver, ...wholeMatter(page) };
  return outbox.add([{ path, body, summary: answerSummary(page, verb) }]);
}

/** @param {ListName} tab */
function chooseTab(tab) {
  state.tab = tab;
  for (const name of LIST_NAMES)
    elementById(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
  elementById("list").setAttribute("aria-labelledby", `tab-${tab}`);
  clearList(elementById("first"));
  clearList(elementById("rest"));
  resetOrder();
}

function showLinkState() {
  const strip = elementById("state");
  const words = linkText(state.link, state.linkFacts, formatTime);
  strip.hidden = !words;
  strip.className = `banner ${state.link}`;
  if (strip.textContent !== words) strip.textContent = words;
  const label = optionalElement("link");
  if (!label) return; // Signed out.
  label.className = `link tail ${state.link}`;
  label.textContent = t(`state.${state.link}`);
}

function drawFrame() {
  lists.views = lists.makeViews();
  fill(
    elementById("page"),
    drawHeader(),
    h(
      "main",
      { id: "list", role: "tabpanel" },
      h("div", { id: "unsent" }),
      h("label", { class: "scope", id: "scope", hidden: true }, gridsBox(), t("with.grids")),
      h(
        "div",
        { class: "scope", id: "bulk", hidden: true },
        bulkButtons(null, lists.loaders.assignments, { deliver, lists }),
      ),
      h(
        "div",
        { class: "scope", id: "category" },
        categoryFilter((category) => {
          state.category = category;
          resetOrder();
        }),
      ),
      h("p", { class: "reading", id: "reading", role: "status" }),
      h("ul", { class: "cards", id: "first" }),
      h("h2", { class: "group", id: "rest-title", hidden: true }, t("earlier")),
      h("ul", { class: "cards settled", id: "rest", hidden: true }),
      LIST_NAMES.map(listEnd),
    ),
    button("", scrollToTop, { id: "fresh", class: "primary", hidden: true }),
  );
  setTitle(`${officer.unit_name} · ${t("name")}`);
}

function drawHeader() {
  return h(
    "header",
    { class: "bar-top" },
    headLines(officer, outbox, changeLanguage),
    h("div", { class: "tabs", role: "tablist" }, LIST_NAMES.map(tabButton)),
  );
}

/** @param {ListName} name */
const tabButton = (name) =>
  h(
    "button",
    {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      "aria-selected": String(state.tab === name),
      "aria-controls": "list",
      onclick: () => chooseTab(name),
    },
    t(`tab.${name}`),
    h("span", { class: "badge", id: `badge-${name}` }, "…"),
  );

/** @param {ListName} name */
function listEnd(name) {
  const { moreButton, count } = lists.views[name];
  const counter = h("span", { class: "faint" }, count);
  return h("div", { class: "further", id: `more-${name}`, hidden: true }, moreButton, " ", counter);
}

function gridsBox() {
  const box = h("input", { type: "checkbox", checked: lists.withGrids });
  box.addEventListener("change", () => {
    lists.setWithGrids(box.checked);
    chooseTab("assignments");
  });
  return box;
}

async function changeLanguage() {
  await setLanguage(otherLanguage());
  lists.translate();
  drawFrame();
  chooseTab(state.tab);
  showLinkState();
  lists.load();
  elementById("language").focus();
}

whenSignedIn(showGatePage, begin);
