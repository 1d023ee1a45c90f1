// The page 管理 Administration: its head, and the tabs by address (#ledger/sensor:gauge-1). The
// officer's own pages ring here as on the live screen.

import { ADMIN_TABS } from "./admin/admin_tabs.js";
import { loadRealPages, pageCountBadge } from "./frame/page_count.js";
import { accountTools, markLink, showGatePanel } from "./frame/page_head.js";
import { answersOf } from "./frame/screen_state.js";
import { whenSignedIn } from "./frame/signed_in.js";
import { alarmControls, beginAlarm } from "./lib/alarm.js";
import { elementById, fill, h, optionalElement } from "./lib/dom.js";
import { otherLanguage, setLanguage, t } from "./lib/i18n.js";
import { setTitle } from "./lib/tab_signs.js";
import { endSignals } from "./lib/waiting_pages.js";

/** @import { AdminTab, AdminTabContext } from "./types/admin.d.ts" */
/** @import { Officer } from "./types/page.d.ts" */

const OWN_PAGES_MS = 5_000;

/** @type {Officer} */
let officer;
/** @type {ReturnType<typeof setInterval>[]} */
let timers = [];
/** @type {{ name: string, tab: AdminTab } | null} */
let current = null;

/** Return the tab that the address names, and its item after a slash; else the first tab. */
function addressedTab() {
  const [name, ...parts] = location.hash.slice(1).split("/");
  const names = ADMIN_TABS.map(([tabName]) => tabName);
  if (!names.includes(name)) return { name: names[0], item: null };
  return { name, item: decodeURIComponent(parts.join("/")) || null };
}

/** @param {Officer} signedIn */
function begin(signedIn) {
  officer = signedIn;
  drawFrame();
  beginAlarm(officer);
  loadRealPages();
  timers = [setInterval(loadRealPages, OWN_PAGES_MS)];
  addEventListener("hashchange", followAddress);
}

function followAddress() {
  if (!optionalElement("board")) return; // Signed out.
  const { name, item } = addressedTab();
  // The skip link is an address too.
  if (location.hash && !location.hash.startsWith(`#${name}`)) return;
  if (current?.name === name && current.tab.go) current.tab.go(item);
  else showTab();
}

function showGatePage() {
  endSignals();
  timers.forEach(clearInterval);
  showGatePanel();
}

/** Show the tab that the address names; an officer without the right is told so. */
function showTab() {
  if (!officer.administers.length) {
    fill(elementById("board"), h("p", { class: "empty" }, t("problem.not_administrator")));
    return;
  }
  const { name, item } = addressedTab();
  const [, make] = ADMIN_TABS.find(([tabName]) => tabName === name) ?? ADMIN_TABS[0];
  const tab = make(tabContext(name, item));
  current = { name, tab };
  fill(elementById("board"), h("div", { class: "tab-content" }, tab.node));
  markLink(name);
  tab.refresh();
}

/**
 * @param {string} name
 * @param {string | null} item
 * @returns {AdminTabContext}
 */
function tabContext(name, item) {
  return {
    officer,
    item,
    ...answersOf(() => Boolean(optionalElement("board")) && addressedTab().name === name),
    announce: (words) => {
      elementById("announce").textContent = words;
    },
  };
}

function drawFrame() {
  fill(
    elementById("page"),
    h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "brand" },
        h("span", { class: "name" }, t("name")),
        h("h1", {}, t("admin")),
        h("span", { class: "muted" }, officer.unit_name),
      ),
      h("div"),
      headerTools(),
    ),
    officer.administers.length > 0 &&
      h(
        "nav",
        { class: "boards", "aria-label": t("admin.tabs") },
        ADMIN_TABS.map(([name]) => h("a", { href: `#${name}` }, t(`admin.${name}`))),
      ),
    h("main", { class: "screen", id: "board", tabindex: -1 }),
  );
  setTitle(`${t("admin")} · ${t("name")}`);
  showTab();
}

function headerTools() {
  return h(
    "div",
    { class: "tools" },
    h("a", { href: "/", class: "button" }, t("admin.back"), pageCountBadge()),
    alarmControls(officer),
    accountTools(officer, changeLanguage),
  );
}

async function changeLanguage() {
  await setLanguage(otherLanguage());
  drawFrame();
  loadRealPages();
  elementById("language").focus();
}

whenSignedIn(showGatePage, begin);
