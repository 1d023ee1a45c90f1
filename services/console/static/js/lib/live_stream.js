// The live stream: resumes by id, notices silence, and always says how it stands.

import { addressOf, get, leave } from "./api.js";
import { said } from "./i18n.js";

const SILENT_AFTER_MS = 25_000;
const BEHIND_RECORDS = 1_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000];

/**
 * Follow the feed as `session`. `take(line)` gets each line once, `renew()` is called when everything should be
 * loaded again, `state(name, facts)` on every change: connecting, live, behind, offline.
 */
export class Live {
  constructor({ session, status, take, renew, state }) {
    this.session = session;
    this.status = status;
    this.take = take;
    this.renew = renew;
    this.tell = state;
    this.last = null;
    this.offset = 0;
    this.heard = 0;
    this.tries = 0;
    this.name = "connecting";
    this.since = Date.now();
    this.source = null;
    this.ended = new AbortController();
  }

  /** The server's time now, in ms. */
  now() {
    return Date.now() + this.offset;
  }

  start() {
    this.open();
    this.watch = setInterval(() => this.look(), 1_000);
    const { signal } = this.ended;
    addEventListener("online", () => this.again(), { signal });
    addEventListener("offline", () => this.set("offline"), { signal });
  }

  /** For good: what is under way opens nothing any more. */
  stop() {
    this.ended.abort();
    clearInterval(this.watch);
    clearTimeout(this.timer);
    this.source?.close();
  }

  open() {
    this.source?.close();
    const source = new EventSource(
      addressOf("/api/events", { status: this.status, after: this.last }),
    );
    this.source = source;
    this.heard = Date.now();
    source.addEventListener("hello", (event) => this.beat(event, true));
    source.addEventListener("beat", (event) => this.beat(event, false));
    source.addEventListener("line", (event) => {
      this.heard = Date.now();
      this.last = event.lastEventId;
      this.take(said(JSON.parse(event.data)));
    });
    source.addEventListener("reset", (event) => {
      this.last = event.lastEventId;
      this.renew();
    });
    source.onerror = () => {
      this.set("offline");
      // A refusal (401, 503) closes for good; a broken line would be retried by the browser itself,
      // but with its own pace: one way for both is easier to trust.
      source.close();
      this.later();
    };
  }

  later() {
    clearTimeout(this.timer);
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.again(), wait);
  }

  async again() {
    let problem = null;
    try {
      const me = await get("/api/me"); // tells whether we are signed out, which EventSource cannot
      if (me.session !== this.session) leave(); // somebody else is signed in, in another tab
    } catch (found) {
      problem = found;
    }
    if (this.ended.signal.aborted || problem?.status === 401) return;
    if (problem) this.later();
    else this.open();
  }

  beat(event, first) {
    const facts = JSON.parse(event.data);
    this.heard = Date.now();
    this.offset = new Date(facts.now).getTime() - Date.now();
    const returned = first && this.tries > 0;
    if (first) {
      this.tries = 0;
      if (this.last === null) this.last = event.lastEventId;
    }
    const broken = Object.keys(facts.behind.problems).length > 0;
    this.set(
      broken || facts.behind.records > BEHIND_RECORDS ? "behind" : "live",
      facts.behind,
    );
    if (returned) this.renew();
  }

  look() {
    if (this.name !== "offline" && Date.now() - this.heard > SILENT_AFTER_MS) {
      this.set("offline");
      this.source?.close();
      this.later();
    }
  }

  set(name, facts = {}) {
    if (name !== this.name) this.since = Date.now();
    this.name = name;
    this.tell(name, { ...facts, since: this.since, heard: this.heard });
  }
}

/** Call `work` once after the lines that have come together, however often it is asked for until then. */
export function gathered(work) {
  let wanted = false;
  return function run() {
    if (wanted) return;
    wanted = true;
    setTimeout(() => {
      wanted = false;
      work();
    });
  };
}

/**
 * Call `work` soon, at most once per `pause` ms, again if asked meanwhile; never two at once. Some wait up
 * to half as long again: thousands of screens that hear the same line do not ask together for ever.
 */
export function throttle(work, pause = 1_000) {
  let running = false;
  let wanted = false;
  return async function run() {
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      setTimeout(
        () => {
          running = false;
          if (wanted) {
            wanted = false;
            run();
          }
        },
        pause * (1 + Math.random() / 2),
      );
    }
  };
}
