// The second script of the live screen: the boards beside the overview, and the sheets.

import { openAlertSheet } from "./alerts/alert_sheet.js";
import { alarmsBoard } from "./boards/alarms.js";
import { casesBoard } from "./boards/cases.js";
import { commandBoard } from "./boards/command.js";
import { drillsBoard } from "./boards/drills.js";
import { dutyBoard } from "./boards/duty.js";
import { lettersBoard } from "./boards/letters.js";
import { modesBoard } from "./boards/modes.js";
import { reportsBoard } from "./boards/reports.js";
import { sensorsBoard } from "./boards/sensors.js";
import { supervisionBoard } from "./boards/supervision.js";
import { openUnitSheet } from "./commands/unit_sheet.js";

/** @import { LaterBoardName } from "./frame/boards.js" */
/** @import { BoardMaker } from "./types/page.d.ts" */

/**
 * The boards by name.
 * @type {Record<LaterBoardName, BoardMaker>}
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

/** The sheets by what they show. */
export const SHEETS = { alert: openAlertSheet, units: openUnitSheet };
