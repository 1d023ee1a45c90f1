// The warning of another agency behind a command or an alert: its words quoted, the note in a form.

import { button, maskedText } from "./components.js";
import { fill, h } from "./dom.js";
import { formatMoment, t } from "./i18n.js";

/** @import { QuotedWarning, WarningOrigin } from "../types/alerts.d.ts" */

const TITLE_CHARACTERS = 200;

/**
 * Return who has sent a warning: the name in the document, and the source that is signed in.
 * @param {{ sender_name: string | null, source_id: string }} warning
 */
export const senderOf = ({ sender_name: name, source_id: source }) =>
  name ? t("warning.sender", { name, source }) : source;

/**
 * Return a title and a text with the agency's words as a quotation.
 * @param {QuotedWarning} warning
 */
export function quotedWords(warning) {
  const title = t("warning.quoted.title", { headline: warning.headline });
  const validity = t("warning.quoted.from", {
    sender: senderOf(warning),
    from: formatMoment(warning.starts_at),
    to: formatMoment(warning.ends_at),
  });
  const { description, instruction } = warning;
  const lines = [
    validity,
    description && t("warning.quoted", { words: description }),
    instruction && t("warning.quoted.advice", { words: instruction }),
  ];
  return {
    title: [...title].slice(0, TITLE_CHARACTERS).join(""),
    text: lines.filter(Boolean).join("\n"),
  };
}

/**
 * Make the line of the warning behind a command or an alert on its card; nothing without one.
 * @param {{ warning: WarningOrigin | null }} subject
 */
export function originLine({ warning }) {
  if (!warning) return null;
  return h(
    "p",
    { class: "behind" },
    t("warning.behind"),
    maskedText(warning, warning.headline),
    !warning.masked && h("span", { class: "muted" }, ` ${senderOf(warning)}`),
  );
}

/** Make the note of the warning that a form refers to; without a warning it is empty. */
export function warningOrigin() {
  const node = h("div", { class: "origin" });
  /** @type {string | null} */
  let warningId = null;

  /** @param {string | null} id */
  function show(id) {
    warningId = id;
    fill(
      node,
      id && [
        h("p", { class: "muted" }, t("warning.origin")),
        button(t("warning.origin.drop"), () => show(null), { class: "plain" }),
      ],
    );
  }

  return { node, show, id: () => warningId };
}
