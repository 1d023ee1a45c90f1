// The units of a command that have not signed or are late, as last read.

import { get, problemOf } from "../lib/api.js";
import { chip } from "../lib/components.js";
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { drawLoadStatus } from "../lib/load_status.js";

/** @import { CommandDetail, MissingUnit } from "../types/commands.d.ts" */

const DISPLAY_LIMIT = 6;
const REFRESH_MS = 4_000;

/** @typedef {{ readAt: number, units: MissingUnit[], total: number }} MissingUnits */

/** @type {Map<string, MissingUnits>} */
const lastAnswers = new Map();
/** @type {Map<string, Promise<CommandDetail>>} */
const pendingRequests = new Map();

/**
 * Show the missing units in `node`; they are read again at most every few seconds per command.
 * @param {HTMLElement} node
 * @param {string} commandId
 */
export async function showMissingUnits(node, commandId) {
  const last = lastAnswers.get(commandId);
  if (last) draw(node, last);
  else drawStatus(node, false);
  if (last && Date.now() - last.readAt < REFRESH_MS) return;
  const request = pendingRequests.get(commandId) ?? get(`/api/commands/${commandId}`);
  pendingRequests.set(commandId, request);
  try {
    const { missing: units, missing_total: total } = await request;
    const answer = { readAt: Date.now(), units, total };
    lastAnswers.set(commandId, answer);
    draw(node, answer);
  } catch (error) {
    problemOf(error);
    // The last answer stays; the header tells that the connection is lost.
    if (!last) drawStatus(node, true);
  } finally {
    pendingRequests.delete(commandId);
  }
}

const label = () => h("span", { class: "muted" }, t("missing"));

/**
 * @param {HTMLElement} node
 * @param {boolean} failed
 */
function drawStatus(node, failed) {
  const note = h("span", { class: "reading" });
  drawLoadStatus(note, null, failed);
  fill(node, label(), " ", note);
}

/**
 * @param {HTMLElement} node
 * @param {MissingUnits} answer
 */
function draw(node, { units, total }) {
  const chips = units
    .slice(0, DISPLAY_LIMIT)
    .map((unit) =>
      chip(`${unit.unit_name} ${t(`assignment.${unit.state}`)}`, unit.supervision ? "bad" : ""),
    );
  const remainder = total - chips.length;
  const note = remainder > 0 && h("span", { class: "faint" }, t("and.more", { n: remainder }));
  fill(node, chips.length ? [label(), chips, note] : []);
}
