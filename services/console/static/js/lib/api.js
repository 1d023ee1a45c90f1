// Requests to the server of the console. A failure becomes a Problem with words for the officer.

import { pageData, localized, t } from "./i18n.js";

/** @import { AnswerOf, PostAnswerOf } from "../types/answers.d.ts" */

/** @typedef {Record<string, string | number | null | undefined>} Query */

/**
 * @typedef {object} ProblemDocument A problem of RFC 9457 as the server sends it.
 * @property {string} [title]
 * @property {string} [reason]
 * @property {string} [detail]
 * @property {{ where: string, what: string }[]} [errors]
 */

const PRELOAD_VALID_MS = 10_000;
const RETRYABLE = new Set([0, 401, 408, 425, 429, 502, 503, 504]);
const TIMEOUT_MS = 30_000;
const UPLOAD_TIMEOUT_MS = 120_000;

/** Answers that came with the page; each serves the first request for its address. */
const preloaded = new Map(Object.entries(pageData.first));

/** A request that failed; `status` 0 means that the server was not reached. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {ProblemDocument | null} document
   */
  constructor(status, document) {
    super(document?.title ?? "");
    this.status = status;
    this.reason = document?.reason ?? (status === 0 ? "offline" : "");
    const errors = document?.errors?.map((error) => `${error.where}: ${error.what}`).join("; ");
    this.detail = document?.detail ?? errors ?? "";
  }

  /** Return whether the same request may succeed later: no network, no session, a busy server. */
  get retryable() {
    return RETRYABLE.has(this.status);
  }

  /** Return the text that the officer reads. */
  get text() {
    const text = t(`problem.${this.reason}`, { detail: this.detail }, "");
    return text || `${this.message} ${this.detail}`.trim();
  }
}

/**
 * Return `error` when it is a Problem; throw it again otherwise, because it is a defect of a
 * script.
 * @param {unknown} error
 */
export function problemOf(error) {
  if (!(error instanceof Problem)) throw error;
  return error;
}

/** @type {() => void} */
let sessionEndListener = () => {};
let sessionEnded = false;

/**
 * Set the function that is called when the session of this page ends; the page reads nothing then.
 * @param {() => void} listener
 */
export function onSessionEnd(listener) {
  sessionEndListener = listener;
}

/** End the session on this page. */
export function endSession() {
  sessionEnded = true;
  sessionEndListener();
}

/** @type {string | null} */
let place = null;

/**
 * Read the subtree of `unit` from now on; null stands for the officer's own subtree.
 * @param {string | null} unit
 */
export function setPlace(unit) {
  place = unit;
}

/**
 * Return the address of `path` for the chosen place; empty values of `query` are left out.
 * @param {string} path
 * @param {Query} [query]
 */
export function addressOf(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, place }))
    if (value !== "" && value !== null && value !== undefined) parameters.set(name, String(value));
  return parameters.size ? `${path}?${parameters}` : path;
}

/**
 * Read JSON. An answer that comes after the end of the session is refused.
 * @template {string} Path
 * @param {Path} path
 * @param {Query} [query]
 * @returns {Promise<AnswerOf<Path>>}
 */
export async function get(path, query = {}) {
  if (sessionEnded) throw new Problem(401, null);
  const address = addressOf(path, query);
  const preload = preloaded.get(address);
  preloaded.delete(address);
  const isFresh = preload && performance.now() < PRELOAD_VALID_MS;
  const answer = isFresh ? localized(preload) : await send(address, { method: "GET" });
  if (sessionEnded) throw new Problem(401, null);
  return /** @type {AnswerOf<Path>} */ (answer);
}

/**
 * Send an action as JSON. With an idempotency key a second try is the same action.
 * @template {string} Path
 * @param {Path} path
 * @param {object} [body]
 * @param {string | null} [key]
 * @returns {Promise<PostAnswerOf<Path>>}
 */
export async function post(path, body = {}, key = null) {
  const answer = await send(path, {
    method: "POST",
    headers: headersOf("application/json", key),
    body: JSON.stringify(body),
  });
  return /** @type {PostAnswerOf<Path>} */ (answer);
}

/**
 * Replace a resource.
 * @param {string} path
 * @param {object} body
 */
export function put(path, body) {
  const headers = headersOf("application/json", null);
  return send(path, { method: "PUT", headers, body: JSON.stringify(body) });
}

/**
 * Delete a resource.
 * @param {string} path
 */
export function remove(path) {
  return send(path, { method: "DELETE", headers: headersOf(null, null) });
}

/**
 * Send a file as it is; the key works as for `post`.
 * @param {string} path
 * @param {Blob} file
 * @param {string | null} [key]
 */
export function upload(path, file, key = null) {
  return send(path, {
    method: "POST",
    headers: headersOf(null, key),
    body: file,
  });
}

/**
 * @param {string | null} mediaType
 * @param {string | null} key
 */
function headersOf(mediaType, key) {
  return {
    "x-fenghuo": "1",
    ...(mediaType && { "content-type": mediaType }),
    ...(key && { "idempotency-key": key }),
  };
}

/**
 * @param {string} address
 * @param {RequestInit} options
 * @returns {Promise<unknown>}
 */
async function send(address, options) {
  const timeout = options.body instanceof Blob ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS;
  let response;
  try {
    response = await fetch(address, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(timeout),
      ...options,
    });
  } catch {
    throw new Problem(0, null);
  }
  const body = localized(await response.json().catch(() => null));
  if (response.ok) return body;
  if (response.status === 401) endSession();
  throw new Problem(response.status, /** @type {ProblemDocument | null} */ (body));
}
