// Dialogs. A dangerous action asks for its subject before it is sent: the level has to be picked,
// or the name of the place typed. In a drill other words are typed than for a real alert.

import { problemOf } from "./api.js";
import { drillBand, drillTag, isDrill, levelBadge, LEVELS } from "./components.js";
import { fill, h, text } from "./dom.js";
import { textOf, valueOf } from "./forms.js";
import { t } from "./i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { Level } from "../types/fields.d.ts" */

let titleCount = 0;

/**
 * Show a dialog; it is removed from the page when it closes.
 * @param {Child} content
 * @param {boolean} [wide]
 */
export function openDialog(content, wide = false) {
  const dialog = labelDialog(h("dialog", { class: wide ? "wide" : null }, content));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Make the heading of a dialog; a dialog over another one has a heading of its own.
 * @param {Child} words
 */
export const dialogTitle = (words) => h("h2", { id: `dialog-title-${++titleCount}` }, words);

/**
 * Label a dialog by its present heading.
 * @param {HTMLDialogElement} dialog
 */
export function labelDialog(dialog) {
  dialog.setAttribute("aria-labelledby", dialog.querySelector("h2")?.id ?? "");
  return dialog;
}

/**
 * Make the line in which a form reports a problem.
 */
export function problemLine() {
  const node = h("p", { class: "problem", role: "alert", hidden: true });
  return {
    node,
    clear: () => {
      node.hidden = true;
    },
    /**
     * Show the text of a Problem; throw any other error again.
     * @param {unknown} error
     */
    show: (error) => {
      fill(node, problemOf(error).text);
      node.hidden = false;
    },
  };
}

/**
 * Return the words to type to confirm an action on `place`: in a drill the word for it comes first.
 * @param {{ status?: string }} item
 * @param {string} place
 */
export const confirmationText = (item, place) =>
  isDrill(item) ? `${t("confirm.drill")} ${place}` : place;

/**
 * Make a field for free text.
 * @param {string} label
 * @param {string} name
 * @param {number} [maxlength]
 * @param {boolean} [required]
 */
export function textArea(label, name, maxlength = 4000, required = false) {
  return h("label", {}, label, h("textarea", { name, maxlength, required }));
}

/**
 * @typedef {object} Confirmation
 * @property {string} title the title of the dialog and of its button
 * @property {{ status?: string, place: string | null, headline: string | null }} subject
 * @property {Level | null} [pick] the level that must be picked; undefined for none
 * @property {string | (() => string)} [type] the words that must be typed, or their function
 * @property {Child} [fields] more controls of the form
 * @property {"optional" | "required" | null} [reason]
 * @property {boolean} [danger]
 * @property {(input: { reason: string, form: HTMLFormElement }) => unknown} send
 */

/**
 * Ask before an action. `send` performs it; the dialog shows its Problem and stays open.
 * @param {Confirmation} confirmation
 */
export function confirmAction({ title, subject, pick, type, fields, reason, danger, send }) {
  const sendButton = h("button", { type: "submit", class: danger ? "danger" : "primary" }, title);
  const problem = problemLine();
  const isGuarded = pick !== undefined || type !== undefined;
  const requiredText = () => (typeof type === "function" ? type() : type);
  const typeLabel = h("span");

  function update() {
    if (type !== undefined) fill(typeLabel, t("confirm.type", { words: requiredText() }));
    sendButton.disabled = isGuarded && !isConfirmed(form, pick, requiredText());
  }

  sendButton.disabled = isGuarded;
  const form = h(
    "form",
    {
      method: "dialog",
      oninput: update,
      onchange: update,
      onsubmit: (event) => {
        event.preventDefault();
        if (isConfirmed(form, pick, requiredText())) submit();
        else form.reportValidity();
      },
    },
    dialogTitle(title),
    h(
      "div",
      {},
      h("p", {}, drillTag(subject), " ", h("span", { class: "muted" }, subject.place)),
      text(subject.headline, "p"),
    ),
    fields,
    pick !== undefined && levelChoices(pick),
    type !== undefined &&
      h("label", {}, typeLabel, h("input", { type: "text", name: "typed", autocomplete: "off" })),
    reason && textArea(t(`reason.${reason}`), "reason", 4000, reason === "required"),
    problem.node,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")),
      sendButton,
    ),
  );
  update();
  const dialog = openDialog([isDrill(subject) && drillBand(), form]);

  async function submit() {
    sendButton.disabled = true;
    problem.clear();
    try {
      await send({ reason: textOf(form, "reason"), form });
      dialog.close();
    } catch (error) {
      problem.show(error);
      sendButton.disabled = false;
    }
  }
  return dialog;
}

/** @param {Level | null} pick */
function levelChoices(pick) {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, t("confirm.pick", { level: t(`level.${pick ?? "lift"}`) })),
    [...LEVELS, /** @type {const} */ ("notice"), null].map((name) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "shown", value: name ?? "lift", required: true }),
        levelBadge(name),
      ),
    ),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {Level | null | undefined} pick
 * @param {string | undefined} type
 */
function isConfirmed(form, pick, type) {
  if (pick !== undefined && valueOf(form, "shown") !== (pick ?? "lift")) return false;
  if (type !== undefined && textOf(form, "typed") !== type) return false;
  return form.checkValidity();
}
