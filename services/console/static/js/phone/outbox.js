// The outbox of the phone. An action of the officer stays on the device until the server has it:
// with no connection, after the tab is closed, while the server is away. Each action carries a key,
// so that an action whose answer was lost counts once. A refused action stays too, with the reason,
// until the officer has read it.

import { endSession, get, post, problemOf, upload } from "../lib/api.js";
import { openStore } from "./outbox_store.js";

/** @import { Action, OutboxEntry, Refusal } from "../types/actions.d.ts" */

const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/**
 * @typedef {object} OutboxListener
 * @property {() => void} onChange called after every change of the entries
 * @property {(entry: OutboxEntry) => void} onSent called when the server has an entry
 */

/** Stores and sends the actions of one officer. */
export class Outbox {
  /**
   * @param {string} officer
   * @param {OutboxListener} listener
   */
  constructor(officer, listener) {
    this.officer = officer;
    this.listener = listener;
    /** @type {OutboxEntry[]} */
    this.entries = [];
    /** @type {Awaited<ReturnType<typeof openStore>> | null} */
    this.openedStore = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retryTimer = undefined;
    this.attempts = 0;
    this.busy = false;
    this.requested = false;
    this.stopped = false;
  }

  /** Return the store, which `start` has opened. */
  get store() {
    if (!this.openedStore) throw new Error("the outbox has not been started");
    return this.openedStore;
  }

  /** Return whether the entries outlive the page. */
  get persistent() {
    return this.openedStore?.persistent ?? true;
  }

  /** Return the entries that are to be sent. */
  get unsent() {
    return this.entries.filter((entry) => !entry.refused);
  }

  /** Return the entries that the server has refused. */
  get refused() {
    return this.entries.filter((entry) => entry.refused);
  }

  /** Send nothing more from this page; the stored entries are sent by the officer's next page. */
  stop() {
    this.stopped = true;
    clearTimeout(this.retryTimer);
  }

  /** Read the entries of earlier pages, and begin to send. */
  async start() {
    this.openedStore = await openStore();
    await this.load();
    addEventListener("online", () => this.send());
    this.send();
  }

  /**
   * Store actions in their order, then send them.
   * @param {Action[]} actions
   */
  async add(actions) {
    const now = Date.now();
    const { officer } = this;
    const entries = actions.map((action, index) => ({
      ...action,
      key: randomKey(),
      officer,
      at: now + index / 100,
      refused: null,
    }));
    for (const entry of entries) await this.store.save(entry);
    await this.load();
    this.send();
  }

  /**
   * Return the entries of one subject (a page, an assignment).
   * @param {string} subject
   */
  entriesOf(subject) {
    return this.entries.filter((entry) => entry.summary.subject === subject);
  }

  /** @param {OutboxEntry} entry */
  async remove(entry) {
    await this.store.remove(entry.key);
    await this.load();
  }

  /**
   * Send a refused entry once more.
   * @param {OutboxEntry} entry
   */
  async resend(entry) {
    await this.store.save({ ...entry, refused: null });
    await this.load();
    this.send();
  }

  async load() {
    const entries = await this.store.loadAll();
    // The actions of another officer wait for that officer: nobody sends them in another name.
    this.entries = entries
      .filter((entry) => entry.officer === this.officer)
      .sort((a, b) => a.at - b.at);
    this.listener.onChange();
  }

  /** Send the entries, the oldest first, in turns with other tabs; try again after a failure. */
  async send() {
    if (this.stopped) return;
    if (this.busy) {
      this.requested = true;
      return;
    }
    this.busy = true;
    clearTimeout(this.retryTimer);
    let succeeded;
    try {
      do {
        this.requested = false;
        succeeded = await inTurn(() => this.drain());
      } while (this.requested && succeeded);
    } finally {
      this.busy = false;
    }
    if (succeeded) this.attempts = 0;
    else {
      const pause = RETRY_MS[Math.min(this.attempts++, RETRY_MS.length - 1)];
      this.retryTimer = setTimeout(() => this.send(), pause);
    }
  }

  /** Return whether the browser has the officer's session: another tab may have changed it. */
  async hasOwnSession() {
    try {
      const officer = await get("/api/me");
      if (officer.officer_id === this.officer) return true;
      endSession();
    } catch (error) {
      problemOf(error);
    }
    return false;
  }

  /** Send all entries; return false when the sending has to be tried again. */
  async drain() {
    await this.load();
    const entries = this.unsent;
    if (entries.length && !(await this.hasOwnSession())) return false;
    for (const entry of entries) {
      if (this.stopped) return false;
      /** @type {Refusal | null} */
      let refused = null;
      try {
        await sendEntry(entry);
      } catch (error) {
        const { retryable, status, reason, message: title, detail } = problemOf(error);
        if (retryable) return false;
        refused = { status, reason, title, detail };
      }
      if (refused) await this.store.save({ ...entry, refused });
      else {
        this.listener.onSent(entry);
        await this.store.remove(entry.key);
      }
      await this.load();
    }
    return true;
  }
}

/** @param {OutboxEntry} entry */
function sendEntry({ path, body, file, key }) {
  return file ? upload(path, file, key) : post(path, body, key);
}

/**
 * Run `work` while no other tab of the browser does, where the browser offers locks (not on http).
 * @param {() => Promise<boolean>} work
 * @returns {Promise<boolean>}
 */
const inTurn = async (work) => (navigator.locks ? navigator.locks.request("outbox", work) : work());

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `act-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
