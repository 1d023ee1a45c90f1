// Pushes to this browser: with them a page wakes the officer while no screen is open. The browser
// asks for the permission; the server stores the subscription for the officer.

import { get, post } from "./api.js";
import { pageData } from "./i18n.js";

/** @import { Officer } from "../types/page.d.ts" */
/** @import { PushDevice, PushDevicesAnswer } from "../types/push.d.ts" */
/** @import { ScriptPolicy, TrustedTypesWindow } from "../types/push.d.ts" */

const WORKER_ADDRESS = "/worker.js";
const STORAGE_KEY = "push";
const SUBSCRIBE_TIMEOUT_MS = 20_000;
const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"];

/**
 * `absent`: this browser has no pushes; `closed`: this system sends none; `ended`: the push service
 * has ended the subscription; `failed`: the browser does not reach its push service.
 * @typedef {"on" | "off" | "blocked" | "absent" | "closed" | "ended" | "failed"} PushState
 */

/** @type {PushState} */
let state = "off";
/** @type {ScriptPolicy | undefined} */
let scriptPolicy;

const isSupported = () =>
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

export const push = {
  /** @returns {PushState} */
  get state() {
    if (!pageData.push_key) return "closed";
    if (!isSupported()) return "absent";
    return Notification.permission === "denied" ? "blocked" : state;
  },

  /**
   * Find out whether this browser receives pushes for the officer. A subscription that the push
   * service has ended, or the server does not have, is made anew.
   * @param {Officer} officer
   */
  async begin(officer) {
    if (push.state !== "off" || storedOfficer() !== officer.officer_id) return;
    if (Notification.permission !== "granted") return;
    const registration = await register();
    const subscription = await registration.pushManager.getSubscription();
    const device = subscription && (await deviceOf(subscription));
    if (device && !device.ended) {
      state = "on";
      return;
    }
    state = "ended";
    await subscription?.unsubscribe();
    await subscribe(registration, officer);
  },

  /**
   * Ask for the permission and receive pushes from now on; this works only within a press.
   * @param {Officer} officer
   */
  async turnOn(officer) {
    if ((await Notification.requestPermission()) !== "granted") return;
    await subscribe(await register(), officer);
  },

  /** Receive no pushes in this browser any more. */
  async turnOff() {
    storeOfficer(null);
    state = "off";
    const registration = await navigator.serviceWorker?.getRegistration();
    const subscription = await registration?.pushManager?.getSubscription();
    if (!subscription) return;
    await subscription.unsubscribe();
    const id = await deviceIdOf(subscription.endpoint);
    await post(`/api/push/devices/${id}/remove`);
  },

  /** Read the browsers of the officer. */
  devices: () => /** @type {Promise<PushDevicesAnswer>} */ (get("/api/push/devices")),
};

/**
 * Remove the notifications of pages that need no answer any more.
 * @param {Set<string>} openPageIds
 */
export async function closeNotifications(openPageIds) {
  const registration = await navigator.serviceWorker?.getRegistration();
  const notifications = (await registration?.getNotifications?.()) ?? [];
  for (const notification of notifications)
    if (!openPageIds.has(notification.data?.page_id)) notification.close();
}

/** The content policy demands that addresses of scripts come from a policy of their own. */
async function register() {
  const { trustedTypes } = /** @type {TrustedTypesWindow} */ (/** @type {unknown} */ (window));
  scriptPolicy ??= trustedTypes?.createPolicy("worker", { createScriptURL: (path) => path });
  const address = scriptPolicy?.createScriptURL(WORKER_ADDRESS) ?? WORKER_ADDRESS;
  await navigator.serviceWorker.register(address);
  return navigator.serviceWorker.ready;
}

/**
 * @param {ServiceWorkerRegistration} registration
 * @param {Officer} officer
 */
async function subscribe(registration, officer) {
  let subscription;
  try {
    subscription = await newSubscription(registration);
  } catch {
    if (state !== "ended") state = "failed";
    return;
  }
  const { endpoint, keys } = subscription.toJSON();
  await post("/api/push/devices", { endpoint, keys, name: deviceName() });
  storeOfficer(officer.officer_id);
  state = "on";
}

/** @param {ServiceWorkerRegistration} registration */
async function newSubscription({ pushManager }) {
  const previous = await pushManager.getSubscription();
  // A subscription holds for one key of the system; it may be an earlier one.
  await previous?.unsubscribe();
  const timeout = new Promise((_, reject) => setTimeout(reject, SUBSCRIBE_TIMEOUT_MS));
  const subscription = pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: pageData.push_key,
  });
  return /** @type {PushSubscription} */ (await Promise.race([subscription, timeout]));
}

/**
 * Return what the server has about a subscription.
 * @param {PushSubscription} subscription
 * @returns {Promise<PushDevice | undefined>}
 */
async function deviceOf({ endpoint }) {
  const id = await deviceIdOf(endpoint);
  const { devices } = await push.devices();
  return devices.find((device) => device.device_id === id);
}

/**
 * Return the id of a browser, as services/console/features/push/actions.py makes it.
 * @param {string} endpoint
 */
async function deviceIdOf(endpoint) {
  const bytes = new TextEncoder().encode(endpoint);
  const content = new Uint8Array(4 + bytes.length);
  new DataView(content.buffer).setUint32(0, bytes.length);
  content.set(bytes, 4);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const digits = Array.from(hash.slice(0, 16), (byte) => byte.toString(16).padStart(2, "0"));
  return `dev-${digits.join("")}`;
}

function deviceName() {
  const browser = BROWSERS.find((name) => navigator.userAgent.includes(name)) ?? "Browser";
  return `${browser === "Edg" ? "Edge" : browser} · ${navigator.platform || "?"}`;
}

function storedOfficer() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

/** @param {string | null} officerId */
function storeOfficer(officerId) {
  try {
    if (officerId) localStorage.setItem(STORAGE_KEY, officerId);
    else localStorage.removeItem(STORAGE_KEY);
  } catch {
    // A browser that stores nothing asks again next time.
  }
}
