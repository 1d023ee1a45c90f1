// A bell for new alerts. Browsers let a page sound only after a press: until then a bell that was
// on the last time is locked, and its button says so. The choice is stored on the device.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const TONES_HZ = [880, 660, 880];
const TONE_S = 0.18;
const STORAGE_KEY = "sound";
const GESTURES = ["pointerdown", "keydown"];

/** @type {AudioContext | null} */
let context = null;

export const sound = {
  on: storedChoice(),

  /** Return whether the bell is on and the browser does not let it sound yet. */
  get locked() {
    return this.on && context?.state !== "running";
  },

  /** Unlock the bell; this works only within a press. */
  async unlock() {
    context ??= new AudioContext();
    await context.resume();
  },

  /** Unlock and ring once as a proof, or mute; a locked bell is unlocked first. */
  async toggle() {
    this.on = this.locked || !this.on;
    storeChoice(this.on);
    if (!this.on) return;
    await this.unlock();
    this.ring();
  },

  /** Ring when the bell is on and unlocked. */
  ring() {
    const audio = context;
    if (!this.on || audio?.state !== "running") return;
    TONES_HZ.forEach((hertz, index) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      volume.gain.value = 0.15;
      tone.frequency.value = hertz;
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + index * TONE_S);
      tone.stop(audio.currentTime + (index + 1) * TONE_S);
    });
  },
};

/** Make the button that unlocks and mutes. The first press anywhere unlocks a bell that was on. */
export function bellButton() {
  const node = h("button", { type: "button", class: "plain", id: "sound" });

  function show() {
    const key = sound.locked ? "sound.locked" : sound.on ? "sound.mute" : "sound.unlock";
    node.textContent = t(key);
    node.setAttribute("aria-pressed", String(sound.on && !sound.locked));
  }

  /** @param {Event} event */
  async function unlockOnGesture(event) {
    for (const name of GESTURES) removeEventListener(name, unlockOnGesture, { capture: true });
    if (event.target instanceof Node && node.contains(event.target)) return; // The button decides.
    await sound.unlock();
    show();
  }

  node.addEventListener("click", async () => {
    await sound.toggle();
    show();
  });
  if (sound.locked)
    for (const name of GESTURES) addEventListener(name, unlockOnGesture, { capture: true });
  show();
  return node;
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
