// Talking to our own server. A failure becomes a Problem with words for the person who acted.

import { boot, said, t } from "./i18n.js";

/** Answers that came with the page, each good for the first question after it. */
const early = new Map(Object.entries(boot.first));
const EARLY_MS = 10_000;
const PASSING = new Set([0, 401, 408, 425, 429, 502, 503, 504]);

export class Problem extends Error {
  constructor(status, document) {
    super(document?.title ?? "");
    this.status = status;
    this.reason = document?.reason ?? (status === 0 ? "offline" : "");
    this.detail =
      document?.detail ??
      document?.errors?.map((one) => `${one.where}: ${one.what}`).join("; ") ??
      "";
  }

  /** Whether the same request may do later: no line, no session, a server that is busy or away. */
  get passes() {
    return PASSING.has(this.status);
  }

  /** What to tell the person. */
  get words() {
    const known = t(`problem.${this.reason}`, { detail: this.detail }, "");
    return known || `${this.message} ${this.detail}`.trim();
  }
}

let signedOut = () => {};
let left = false;

/** Called when the server does not know us (any more); from then on this page reads nothing. */
export function onSignedOut(callback) {
  signedOut = callback;
}

/** Nobody is signed in on this page any more. */
export function leave() {
  left = true;
  signedOut();
}

let place = null;

/** From now on what is read is of this unit's subtree; null = of the officer's own. */
export function lookAt(unit) {
  place = unit;
}

/** An address of the place that is looked at; `query` values that are empty are left out. */
export function addressOf(path, query = {}) {
  const pairs = Object.entries({ ...query, place }).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

/** JSON of a read. An answer that comes after `leave` is none. */
export async function get(path, query = {}) {
  if (left) throw new Problem(401, null);
  const address = addressOf(path, query);
  const known = early.get(address);
  early.delete(address);
  if (known && performance.now() < EARLY_MS) return said(known);
  const found = await call(address, { method: "GET" });
  if (left) throw new Problem(401, null);
  return found;
}

/** An act. The key makes a second try the same act. */
export function post(path, body = {}, key = null) {
  const headers = { "content-type": "application/json", "x-fenghuo": "1" };
  if (key) headers["idempotency-key"] = key;
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Put something in its place. */
export function put(path, body) {
  const headers = { "content-type": "application/json", "x-fenghuo": "1" };
  return call(path, { method: "PUT", headers, body: JSON.stringify(body) });
}

/** Send a file as it is; the key as for `post`. */
export function upload(path, file, key = null) {
  const headers = { "x-fenghuo": "1" };
  if (key) headers["idempotency-key"] = key;
  return call(path, { method: "POST", headers, body: file });
}

const PATIENCE_MS = 30_000;
const PATIENCE_FILE_MS = 120_000;

async function call(path, options) {
  const patience =
    options.body instanceof Blob ? PATIENCE_FILE_MS : PATIENCE_MS;
  let answer;
  try {
    answer = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
      ...options,
    });
  } catch {
    throw new Problem(0, null);
  }
  const body = said(await answer.json().catch(() => null));
  if (answer.ok) return body;
  if (answer.status === 401) leave();
  throw new Problem(answer.status, body);
}
