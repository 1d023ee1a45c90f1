// The boards of the second script.

import { alarmsBoard } from "./alarms.js";
import { casesBoard } from "./cases.js";
import { commandBoard } from "./command.js";
import { drillsBoard } from "./drills.js";
import { dutyBoard } from "./duty.js";
import { lettersBoard } from "./letters.js";
import { modesBoard } from "./modes.js";
import { reportsBoard } from "./reports.js";
import { sensorsBoard } from "./sensors.js";
import { supervisionBoard } from "./supervision.js";

/** @import { BoardMaker } from "../types/page.d.ts" */

/**
 * The boards by name.
 * @type {Record<string, BoardMaker>}
 */
export const LATER_BOARDS = {
  alarms: alarmsBoard,
  sensors: sensorsBoard,
  command: commandBoard,
  supervision: supervisionBoard,
  reports: reportsBoard,
  duty: dutyBoard,
  modes: modesBoard,
  drills: drillsBoard,
  cases: casesBoard,
  letters: lettersBoard,
};
