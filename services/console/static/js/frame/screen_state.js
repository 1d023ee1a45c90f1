// The state of the screen of a centre, as the address names it: real world or drill, place, board.

import { setPlace } from "../lib/api.js";

/** @import { ModesAnswer } from "../types/modes.d.ts" */
/** @import { OverviewAnswer } from "../types/overview.d.ts" */
/** @import { Board, LinkFacts, LinkState, Officer, Place } from "../types/page.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */
/** @import { LiveStream } from "../lib/live_stream.js" */

/**
 * @typedef {object} ScreenState
 * @property {Status} status
 * @property {Place | null} place the unit of the screen; null while it is unknown
 * @property {string | null} boardName
 * @property {Board | null} board
 * @property {OverviewAnswer | null} overview
 * @property {ModesAnswer | null} modes
 * @property {LiveStream | null} stream
 * @property {ReturnType<typeof setInterval>[]} timers
 * @property {LinkState} link
 * @property {LinkFacts} linkFacts
 */

/** @param {string} name */
const parameter = (name) => new URLSearchParams(location.search).get(name);

/**
 * The state of this screen.
 * @type {ScreenState}
 */
export const state = {
  status: parameter("status") === "Exercise" ? "Exercise" : "Actual",
  place: null,
  boardName: null,
  board: null,
  overview: null,
  modes: null,
  stream: null,
  timers: [],
  link: "connecting",
  linkFacts: {},
};

/** Return whether the screen shows the drills. */
export const showsDrill = () => state.status === "Exercise";

/** Return the place that the address names. */
export const addressedPlace = () => parameter("place");

/**
 * Show this unit where the officer may see it; else the officer's own, else the first one allowed.
 * @param {Officer} officer
 * @param {string | null} unit
 */
export function choosePlace(officer, unit) {
  const { sees: places, unit: ownUnit } = officer;
  /** @param {string | null} code */
  const placeOf = (code) => places.find((place) => place.unit === code);
  state.place = placeOf(unit) ?? placeOf(ownUnit) ?? places[0] ?? null;
  setPlace(foreignUnit(officer));
}

/**
 * Return the unit of the screen where it is not the officer's own; null otherwise.
 * @param {Officer} officer
 */
const foreignUnit = ({ unit }) =>
  state.place && state.place.unit !== unit ? state.place.unit : null;

/**
 * Return the officer with the place of the screen as unit: the subject of a board.
 * @param {Officer} officer
 * @returns {Officer}
 */
export function officerAtPlace(officer) {
  const { place } = state;
  return place
    ? { ...officer, unit: place.unit, unit_name: place.name, tier: place.tier }
    : officer;
}

/**
 * Write the status and the place of the screen into the address.
 * @param {Officer} officer
 */
export function updateAddress(officer) {
  const query = new URLSearchParams();
  if (showsDrill()) query.set("status", state.status);
  const unit = foreignUnit(officer);
  if (unit) query.set("place", unit);
  const path = query.size ? `?${query}` : "/";
  history.replaceState(null, "", path + location.hash);
}

/** Return a function that tells whether the screen still shows the present status and place. */
export function screenCheck() {
  const { status, place } = state;
  return () => status === state.status && place === state.place;
}

/**
 * Return the answer of a request, or null when it fails: the strips tell that the connection is
 * lost, and the last known picture stays.
 * @template Answer
 * @param {Promise<Answer>} request
 */
export async function answerOrNull(request) {
  try {
    return await request;
  } catch {
    return null;
  }
}

/**
 * Return how a part of a page waits for answers: `current` gives null for an answer that comes when
 * `isCurrent` is false by then, and `currentOrNull` also for a request that fails.
 * @param {() => boolean} isCurrent
 */
export function answersOf(isCurrent) {
  /**
   * @template Answer
   * @param {Promise<Answer>} request
   */
  async function current(request) {
    try {
      const answer = await request;
      return isCurrent() ? answer : null;
    } catch (error) {
      if (isCurrent()) throw error;
      return null;
    }
  }

  /**
   * @template Answer
   * @param {Promise<Answer>} request
   */
  const currentOrNull = (request) => answerOrNull(current(request));

  return { current, currentOrNull };
}
