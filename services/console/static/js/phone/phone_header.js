// The head of the page for the phone: whose it is, the line, the alarm, the language.

import { incidentButton } from "../incidents/incident_form.js";
import { alarmControls } from "../lib/alarm.js";
import { button } from "../lib/components.js";
import { h } from "../lib/dom.js";
import { otherLanguage, t } from "../lib/i18n.js";
import { signOut } from "../lib/sign_out.js";

/** @import { Officer } from "../types/page.d.ts" */
/** @import { Outbox } from "./outbox.js" */

/**
 * Make the lines above the tabs.
 * @param {Officer} officer
 * @param {Outbox} outbox
 * @param {() => Promise<void>} changeLanguage
 */
export const headLines = (officer, outbox, changeLanguage) => [
  h(
    "div",
    { class: "identity" },
    h("h1", {}, officer.unit_name),
    h("span", { class: "person" }, `${officer.name} ${t(`post.${officer.post}`)}`),
    h("span", { class: "link tail", id: "link", role: "status" }, t("state.connecting")),
  ),
  h(
    "div",
    { class: "sub" },
    incidentButton(officer, (actions) => outbox.add(actions), "incident.queued"),
    h("span", { class: "tail" }),
    button(t("language.other"), changeLanguage, {
      class: "plain",
      lang: otherLanguage(),
      id: "language",
    }),
    button(t("sign.out"), () => signOut(officer.session), { class: "plain" }),
  ),
  h("div", { class: "sub" }, alarmControls(officer)),
];
