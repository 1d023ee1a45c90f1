// The boards by name. The overview is in the first script of the page, the other boards are in the
// second one.

import { overviewBoard } from "../boards/overview.js";
import { h } from "../lib/dom.js";
import { drawLoadStatus, loadNote } from "../lib/load_status.js";
import { secondScript } from "./second_script.js";

/** @import { Board, BoardMaker } from "../types/page.d.ts" */

const RETRY_MS = 2_000;

/** @typedef {Exclude<(typeof NAMES)[number], "overview">} LaterBoardName */

const NAMES = /** @type {const} */ ([
  "overview",
  "alarms",
  "sensors",
  "command",
  "supervision",
  "reports",
  "duty",
  "modes",
  "drills",
  "cases",
  "letters",
]);

/** The names of all boards, in the order of their links. */
export const BOARD_NAMES = /** @type {readonly string[]} */ (NAMES);

/** @type {Record<string, BoardMaker>} */
const boards = { overview: overviewBoard };

/** Load the boards of the second script. */
export async function loadBoards() {
  const { LATER_BOARDS } = await secondScript();
  Object.assign(boards, LATER_BOARDS);
}

/**
 * Return the maker of a board; undefined while its script is not there.
 * @param {string} name
 * @returns {BoardMaker | undefined}
 */
export const boardMaker = (name) => boards[name];

/**
 * Make a board for the time without the second script; `show` is called when the script is there.
 * @param {() => void} show
 * @returns {Board}
 */
export function awaitedBoard(show) {
  const note = loadNote();
  drawLoadStatus(note, null, false);
  const node = h("div", {}, note);

  async function load() {
    try {
      await loadBoards();
    } catch {
      drawLoadStatus(note, null, true);
      setTimeout(() => node.isConnected && load(), RETRY_MS);
      return;
    }
    if (node.isConnected) show();
  }

  return { node, refresh: load, line: () => {} };
}
