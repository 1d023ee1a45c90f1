// Parts of the head of a large page: links of its parts, the account, the language, the way out.

import { button } from "../lib/components.js";
import { elementById, fill, h } from "../lib/dom.js";
import { otherLanguage, t } from "../lib/i18n.js";
import { showGate, signOut } from "../lib/sign_out.js";

/** @import { Officer } from "../types/page.d.ts" */

/**
 * Make the link of the account and the buttons for the language and to sign out.
 * @param {Officer} officer
 * @param {() => void} changeLanguage
 */
export const accountTools = (officer, changeLanguage) => [
  h(
    "a",
    { class: "account", href: "/account", title: t("account") },
    `${officer.name} ${t(`post.${officer.post}`)}`,
  ),
  button(t("language.other"), changeLanguage, {
    class: "plain",
    lang: otherLanguage(),
    id: "language",
  }),
  button(t("sign.out"), () => signOut(officer.session), { class: "plain", id: "sign-out" }),
];

/**
 * Mark the link of the part that the page shows.
 * @param {string} name
 */
export function markLink(name) {
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll(".boards a");
  for (const link of links) {
    link.removeAttribute("aria-current");
    if (link.hash !== `#${name}`) continue;
    link.setAttribute("aria-current", "page");
    // The row of links is longer than the screen of a phone.
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

/** Show the gate in place of the page. */
export function showGatePanel() {
  const container = h("main", { class: "panel gate-panel" });
  fill(elementById("page"), container);
  showGate(container);
}
