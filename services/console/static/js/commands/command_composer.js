// The form for a command: its words, its recipients with their number and names, and the number to
// be typed before the command is sent.

import { post } from "../lib/api.js";
import { channelPreviews } from "../lib/channel_previews.js";
import { button, chip, drillBand, levelOptions } from "../lib/components.js";
import { dialogTitle, openDialog, problemLine, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { eventTypePicker } from "../lib/event_types.js";
import {
  choices,
  momentField,
  momentOf,
  showValues,
  textField,
  textOf,
  valueOf,
} from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { draftList, newDraftId } from "./command_drafts.js";
import { selectionEditor } from "./selection_editor.js";
import { quotedWords, warningOrigin } from "../lib/warning_origin.js";

/** @import { PagePreview, ProposedCommand } from "../types/alerts.d.ts" */
/** @import { CommandDraft, CommandPreview } from "../types/commands.d.ts" */
/** @import { Officer } from "../types/page.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const NAME_PAGE_SIZE = 100;

/**
 * Open the form for a command in the officer's own subtree.
 * @param {Officer} officer
 * @param {Status} status
 * @param {() => void} refresh
 * @param {ProposedCommand | null} [warning] the warning of another agency that fills the form
 */
export function composeCommand(officer, status, refresh, warning = null) {
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
  const assistEditor = selectionEditor(officer, preview, {
    scope: "assist-",
    isOptional: true,
    addWords: t("compose.assist.add"),
  });
  const drafts = draftList(status, showDraft);
  const origin = warningOrigin();
  const saved = h("p", { class: "muted", role: "status" });
  let draftId = newDraftId();
  let isStored = false;
  /** @type {(CommandPreview & { selection: object, assist: object | null }) | null} */
  let shownPreview = null;
  let previewCount = 0;
  sendButton.disabled = true;

  const form = h(
    "form",
    { method: "dialog", oninput: updateSendButton, onsubmit: submit },
    dialogTitle(t(status === "Exercise" ? "compose.drill" : "compose")),
    drafts.node,
    origin.node,
    textField(t("compose.title"), "title", { required: true }),
    textArea(t("compose.instruction"), "instruction"),
    eventTypePicker(warning?.event_type),
    choices(t("compose.level"), "radio", "level", levelOptions()),
    momentField(t("compose.sign.by"), "sign_by", null, false),
    momentField(t("compose.finish.by"), "finish_by", null, false),
    h("p", { class: "muted" }, t("compose.deadlines")),
    editor.node,
    h("h3", {}, t("compose.assist")),
    assistEditor.node,
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
    channelPreviews(pagePreview),
    h("label", {}, t("compose.type"), typedNumber),
    problem.node,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")),
      button(t("drafts.save"), saveDraft, { id: "draft-save" }),
      sendButton,
    ),
    saved,
  );
  const dialog = openDialog([status === "Exercise" && drillBand(), form]);

  if (warning) showWarning(warning);

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
    const assist = assistEditor.selection();
    if (selection) {
      try {
        const body = { selection, assist, limit: NAME_PAGE_SIZE };
        const answer = await post("/api/commands/preview", body);
        if (number !== previewCount) return; // The selection has changed in the meantime.
        shownPreview = { ...answer, selection, assist };
        fill(count, answer.recipients);
        fill(countsByTier, countsText(answer));
        addNames(answer);
      } catch (error) {
        problem.show(error);
      }
    }
    updateSendButton();
  }

  /**
   * Return how the page of the command reads now, null while the form says too little.
   * @returns {Promise<PagePreview | null>}
   */
  async function pagePreview() {
    const body = { ...words(), selection: editor.selection(), assist: assistEditor.selection() };
    if (!body.title || !body.level || !body.selection) return null;
    return post("/api/commands/page-preview", body);
  }

  /** @param {CommandPreview} answer */
  function addNames(answer) {
    const words = answer.units.map(({ name, assists }) =>
      assists ? t("compose.assists", { unit: name }) : name,
    );
    names.append(...words.map((name) => chip(name)));
    if (shownPreview) shownPreview.next = answer.next;
    moreButton.hidden = !answer.next;
  }

  async function loadMoreNames() {
    if (!shownPreview) return;
    const { selection, assist, next: after } = shownPreview;
    try {
      const body = { selection, assist, limit: NAME_PAGE_SIZE, after };
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

  /** Return the fields of the command beside its recipients. */
  const words = () => ({
    event_type: valueOf(form, "event"),
    level: valueOf(form, "level") || null,
    title: textOf(form, "title"),
    instruction: textOf(form, "instruction"),
    sign_by: momentOf(form, "sign_by"),
    finish_by: momentOf(form, "finish_by"),
    status,
  });

  async function saveDraft() {
    problem.clear();
    fill(saved);
    try {
      const body = {
        selection: editor.selection(),
        assist: assistEditor.selection(),
      };
      await drafts.save(draftId, { ...words(), warning_id: origin.id(), ...body });
      isStored = true;
      fill(saved, t("drafts.saved", { time: formatTime(new Date().toISOString()) }));
    } catch (error) {
      problem.show(error);
    }
  }

  /**
   * Go on with a stored draft in place of what the form holds.
   * @param {CommandDraft} draft
   */
  function showDraft(draft) {
    draftId = draft.draft_id;
    isStored = true;
    const { title, instruction, event_type: event, level, sign_by, finish_by } = draft;
    showValues(form, { title, instruction, event, level, sign_by, finish_by });
    editor.restore(draft.selection, draft.names);
    assistEditor.restore(draft.assist, draft.names);
    origin.show(draft.warning_id);
    preview();
  }

  /** @param {ProposedCommand} proposed */
  function showWarning(proposed) {
    const { event_type, level, selection, names: unitNames, warning_id: warningId } = proposed;
    form.querySelector("textarea")?.setAttribute("rows", "9");
    const { title, text: instruction } = quotedWords(proposed);
    showValues(form, { title, instruction, level, ...(event_type && { event: event_type }) });
    editor.restore(selection, unitNames);
    origin.show(warningId);
    preview();
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (sendButton.disabled || !shownPreview) return;
    sendButton.disabled = true;
    problem.clear();
    const body = {
      ...words(),
      warning_id: origin.id(),
      selection: shownPreview.selection,
      assist: shownPreview.assist,
      seen_digest: shownPreview.digest,
      draft_id: isStored ? draftId : null,
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
  const assisting = preview.assisting ? [t("compose.assisting", { n: preview.assisting })] : [];
  return [...tiers, ...departments, ...assisting].join(" · ");
}
