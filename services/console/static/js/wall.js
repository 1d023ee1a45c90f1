// The screen of a centre: header, boards by address (#command), the live stream and its state.

import { sendAll } from "./commands/assignment_steps.js";
import { composeCommand } from "./commands/command_composer.js";
import { awaitedBoard, BOARD_NAMES, boardMaker, loadBoards } from "./frame/boards.js";
import {
  addressedPlace,
  answerOrNull,
  answersOf,
  choosePlace,
  officerAtPlace,
  screenCheck,
  showsDrill,
  state,
  updateAddress,
} from "./frame/screen_state.js";
import { loadOwnPages, loadRealPages, pageCountBadge } from "./frame/page_count.js";
import { accountTools, markLink, showGatePanel } from "./frame/page_head.js";
import { whenSignedIn } from "./frame/signed_in.js";
import { showDrillStrip, showLinkState, showMode, showTime } from "./frame/strips.js";
import { incidentButton } from "./incidents/incident_form.js";
import { alarmControls, beginAlarm } from "./lib/alarm.js";
import { get } from "./lib/api.js";
import { button } from "./lib/components.js";
import { elementById, fill, h, optionalElement } from "./lib/dom.js";
import { otherLanguage, setLanguage, t } from "./lib/i18n.js";
import { LiveStream } from "./lib/live_stream.js";
import { loadStatusText } from "./lib/load_status.js";
import { PAGE_KINDS } from "./lib/page_categories.js";
import { gravestOf } from "./lib/ring_patterns.js";
import { sound } from "./lib/sound.js";
import { setTitle } from "./lib/tab_signs.js";
import { throttle } from "./lib/throttle.js";
import { endSignals } from "./lib/waiting_pages.js";
import { drawUnknownMode } from "./modes/mode_banner.js";

/** @import { Alert } from "./types/alerts.d.ts" */
/** @import { BoardContext, Officer } from "./types/page.d.ts" */
/** @import { Status } from "./types/fields.d.ts" */

const OPERATOR_BOARDS = new Set(["letters"]);
const REFRESH_MS = 30_000;
const OWN_PAGES_MS = 5_000;

/** @type {Officer} */
let officer;

/**
 * Return whether the officer is offered a board with this name.
 * @param {string} name
 */
const isOffered = (name) =>
  BOARD_NAMES.includes(name) && (officer.operates || !OPERATOR_BOARDS.has(name));

/** Return the board that the address names, and its item after a slash. */
function addressedBoard() {
  const [name, item] = location.hash.slice(1).split("/");
  return isOffered(name) ? { name, item: item || null } : { name: "overview", item: null };
}

/** @param {Officer} signedIn */
function begin(signedIn) {
  officer = signedIn;
  choosePlace(officer, addressedPlace());
  drawFrame();
  beginAlarm(officer);
  follow();
  state.timers = [
    setInterval(showTime, 1_000),
    setInterval(refreshAll, REFRESH_MS),
    // The stream of a drill has no line about a real page.
    setInterval(() => showsDrill() && loadRealPages(), OWN_PAGES_MS),
  ];
  addEventListener("hashchange", followAddress);
}

function followAddress() {
  if (!optionalElement("board")) return; // Signed out.
  // The skip link is an address too.
  if (location.hash && !isOffered(location.hash.slice(1).split("/")[0])) return;
  const { name, item } = addressedBoard();
  if (name === state.boardName && state.board?.go) state.board.go(item);
  else showBoard();
}

function showGatePage() {
  endSignals();
  state.stream?.stop();
  state.timers.forEach(clearInterval);
  document.body.className = "wall";
  showGatePanel();
}

/** Follow the stream of the present status and place, and load everything. */
function follow() {
  state.stream?.stop();
  state.stream = new LiveStream({
    session: officer.session,
    status: state.status,
    onLine: (line) => {
      state.board?.line(line);
      reloadOverview();
      if (line.kind === "mode") loadModes();
      if (PAGE_KINDS.has(line.kind)) loadOwnPages();
    },
    onReset: refreshAll,
    onState: (link, linkFacts) => {
      Object.assign(state, { link, linkFacts });
      showLinkState();
    },
  });
  state.stream.start();
  refreshAll();
}

const reloadOverview = throttle(async () => {
  const isCurrent = screenCheck();
  const answer = await answerOrNull(get("/api/overview", { status: state.status }));
  if (!isCurrent()) return;
  if (!answer) {
    state.board?.overviewFailed?.();
    return;
  }
  // The answer was made for another screen, before the newest line.
  if (answer.feed_seq < Number(state.stream?.lastId)) reloadOverview();
  state.overview = answer;
  state.board?.overview?.(answer);
  loadBoards().catch(() => {}); // The board that needs them says so and tries again.
  showDrillStrip(setStatus);
});

