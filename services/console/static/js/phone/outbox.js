// What an officer did stays on the device until the server has it: with the line cut, the tab closed, the
// server away. Each act carries a key, so that one whose answer was lost counts once. What the server
// refuses stays too, with the reason, until the officer has read it.

import { get, leave, post, Problem, upload } from "../lib/api.js";
import { keeping } from "./outbox_store.js";

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

export class Outbox {
  /** `changed()` after every change of `entries`; `sent(entry)` once the server has one. */
  constructor(officer, { changed, sent }) {
    this.officer = officer;
    this.changed = changed;
    this.sent = sent;
    this.entries = [];
    this.lasting = true;
    this.tries = 0;
    this.busy = false;
    this.wanted = false;
    this.stopped = false;
  }

  /** Send nothing more from this page; what is kept waits for the officer's next one. */
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Read what an earlier page left behind, and begin to send. */
  async start() {
    this.store = await keeping();
    this.lasting = this.store.lasting;
    await this.load();
    addEventListener("online", () => this.send());
    this.send();
  }

  /** Keep acts, in their order, then send them: {path, body or file, about}. */
  async add(acts) {
    const at = Date.now();
    const made = acts.map((act, n) => ({
      ...act,
      key: randomKey(),
      officer: this.officer,
      at: at + n / 100,
      refused: null,
    }));
    for (const entry of made) await this.store.put(entry);
    await this.load();
    this.send();
  }

  /** What waits or was refused for one subject (a page, an assignment). */
  of(subject) {
    return this.entries.filter((one) => one.about.subject === subject);
  }

  async drop(entry) {
    await this.store.drop(entry.key);
    await this.load();
  }

  /** Send one again that was refused. */
  async again(entry) {
    await this.store.put({ ...entry, refused: null });
    await this.load();
    this.send();
  }

  async load() {
    const all = await this.store.all();
    // Another officer's acts wait for that officer: nobody sends them in another name.
    this.entries = all
      .filter((one) => one.officer === this.officer)
      .sort((one, other) => one.at - other.at);
    this.changed();
  }

  /** Send what waits, oldest first, one at a time, also beside another tab; soon again if it fails. */
  async send() {
    if (this.stopped) return;
    if (this.busy) {
      this.wanted = true;
      return;
    }
    this.busy = true;
    clearTimeout(this.timer);
    let through = false;
    try {
      do {
        this.wanted = false;
        through = await alone(() => this.drain());
      } while (this.wanted && through);
    } finally {
      this.busy = false;
    }
    if (through) this.tries = 0;
    else
      this.timer = setTimeout(
        () => this.send(),
        RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)],
      );
  }

  /** Whether this browser still has the officer's session: another tab may have signed in somebody else. */
  async isOwn() {
    try {
      const me = await get("/api/me");
      if (me.officer_id === this.officer) return true;
      leave();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    }
    return false;
  }

  async drain() {
    await this.load();
    const waiting = this.entries.filter((one) => !one.refused);
    if (waiting.length && !(await this.isOwn())) return false;
    for (const entry of waiting) {
      if (this.stopped) return false;
      let refused = null;
      try {
        await (entry.file
          ? upload(entry.path, entry.file, entry.key)
          : post(entry.path, entry.body, entry.key));
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.passes) return false;
        refused = {
          status: problem.status,
          reason: problem.reason,
          title: problem.message,
          detail: problem.detail,
        };
      }
      if (refused) await this.store.put({ ...entry, refused });
      else {
        this.sent(entry);
        await this.store.drop(entry.key);
      }
      await this.load();
    }
    return true;
  }
}

/** Two tabs of one browser take turns, where the browser can tell (it cannot on plain http). */
const alone = (work) =>
  navigator.locks ? navigator.locks.request("outbox", work) : work();

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `act-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
