// The warning of another agency behind a command: its words as a quotation, the note in the form.

import { button, maskedText } from "../lib/components.js";
import { fill, h } from "../lib/dom.js";
import { formatMoment, t } from "../lib/i18n.js";

/** @import { ProposedCommand } from "../types/alerts.d.ts" */
/** @import { CommandHead } from "../types/commands.d.ts" */

const TITLE_CHARACTERS = 200;

/**
 * Return who has sent a warning: the name in the document, and the source that is signed in.
 * @param {{ sender_name: string | null, source_id: string }} warning
 */
export const senderOf = ({ sender_name: name, source_id: source }) =>
  name ? t("warning.sender", { name, source }) : source;

/**
 * Return the title and the instruction of a command with the agency's words as a quotation.
 * @param {ProposedCommand} warning
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
    instruction: lines.filter(Boolean).join("\n"),
  };
}

/**
 * Make the line of the warning behind a command on its card; nothing for a command without one.
 * @param {CommandHead} command
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

/** Make the note of the warning that a command refers to; without a warning it is empty. */
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
