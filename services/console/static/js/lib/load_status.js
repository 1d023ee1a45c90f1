// The load status of a part of a screen: it is loading, it could not be loaded, its content is old.
// A part that has not been loaded never looks as if there were nothing.

import { Problem } from "./api.js";
import { clearList, h } from "./dom.js";
import { formatTime, t } from "./i18n.js";
import { throttle } from "./throttle.js";

const RETRY_MS = 5_000;

/**
 * Return the text for content that was loaded at `loadedAt` (null = never), "" when there is
 * nothing to say; `failed` tells that the last attempt failed.
 * @param {number | null} loadedAt milliseconds
 * @param {boolean} failed
 */
export function loadStatusText(loadedAt, failed) {
  if (failed)
    return loadedAt === null
      ? t("reading.failed")
      : t("reading.old", { time: formatTime(loadedAt) });
  return loadedAt === null ? t("loading") : "";
}

/**
 * Show a load status in `note`: it looks different while it is loading, where it could not be
 * loaded and where it is old, and disappears when the content is current.
 * @param {HTMLElement} note
 * @param {number | null} loadedAt milliseconds
 * @param {boolean} failed
 */
export function drawLoadStatus(note, loadedAt, failed) {
  const words = loadStatusText(loadedAt, failed);
  note.hidden = !words;
  const kind = failed ? (loadedAt === null ? "failed" : "stale") : "loading";
  for (const name of ["loading", "failed", "stale"]) note.classList.toggle(name, name === kind);
  if (note.textContent !== words) note.textContent = words;
}

/** Make the element for a load status. */
export const loadNote = () => h("p", { class: "reading", role: "status" });

/**
 * Make the load status of `node`; a line before the node shows it from `begin` on.
 * @param {Element} node
 */
export function loadStatus(node) {
  const note = loadNote();
  /** @type {number | null} */
  let loadedAt = null;

  /** @param {boolean} failed */
  function show(failed) {
    if (!note.isConnected && node.parentNode) node.before(note);
    drawLoadStatus(note, loadedAt, failed);
  }

  return {
    /** A request begins. */
    begin: () => {
      if (loadedAt === null && !note.classList.contains("failed")) show(false);
    },
    /** The node shows current content. */
    succeed: () => {
      loadedAt = Date.now();
      show(false);
    },
    /** The request failed. */
    fail: () => show(true),
    /** The next request is about something else. */
    restart: () => {
      loadedAt = null;
      note.classList.remove("failed");
    },
  };
}

/**
 * Return a function that loads a part of a board, at most once per `pause` ms. `request()` gives
 * the answer, or null when there is none for this screen; `draw` puts the answer into `nodes`. The
 * `restart` of the function empties the nodes and loads them for another question.
 * @template Answer
 * @param {Element | Element[]} nodes
 * @param {() => Promise<Answer | null>} request
 * @param {(answer: Answer) => void} draw
 * @param {number} [pause]
 */
export function loader(nodes, request, draw, pause = 1_000) {
  const parts = [nodes].flat();
  const statuses = parts.map(loadStatus);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retryTimer;
  const load = throttle(async () => {
    clearTimeout(retryTimer);
    statuses.forEach((status) => status.begin());
    let answer;
    try {
      answer = await request();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      statuses.forEach((status) => status.fail());
      retryTimer = setTimeout(() => parts[0].isConnected && load(), RETRY_MS);
      return;
    }
    if (answer === null) return;
    draw(answer);
    statuses.forEach((status) => status.succeed());
  }, pause);

  function restart() {
    statuses.forEach((status) => status.restart());
    parts.forEach(clearList);
    return load();
  }

  return Object.assign(load, { restart });
}

/**
 * Start all loaders of a board.
 * @param {Record<string, () => unknown>} loaders
 */
export function loadAll(loaders) {
  for (const load of Object.values(loaders)) load();
}
