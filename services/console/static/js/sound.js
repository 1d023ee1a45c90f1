// A bell for new alerts. Browsers let a page sound only after a press, so it is off until unlocked.

const TONES_HZ = [880, 660, 880];
const TONE_S = 0.18;

let context = null;

export const sound = {
  on: false,

  /** Unlock and ring once as a proof, or mute. */
  async toggle() {
    this.on = !this.on;
    if (!this.on) return;
    context ??= new AudioContext();
    await context.resume();
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
