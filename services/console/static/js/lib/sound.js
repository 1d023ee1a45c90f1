// The ring of pages and new alerts. Browsers let a page sound only after a press: until then a
// sound that was on the last time is blocked, and the page says so. The device stores the choice.

import { RING_PATTERNS, vibrationOf } from "./ring_patterns.js";

/** @import { Level } from "../types/fields.d.ts" */

const STORAGE_KEY = "sound";
const GESTURES = ["pointerdown", "keydown"];

/** @typedef {"on" | "off" | "blocked"} SoundState */

/** @type {AudioContext | null} */
let context = null;
/** @type {Level | null} */
let repeatedLevel = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let repeatTimer;

export const sound = {
  on: storedChoice(),

  /** @returns {SoundState} */
  get state() {
    if (!this.on) return "off";
    return context?.state === "running" ? "on" : "blocked";
  },

  /** Unblock the sound; this works only within a press. */
  async unblock() {
    context ??= new AudioContext();
    await context.resume();
  },

  /**
   * Turn the sound on or off; within a press it is unblocked too.
   * @param {boolean} on
   */
  async turn(on) {
    this.on = on;
    storeChoice(on);
    if (on) await this.unblock();
    else stopVibration();
  },

  /**
   * Ring once, and let a phone vibrate.
   * @param {Level} level
   */
  ring(level) {
    const audio = context;
    if (!this.on || audio?.state !== "running") return;
    const { tones, volume } = RING_PATTERNS[level];
    let at = audio.currentTime;
    for (const [hertz, ms] of tones) {
      if (hertz > 0) playTone(audio, hertz, volume, at, ms / 1_000);
      at += ms / 1_000;
    }
    // A browser refuses to vibrate before the first press.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(vibrationOf(level));
  },

  /**
   * Ring again and again at this level; null ends it.
   * @param {Level | null} level
   */
  repeat(level) {
    if (level === repeatedLevel) return;
    repeatedLevel = level;
    clearInterval(repeatTimer);
    if (!level) {
      stopVibration();
      return;
    }
    this.ring(level);
    repeatTimer = setInterval(() => this.ring(level), RING_PATTERNS[level].everyMs);
  },
};

/**
 * Unblock a sound that was on the last time with the first press anywhere.
 * @param {() => void} onChange
 */
export function unblockOnPress(onChange) {
  if (sound.state !== "blocked") return;
  const unblock = async () => {
    for (const name of GESTURES) removeEventListener(name, unblock, { capture: true });
    if (sound.on) await sound.unblock();
    onChange();
  };
  for (const name of GESTURES) addEventListener(name, unblock, { capture: true });
}

/**
 * @param {AudioContext} audio
 * @param {number} hertz
 * @param {number} volume
 * @param {number} at
 * @param {number} seconds
 */
function playTone(audio, hertz, volume, at, seconds) {
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  gain.gain.value = volume;
  tone.frequency.value = hertz;
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + seconds);
}

function stopVibration() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(0);
}

function storedChoice() {
  try {
    return localStorage.getItem(STORAGE_KEY) === "on";
  } catch {
    return false;
  }
}

/** @param {boolean} on */
function storeChoice(on) {
  try {
    localStorage.setItem(STORAGE_KEY, on ? "on" : "off");
  } catch {
    // The page asks for the choice again next time.
  }
}
