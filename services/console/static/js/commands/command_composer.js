// The form for a command: its words, its recipients with their number and names, and the number to
// be typed before the command is sent.

import { post } from "../lib/api.js";
import { button, drillBand, levelOptions } from "../lib/components.js";
import { dialogTitle, openDialog, problemLine, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { eventTypePicker } from "../lib/event_types.js";
import { choices, textField, textOf, valueOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { selectionEditor } from "./selection_editor.js";

/** @import { CommandPreview } from "../types/commands.d.ts" */
/** @import { Officer } from "../types/page.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const NAME_PAGE_SIZE = 100;

/**
 * Open the form for a command in the officer's own subtree.
 * @param {Officer} officer
 * @param {Status} status
 * @param {() => void} refresh
 */
export function composeCommand(officer, status, refresh) {
  const key = crypto.randomUUID();
  const count = h("strong", { id: "recipients" }, "–");
  const countsByTier = h("span", { class: "muted" });
  const names = h("div", { class: "names" });
  const moreButton = button(t("more"), () => loadMoreNames(), { hidden: true });
  const problem = problemLine();
  const sendButton = h("button", { type: "submit", class: "primary" }, t("send"));
  const typedNumber = h("input", {
    type: "text",
    name: "typed",
    inputmode: "numeric",
    autocomplete: "off",
  });
  const editor = selectionEditor(officer, preview);
  /** @type {(CommandPreview & { selection: object }) | null} */
  let shownPreview = null;
  let previewCount = 0;
  sendButton.disabled = true;

  const form = h(
    "form",
    { method: "dialog", oninput: updateSendButton, onsubmit: submit },
    dialogTitle(t(status === "Exercise" ? "compose.drill" : "compose")),
    textField(t("compose.title"), "title", { required: true }),
    textArea(t("compose.instruction"), "instruction"),
    eventTypePicker(),
    choices(t("compose.level"), "radio", "level", levelOptions()),
    editor.node,
    h("p", { class: "figures", "aria-live": "polite" }, [
      t("compose.recipients"),
      " ",
      count,
      " ",
      countsByTier,
    ]),
    h(
      "details",
      { class: "recipient-names" },
      h("summary", {}, t("compose.who")),
      names,
      moreButton,
    ),
    h("label", {}, t("compose.type"), typedNumber),
    problem.node,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")),
      sendButton,
    ),
  );
  const dialog = openDialog([status === "Exercise" && drillBand(), form]);

  async function preview() {
    shownPreview = null;
    previewCount += 1;
    const number = previewCount;
    problem.clear();
    fill(count, "–");
    fill(countsByTier);
    fill(names);
    moreButton.hidden = true;
    const selection = editor.selection();
    if (selection) {
      try {
        const answer = await post("/api/commands/preview", { selection, limit: NAME_PAGE_SIZE });
        if (number !== previewCount) return; // The selection has changed in the meantime.
        shownPreview = { ...answer, selection };
        fill(count, answer.recipients);
        fill(countsByTier, countsText(answer));
        addNames(answer);
      } catch (error) {
        problem.show(error);
      }
    }
    updateSendButton();
  }

  /** @param {CommandPreview} answer */
  function addNames(answer) {
    names.append(...answer.units.map((unit) => h("span", { class: "chip" }, unit.name)));
    if (shownPreview) shownPreview.next = answer.next;
    moreButton.hidden = !answer.next;
  }

  async function loadMoreNames() {
    if (!shownPreview) return;
    const { selection, next: after } = shownPreview;
    try {
      const body = { selection, limit: NAME_PAGE_SIZE, after };
      addNames(await post("/api/commands/preview", body));
    } catch (error) {
      problem.show(error);
    }
  }

  function updateSendButton() {
    const recipients = shownPreview?.recipients ?? 0;
    const isTyped = typedNumber.value.trim() === String(recipients);
    sendButton.disabled = !(recipients > 0 && isTyped && form.checkValidity());
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (sendButton.disabled || !shownPreview) return;
    sendButton.disabled = true;
    problem.clear();
    const body = {
      selection: shownPreview.selection,
      event_type: valueOf(form, "event"),
      level: valueOf(form, "level"),
      title: textOf(form, "title"),
      instruction: textOf(form, "instruction"),
      status,
      seen_digest: shownPreview.digest,
    };
    try {
      await post("/api/commands", body, key);
      dialog.close();
      refresh();
    } catch (error) {
      problem.show(error);
      sendButton.disabled = false;
    }
  }
}

/** @param {CommandPreview} preview */
function countsText(preview) {
  const tiers = Object.entries(preview.by_tier).map(
    ([tier, count]) => `${t(`tier.${tier}`)} ${count}`,
  );
  const departments = Object.entries(preview.by_department).map(
    ([code, count]) => `${t(`department.${code}`, {}, code)} ${count}`,
  );
  return [...tiers, ...departments].join(" · ");
}
