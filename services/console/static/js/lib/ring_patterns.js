// The ring of each level: the ear tells red from blue in the dark. The graver the level, the
// higher, longer and more often it rings.

/** @import { Level } from "../types/fields.d.ts" */

/**
 * The sound of one ring, and its pace.
 * @typedef {object} RingPattern
 * @property {[hertz: number, ms: number][]} tones one after the other; 0 Hz is a pause
 * @property {number} volume of 1
 * @property {number} everyMs from the beginning of a ring to the beginning of the next
 */

/**
 * The patterns by level, the gravest first.
 * @type {Record<Level, RingPattern>}
 */
export const RING_PATTERNS = {
  red: {
    tones: [1, 2, 3, 4].flatMap(
      () =>
        /** @type {[number, number][]} */ ([
          [988, 220],
          [698, 220],
        ]),
    ),
    volume: 0.5,
    everyMs: 3_000,
  },
  orange: {
    tones: [
      [880, 200],
      [0, 80],
      [880, 200],
      [0, 80],
      [880, 400],
    ],
    volume: 0.4,
    everyMs: 5_000,
  },
  yellow: {
    tones: [
      [740, 250],
      [0, 100],
      [740, 250],
    ],
    volume: 0.3,
    everyMs: 10_000,
  },
  blue: { tones: [[523, 350]], volume: 0.25, everyMs: 20_000 },
  notice: { tones: [[440, 200]], volume: 0.2, everyMs: 60_000 },
};

/**
 * Return the gravest of these levels; null without any.
 * @param {readonly (Level | null | undefined)[]} levels
 */
export function gravestOf(levels) {
  const byGravity = /** @type {Level[]} */ (Object.keys(RING_PATTERNS));
  return byGravity.find((level) => levels.includes(level)) ?? null;
}

/**
 * Return the vibration of a level: times of vibration and rest in turn, in milliseconds.
 * @param {Level} level
 */
export function vibrationOf(level) {
  const { tones } = RING_PATTERNS[level] ?? RING_PATTERNS.notice;
  const isSiren = tones.every(([hertz]) => hertz > 0);
  return tones.flatMap(([, ms]) => (isSiren ? [ms, ms / 2] : [ms]));
}
