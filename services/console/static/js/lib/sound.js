// A bell for what is new. Browsers let a page sound only after a press: until one has been made, a bell that
// was on the last time is locked, and says so. The wish is remembered on the device.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const TONES_HZ = [880, 660, 880];
const TONE_S = 0.18;
const WISH = "sound";
const GESTURES = ["pointerdown", "keydown"];

let context = null;

export const sound = {
  on: remembered(),

  get locked() {
    return this.on && context?.state !== "running";
  },

  /** Unlock; only within a press. */
  async unlock() {
    context ??= new AudioContext();
    await context.resume();
  },

  /** Unlock and ring once as a proof, or mute; unlocks first what is on and locked. */
  async toggle() {
    this.on = this.locked || !this.on;
    remember(this.on);
    if (!this.on) return;
    await this.unlock();
    this.ring();
  },

  ring() {
    if (!this.on || context?.state !== "running") return;
    TONES_HZ.forEach((hertz, n) => {
      const tone = context.createOscillator();
      const volume = context.createGain();
      volume.gain.value = 0.15;
      tone.frequency.value = hertz;
      tone.connect(volume).connect(context.destination);
      tone.start(context.currentTime + n * TONE_S);
      tone.stop(context.currentTime + (n + 1) * TONE_S);
    });
  },
};

/** The button that unlocks and mutes. A bell that was on unlocks with the first press anywhere. */
export function bell() {
  const button = h("button", { type: "button", class: "plain", id: "sound" });
  const show = () => {
    button.textContent = t(
      sound.locked ? "sound.locked" : sound.on ? "sound.mute" : "sound.unlock",
    );
    button.setAttribute("aria-pressed", String(sound.on && !sound.locked));
  };
  button.addEventListener("click", async () => {
    await sound.toggle();
    show();
  });
  if (sound.locked)
    GESTURES.forEach((name) => addEventListener(name, wake, { capture: true }));
  async function wake(event) {
    GESTURES.forEach((name) =>
      removeEventListener(name, wake, { capture: true }),
    );
    if (button.contains(event.target)) return; // its own press says what is wanted
    await sound.unlock();
    show();
  }
  show();
  return button;
}

function remembered() {
  try {
    return localStorage.getItem(WISH) === "on";
  } catch {
    return false;
  }
}

function remember(on) {
  try {
    localStorage.setItem(WISH, on ? "on" : "off");
  } catch {
    // It is asked for again next time.
  }
}