const loadModes = throttle(async () => {
  const isCurrent = screenCheck();
  if (!state.modes) drawUnknownMode(elementById("mode"), loadStatusText(null, false));
  const answer = await answerOrNull(get("/api/modes", { status: state.status }));
  if (!isCurrent()) return;
  if (answer) {
    state.modes = answer;
    showMode();
  } else if (!state.modes) drawUnknownMode(elementById("mode"), loadStatusText(null, true));
});

/** Ring for the officer's own real pages on every board, until they are answered. */
function refreshAll() {
  loadOwnPages();
  reloadOverview();
  loadModes();
  state.board?.refresh();
}

/**
 * Announce new alerts to screen readers, and by the bell where they are real.
 * @param {Alert[]} alerts
 */
function announce(alerts) {
  if (!alerts.length) return;
  const words = alerts.map((alert) =>
    t("announce", {
      level: t(`level.${alert.level ?? alert.proposed_level ?? "lift"}`),
      place: alert.place_name,
      headline: alert.masked ? t("masked") : alert.headline,
    }),
  );
  elementById("announce").textContent = words.join(" ");
  const gravest = gravestOf(alerts.map((alert) => alert.level ?? alert.proposed_level ?? "notice"));
  if (!showsDrill() && gravest) sound.ring(gravest);
}

/** @param {Status} status */
function setStatus(status) {
  if (status === state.status) return;
  state.status = status;
  restart();
}

/** Draw and follow another status or place from the beginning; the address names it. */
function restart() {
  Object.assign(state, { overview: null, modes: null });
  updateAddress(officer);
  drawFrame();
  showDrillStrip(setStatus);
  follow();
}

/** Make the choice of the place, for an officer who may see more than one. */
function placePicker() {
  const { sees: places } = officer;
  if (places.length < 2) return null;
  const options = places.map((place) =>
    h("option", { value: place.unit, selected: place === state.place }, place.name),
  );
  const picker = h("select", { id: "place", "aria-label": t("place") }, options);
  picker.addEventListener("change", () => {
    choosePlace(officer, picker.value);
    restart();
    elementById("place").focus();
  });
  return picker;
}

/** Show the board that the address names. */
function showBoard() {
  const { name, item } = addressedBoard();
  state.boardName = name;
  const make = boardMaker(name);
  state.board = make ? make(boardContext(name, item)) : awaitedBoard(showBoard);
  fill(elementById("board"), state.board.node);
  markLink(name);
  if (state.overview) state.board.overview?.(state.overview);
  state.board.refresh();
}

/**
 * @param {string} name
 * @param {string | null} item
 * @returns {BoardContext}
 */
function boardContext(name, item) {
  const isSameScreen = screenCheck();
  return {
    me: officerAtPlace(officer),
    officer,
    status: state.status,
    item,
    ...answersOf(() => isSameScreen() && addressedBoard().name === name),
    announce,
    reload: reloadOverview,
  };
}

function drawFrame() {
  const { unit_name: unitName, tier } = officerAtPlace(officer);
  fill(
    elementById("page"),
    h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "brand" },
        h("span", { class: "name" }, t("name")),
        h("h1", {}, unitName),
        h("span", { class: "muted" }, t(`centre.${tier}`)),
        placePicker(),
      ),
      h("div", { class: "clock" }, h("time", { id: "time" }), h("span", { id: "day" })),
      headerTools(),
    ),
    h(
      "nav",
      { class: "boards", "aria-label": t("boards") },
      BOARD_NAMES.filter(isOffered).map((name) =>
        h("a", { href: `#${name}` }, t(`board.${name}`), name === "overview" && pageCountBadge()),
      ),
    ),
    h("main", { class: "screen", id: "board", tabindex: -1 }),
  );
  setTitle(`${unitName} · ${t("name")}`);
  showBoard();
  showTime();
}

function headerTools() {
  /**
   * @param {Status} status
   * @param {string} key
   */
  const statusButton = (status, key) =>
    button(t(key), () => setStatus(status), {
      "aria-pressed": String(state.status === status),
    });
  const composeButton = button(
    t(showsDrill() ? "compose.drill" : "compose"),
    () => composeCommand(officer, state.status, refreshAll),
    { class: "primary", id: "compose" },
  );
  return h(
    "div",
    { class: "tools" },
    h("span", { class: "link", id: "link", role: "status" }, t("state.connecting")),
    h(
      "div",
      { class: "switch", role: "group", "aria-label": t("view") },
      statusButton("Actual", "actual"),
      statusButton("Exercise", "drill"),
    ),
    !showsDrill() && incidentButton(officer, sendAll, "incident.sent"),
    officer.may_issue && composeButton,
    alarmControls(officer),
    officer.administers.length > 0 &&
      h("a", { class: "account", href: "/admin", id: "admin" }, t("admin")),
    accountTools(officer, changeLanguage),
  );
}

async function changeLanguage() {
  await setLanguage(otherLanguage());
  drawFrame();
  showLinkState();
  showDrillStrip(setStatus);
  showMode();
  refreshAll();
  elementById("language").focus();
}

whenSignedIn(showGatePage, begin);
