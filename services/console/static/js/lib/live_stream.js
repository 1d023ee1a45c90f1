// The live stream of lines: it resumes by id, notices silence, and always reports its state.

import { addressOf, endSession, get, Problem } from "./api.js";
import { localized } from "./i18n.js";

/** @import { FeedLine, LinkFacts, LinkState } from "../types/page.d.ts" */

const SILENCE_LIMIT_MS = 25_000;
const BACKLOG_LIMIT_RECORDS = 1_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000];

/**
 * @typedef {object} StreamOptions
 * @property {string} session the session that the stream belongs to
 * @property {string | null} status
 * @property {(line: FeedLine) => void} onLine called once for each line
 * @property {() => void} onReset called when everything should be loaded again
 * @property {(state: LinkState, facts: LinkFacts) => void} onState called on every change
 */

/** Follows the feed until `stop` is called. */
export class LiveStream {
  /** @param {StreamOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {string | null} */
    this.lastId = null;
    this.clockOffset = 0;
    this.heartbeatAt = 0;
    this.attempts = 0;
    /** @type {LinkState} */
    this.state = "connecting";
    this.stateSince = Date.now();
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.silenceTimer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retryTimer = undefined;
    this.ended = new AbortController();
  }

  /** Return the time of the server in milliseconds. */
  now() {
    return Date.now() + this.clockOffset;
  }

  /** Connect, and watch the connection from now on. */
  start() {
    this.connect();
    this.silenceTimer = setInterval(() => this.checkSilence(), 1_000);
    const { signal } = this.ended;
    addEventListener("online", () => this.reconnect(), { signal });
    addEventListener("offline", () => this.leaveConnection(), { signal });
  }

  /** End the stream for good: a request that is under way does not connect again. */
  stop() {
    this.ended.abort();
    clearInterval(this.silenceTimer);
    clearTimeout(this.retryTimer);
    this.source?.close();
  }

  /** Open a new connection after the last line that was received. */
  connect() {
    clearTimeout(this.retryTimer);
    this.source?.close();
    const { onLine, onReset, status } = this.options;
    const source = new EventSource(addressOf("/api/events", { status, after: this.lastId }));
    this.source = source;
    this.heartbeatAt = Date.now();
    source.addEventListener("hello", (event) => this.receiveHeartbeat(event, true));
    source.addEventListener("beat", (event) => this.receiveHeartbeat(event, false));
    source.addEventListener("line", (event) => {
      this.heartbeatAt = Date.now();
      this.lastId = event.lastEventId;
      onLine(/** @type {FeedLine} */ (localized(JSON.parse(event.data))));
    });
    source.addEventListener("reset", (event) => {
      this.lastId = event.lastEventId;
      onReset();
    });
    // A refusal (401, 503) closes for good; the browser itself would retry a broken connection at a
    // pace of its own. One way for both is easier to trust.
    source.onerror = () => this.leaveConnection();
  }

  /** Report the connection as offline, close it so that no late line says otherwise, and retry. */
  leaveConnection() {
    this.setState("offline");
    this.source?.close();
    this.retryLater();
  }

  /** Connect again after a pause that grows with each attempt. */
  retryLater() {
    clearTimeout(this.retryTimer);
    const pause = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)];
    this.attempts += 1;
    this.retryTimer = setTimeout(() => this.reconnect(), pause);
  }

  /** Connect again if this session still exists, which an EventSource cannot find out. */
  async reconnect() {
    let problem = null;
    try {
      const officer = await get("/api/me");
      if (officer.session !== this.options.session) endSession(); // changed in another tab
    } catch (error) {
      problem = error;
    }
    const isSignedOut = problem instanceof Problem && problem.status === 401;
    if (this.ended.signal.aborted || isSignedOut) return;
    if (problem) this.retryLater();
    else this.connect();
  }

  /**
   * @param {MessageEvent} event
   * @param {boolean} isFirst whether the event opens the connection
   */
  receiveHeartbeat(event, isFirst) {
    const { now, behind: backlog } = JSON.parse(event.data);
    this.heartbeatAt = Date.now();
    this.clockOffset = new Date(now).getTime() - Date.now();
    const isReconnected = isFirst && this.attempts > 0;
    if (isFirst) {
      this.attempts = 0;
      if (this.lastId === null) this.lastId = event.lastEventId;
    }
    const isBroken = Object.keys(backlog.problems).length > 0;
    const isBehind = isBroken || backlog.records > BACKLOG_LIMIT_RECORDS;
    this.setState(isBehind ? "behind" : "live", backlog);
    if (isReconnected) this.options.onReset();
  }

  /** Report the connection as offline when nothing has come for too long. */
  checkSilence() {
    const silence = Date.now() - this.heartbeatAt;
    if (this.state === "offline" || silence <= SILENCE_LIMIT_MS) return;
    this.leaveConnection();
  }

  /**
   * @param {LinkState} state
   * @param {LinkFacts} [facts]
   */
  setState(state, facts = {}) {
    if (state !== this.state) this.stateSince = Date.now();
    this.state = state;
    const { stateSince: since, heartbeatAt } = this;
    this.options.onState(state, { ...facts, since, heartbeatAt });
  }
}
