// The service worker. It shows a page as a notification while no screen is open, and sends the
// officer's answer from there: the ticket inside the push proves the officer, not the session.

import { clean } from "./lib/dom.js";
import { vibrationOf } from "./lib/ring_patterns.js";

/** @import { PageNotificationOptions, PushedPage, WorkerScope } from "./types/push.d.ts" */

const RETRY_MS = [0, 1_000, 4_000];
const SCREEN_ADDRESS = "/m";
const ANSWERS = new Set(["coming", "cannot", "need_help"]);

const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (self));

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("push", (event) => {
  if (event.data) event.waitUntil(receive(event.data.json()));
});
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(act(event.notification.data, event.action));
});

/** @param {PushedPage} page */
async function receive(page) {
  await show(page, clean(page.title), clean(page.body), alertOptions(page, page.urgent));
  await send(page, "delivered");
}

/**
 * @param {PushedPage} page
 * @param {string} title
 * @param {string} body
 * @param {PageNotificationOptions} options
 */
function show(page, title, body, options) {
  return scope.registration.showNotification(title, {
    body,
    tag: page.tag,
    lang: page.lang,
    icon: "/icons/icon-192.png",
    badge: "/icons/badge-96.png",
    data: page,
    actions: page.actions,
    ...options,
  });
}

/**
 * Make the options of a notification that sounds and vibrates, also in place of an earlier one.
 * @param {PushedPage} page
 * @param {boolean} stays whether it stays until it is touched
 * @returns {PageNotificationOptions}
 */
const alertOptions = ({ level }, stays) => ({
  requireInteraction: stays,
  renotify: true,
  vibrate: vibrationOf(level),
});

/**
 * Answer from the notification, or open the screen.
 * @param {PushedPage} page
 * @param {string} action
 */
async function act(page, action) {
  if (!ANSWERS.has(action)) {
    await Promise.all([openScreen(), send(page, "read")]);
    return;
  }
  const words = page.actions.find((choice) => choice.action === action)?.title ?? action;
  const title = clean(page.title);
  if (await send(page, action))
    await show(page, `${page.recorded}: ${words}`, title, { actions: [], silent: true });
  else await show(page, page.unsent, title, alertOptions(page, true));
}

/** Show the screen that is open already, or open the phone's. */
async function openScreen() {
  const screens = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (screens.length) await screens[0].focus();
  else await scope.clients.openWindow(SCREEN_ADDRESS);
}

/**
 * Send an answer or a receipt; return whether the server has it.
 * @param {PushedPage} page
 * @param {string} verb
 */
async function send({ ticket }, verb) {
  for (const pause of RETRY_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const response = await fetch("/push/answers", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ticket, verb }),
      });
      if (response.ok) return true;
      if (response.status < 500) return false;
    } catch {
      // No network: the next try follows.
    }
  }
  return false;
}
