// The beginning of each page: the words, then the officer who is signed in.

import { get, onSessionEnd, Problem } from "../lib/api.js";
import { loadLanguage, pageData } from "../lib/i18n.js";
import { resumeSignOut } from "../lib/sign_out.js";

/** @import { Officer } from "../types/page.d.ts" */

const RETRY_MS = 2_000;

/**
 * Call `start` with the signed-in officer; `showGatePage` is called when the session ends.
 * @param {() => void} showGatePage
 * @param {(officer: Officer) => void} start
 */
export async function whenSignedIn(showGatePage, start) {
  await loadLanguage();
  onSessionEnd(showGatePage);
  requestOfficer(start);
}

/** @param {(officer: Officer) => void} start */
async function requestOfficer(start) {
  /** @type {Officer} */
  let officer;
  try {
    officer = pageData.me ?? (await get("/api/me"));
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401))
      setTimeout(() => requestOfficer(start), RETRY_MS);
    return;
  }
  if (!resumeSignOut(officer.session)) start(officer);
}
