// What the officer's own waiting pages do to the device: a ring that repeats until they are
// answered, the title of the tab, its icon, and the badge of the app.

import { closeNotifications } from "./push.js";
import { gravestOf } from "./ring_patterns.js";
import { sound } from "./sound.js";
import { showWaiting } from "./tab_signs.js";

/** @import { Level, Status } from "../types/fields.d.ts" */

/**
 * Ring and show a sign for the pages that wait; a drill shows and rings nothing.
 * @param {{ status: Status, level: Level }[]} pages
 * @param {number} count of all pages that wait, with those that are not loaded
 */
export function signalWaiting(pages, count) {
  const realPages = pages.filter(({ status }) => status === "Actual");
  const gravest = gravestOf(realPages.map(({ level }) => level));
  sound.repeat(gravest);
  showWaiting(gravest ? count : 0, gravest);
}

/**
 * Do so for the loaded open pages, drills among them, and remove the notifications of all others.
 * @param {{ page_id: string, status: Status, level: Level }[]} pages
 * @param {number} count of all open pages, with those that are not loaded
 */
export function signalOpenPages(pages, count) {
  const drillCount = pages.filter(({ status }) => status !== "Actual").length;
  signalWaiting(pages, count - drillCount);
  closeNotifications(new Set(pages.map(({ page_id }) => page_id)));
}

/** End the ring and the signs: nobody is signed in. */
export function endSignals() {
  sound.repeat(null);
  showWaiting(0, null);
}
