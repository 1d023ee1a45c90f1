// Signing out takes effect on this device at once. Without a connection the request is stored and
// sent when there is one; until then the page shows the gate alone, also in other tabs and when it
// is opened anew. A later sign-in, by the same officer too, has another session.

import { endSession, post, problemOf } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { push } from "./push.js";
import { setTitle } from "./tab_signs.js";

/** @import { Child } from "../types/dom.d.ts" */

const STORAGE_KEY = "leaving";
const LANDINGS = ["/m", "/admin"];
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

const note = h("p", { role: "status", class: "muted", id: "leaving" });
let busy = false;
let attempts = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retryTimer;

/**
 * Sign this session out.
 * @param {string} session
 */
export function signOut(session) {
  storeSession(session);
  endSession();
  // The subscription ends at the browser; what the server has of it then ends with the next push.
  push.turnOff().catch(() => {});
  sendSignOut();
  addEventListener("online", sendSignOut);
}

/**
 * Return whether this session has been signed out on this device while the server may not know it
 * yet; in that case the request is sent again.
 * @param {string} session
 */
export function resumeSignOut(session) {
  const stored = storedSession();
  if (stored === session) {
    signOut(session);
    return true;
  }
  if (stored) storeSession(null);
  addEventListener("storage", (event) => {
    if (event.key === STORAGE_KEY && event.newValue === session) endSession();
  });
  return false;
}

/**
 * Show the gate in place of everything that the page showed of an officer.
 * @param {HTMLElement} container
 * @param {Child} [notice]
 */
export function showGate(container, notice = null) {
  document.querySelectorAll("dialog").forEach((dialog) => dialog.remove());
  for (const id of ["drill", "mode", "state"])
    document.getElementById(id)?.setAttribute("hidden", "");
  document.getElementById("announce")?.replaceChildren();
  setTitle(t("name"));
  document.body.removeAttribute("data-status");
  history.replaceState(null, "", location.pathname + location.search);
  const landing = LANDINGS.includes(location.pathname) ? location.pathname : "/";
  const address = `/login?next=${landing}`;
  fill(
    container,
    h("h1", {}, t("gate.title")),
    h("p", {}, h("a", { href: address }, t("gate.login"))),
    h("p", { class: "muted" }, t("gate.text")),
    notice,
    note,
  );
}

async function sendSignOut() {
  if (busy) return;
  busy = true;
  clearTimeout(retryTimer);
  let mustRetry = false;
  try {
    await post("/api/logout");
  } catch (error) {
    const problem = problemOf(error);
    // With 401 the server has ended the session already.
    mustRetry = problem.retryable && problem.status !== 401;
  } finally {
    busy = false;
  }
  note.textContent = mustRetry ? t("gate.leaving") : "";
  if (mustRetry) {
    const pause = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)];
    retryTimer = setTimeout(sendSignOut, pause);
    return;
  }
  removeEventListener("online", sendSignOut);
  storeSession(null);
}

function storedSession() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

/** @param {string | null} session */
function storeSession(session) {
  try {
    if (session) localStorage.setItem(STORAGE_KEY, session);
    else localStorage.removeItem(STORAGE_KEY);
  } catch {
    // A browser that stores nothing forgets it with this page; the session then ends by itself.
  }
}
