// Receipts of this device: that a page was shown, and that it was opened.

import { wholeMatter } from "../duty/matters.js";
import { post } from "../lib/api.js";

/** @import { Page } from "../types/overview.d.ts" */

/** The receipts that this device has sent, by page and verb. */
const receipts = new Set();

/**
 * Report in the background that a page was shown or opened, once per page and verb, and again when
 * its card has grown.
 * @param {Page} page
 * @param {"delivered" | "read"} verb
 */
export async function sendReceipt(page, verb) {
  const key = `${page.page_id}-${page.matter_count}-${verb}`;
  if (receipts.has(key) || document.visibilityState !== "visible") return;
  receipts.add(key);
  try {
    await post(`/api/pages/${page.page_id}/answers`, { verb, ...wholeMatter(page) });
  } catch {
    receipts.delete(key); // The next drawing tries again.
  }
}
