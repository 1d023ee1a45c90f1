// Whom to call for a unit: post, name and a telephone number that a press dials.

import { h, text } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @import { DutyContact } from "../types/commands.d.ts" */

/**
 * Make the line; it says so where nobody is on duty or the number is not open to the officer.
 * @param {DutyContact | null} contact
 * @param {string} [none] the words where nobody is on duty
 */
export function contactLine(contact, none = t("contact.none")) {
  if (!contact) return h("span", { class: "contact warn" }, none);
  const { name, phone } = contact;
  return h(
    "span",
    { class: "contact" },
    `${contact.unit_name} ${t(`post.${contact.post}`)} `,
    name && text(name),
    " ",
    phone
      ? h("a", { href: `tel:${phone.replace(/[^+0-9]/g, "")}`, class: "phone" }, phone)
      : h("span", { class: "faint" }, t("contact.no.phone")),
  );
}
