/** Pushes to browsers, and the parts of a service worker that the console uses. */

import type { Level } from "./fields.d.ts";

export interface PushDevice {
  device_id: string;
  name: string;
  since: string;
  ended: "removed" | "expired" | null;
}

export interface PushDevicesAnswer {
  key: string | null;
  devices: PushDevice[];
}

/** The content of a push (services/notify/core/wording/notifications.py), with its ticket. */
export interface PushedPage {
  page_id: string;
  tag: string;
  level: Level;
  lang: string;
  title: string;
  body: string;
  urgent: boolean;
  actions: { action: string; title: string }[];
  recorded: string;
  unsent: string;
  ticket: string;
}

/** What the types of a page lack: options of notifications that only service workers use. */
export interface PageNotificationOptions extends NotificationOptions {
  actions?: { action: string; title: string }[];
  renotify?: boolean;
  vibrate?: number[];
}

interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}

export interface WorkerScope {
  registration: ServiceWorkerRegistration;
  clients: {
    claim(): Promise<void>;
    matchAll(options: object): Promise<{ url: string; focus(): Promise<unknown> }[]>;
    openWindow(address: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(
    name: "push",
    listener: (event: Extendable & { data: { json(): PushedPage } | null }) => void,
  ): void;
  addEventListener(
    name: "notificationclick",
    listener: (event: Extendable & { notification: Notification; action: string }) => void,
  ): void;
  addEventListener(name: "install" | "activate", listener: (event: Extendable) => void): void;
}

/** Trusted Types, which the types of a page lack; a trusted address stands for a text. */
export interface ScriptPolicy {
  createScriptURL(path: string): string;
}
export interface TrustedTypesWindow {
  trustedTypes?: {
    createPolicy(name: string, rules: { createScriptURL: (path: string) => string }): ScriptPolicy;
  };
}

/** The offer of a browser to install the page as an app. */
export interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}
