// Signing out holds on this device at once. Without a line the request is kept and sent when there is one
// again; until then the page shows the gate alone, also in other tabs and when it is opened anew. Whoever signs
// in afterwards, the same officer too, has another session.

import { leave, post, Problem } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";

const KEPT = "leaving";
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

const note = h("p", { role: "status", class: "muted", id: "leaving" });
let busy = false;
let tries = 0;
let timer = null;

/** Sign this session out. */
export function signOut(session) {
  keep(session);
  leave();
  send();
  addEventListener("online", send);
}

/** Whether this session has been signed out here and the server may not know it yet: then it is told. */
export function hasLeft(session) {
  const left = kept();
  if (left !== session) {
    if (left) keep(null);
    addEventListener(
      "storage",
      (event) => event.key === KEPT && event.newValue === session && leave(),
    );
    return false;
  }
  signOut(session);
  return true;
}

/** Put the gate in place of everything that the page showed of an officer. */
export function showGate(place, more = null) {
  document.querySelectorAll("dialog").forEach((one) => one.remove());
  for (const id of ["drill", "mode", "state"])
    document.getElementById(id)?.setAttribute("hidden", "");
  document.getElementById("announce").textContent = "";
  document.title = t("name");
  document.body.removeAttribute("data-status");
  history.replaceState(null, "", location.pathname + location.search);
  const door = `/login?next=${location.pathname === "/m" ? "/m" : "/"}`;
  const link = h("p", {}, h("a", { href: door }, t("gate.login")));
  fill(
    place,
    h("h1", {}, t("gate.title")),
    link,
    h("p", { class: "muted" }, t("gate.text")),
    more,
    note,
  );
}

async function send() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  let again = false;
  try {
    await post("/api/logout");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    again = problem.passes && problem.status !== 401; // 401: the server has ended it already
  } finally {
    busy = false;
  }
  note.textContent = again ? t("gate.leaving") : "";
  if (again) {
    timer = setTimeout(send, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    return;
  }
  removeEventListener("online", send);
  keep(null);
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(session) {
  try {
    if (session) localStorage.setItem(KEPT, session);
    else localStorage.removeItem(KEPT);
  } catch {
    // A browser that stores nothing forgets it with this page; the session then ends by itself.
  }
}
