// The drafts of limits: what differs, whose signatures are there, and what the officer may do.

import { post } from "../../lib/api.js";
import { button, cardClass, chip } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { h, text } from "../../lib/dom.js";
import { currentLanguage, formatMoment, formatTime, t } from "../../lib/i18n.js";
import { openLimitsForm } from "./limits_form.js";
import { previewPart } from "./limits_preview.js";
import { differences, partsOf } from "./limits_values.js";

/** @import { LimitsContent, LimitsDraft, LimitsSignature } from "../../types/limits.d.ts" */
/** @import { LimitsSubjectFields } from "../../types/limits.d.ts" */

/**
 * Return the name of a document in the language of the page.
 * @param {{ name_zh: string, name_en: string }} document
 */
export const documentName = (document) =>
  currentLanguage() === "en" ? document.name_en : document.name_zh;

/**
 * Return whether a draft waits for somebody.
 * @param {LimitsDraft} draft
 */
export const isWaiting = (draft) => draft.state === "open" || draft.state === "signed";

/**
 * Make the card of a draft.
 * @param {LimitsDraft} draft
 * @param {readonly LimitsSubjectFields[]} subjects
 * @param {() => void} refresh
 */
export function draftCard(draft, subjects, refresh) {
  const { document } = draft;
  return h(
    "li",
    { class: cardClass({}, null) },
    h(
      "div",
      { class: "row" },
      chip(t(`limits.state.${draft.state}`)),
      draft.may.includes("sign") && chip(t("limits.waits"), "warn"),
      h("span", { class: "tail" }, formatTime(draft.changed_at)),
    ),
    h("h3", {}, text(documentName(document))),
    h(
      "p",
      { class: "facts" },
      h("span", {}, t(`limits.subject.${document.subject}`)),
      h("span", {}, draft.unit_name ?? t("limits.everywhere")),
      h("span", {}, t("limits.version", { id: draft.limits_id, n: draft.version })),
      h("span", {}, t("limits.from", { time: formatMoment(document.in_force_from) })),
    ),
    text(document.source, "p"),
    isWaiting(draft) && differenceList(draft, subjects),
    signatureList(draft.signed_by),
    draft.reason && h("p", { class: "muted" }, text(`${draft.closed_by ?? ""}: ${draft.reason}`)),
    isWaiting(draft) && previewPart(draft.draft_id),
    h(
      "div",
      { class: "acts" },
      draft.may.map((verb) => actButton(draft, verb, subjects, refresh)),
    ),
  );
}

/**
 * Make the line of the signatures under a document.
 * @param {readonly LimitsSignature[]} signatures
 */
export function signatureList(signatures) {
  return h(
    "p",
    { class: "facts" },
    signatures.length
      ? signatures.map((item) =>
          h(
            "span",
            {},
            t("limits.signed", { time: formatTime(item.signed_at) }),
            " ",
            text(item.name ?? item.officer_id),
          ),
        )
      : h("span", { class: "muted" }, t("limits.unsigned")),
  );
}

/**
 * Make the list of what a draft changes of what holds for its unit now.
 * @param {LimitsDraft} draft
 * @param {readonly LimitsSubjectFields[]} subjects
 */
function differenceList({ document, replaced }, subjects) {
  const { subject } = document;
  const drafted = /** @type {LimitsContent} */ (document[subject]);
  const changed = document.enabled
    ? differences(partsOf(subjects, subject), replaced?.[subject], drafted)
    : [t("limits.ends")];
  return h(
    "div",
    {},
    h("h4", {}, t("limits.differences")),
    h(
      "ul",
      { class: "limits-differences" },
      changed.length
        ? changed.map((line) => h("li", {}, line))
        : h("li", { class: "muted" }, t("limits.no_difference")),
    ),
  );
}

/**
 * @param {LimitsDraft} draft
 * @param {LimitsDraft["may"][number]} verb
 * @param {readonly LimitsSubjectFields[]} subjects
 * @param {() => void} refresh
 */
function actButton(draft, verb, subjects, refresh) {
  const { draft_id: draftId, document, digest } = draft;
  const title = t(`limits.do.${verb}`);
  const properties = {
    class: verb === "sign" ? "primary" : "plain",
    "data-focus": `${draftId}-${verb}`,
  };
  if (verb === "draft") {
    const parts = partsOf(subjects, document.subject);
    const replaced = draft.replaced?.[document.subject];
    const edit = () => openLimitsForm({ draftId, document, parts, replaced, title }, refresh);
    return button(title, edit, properties);
  }
  const key = crypto.randomUUID();
  const isWithdrawal = verb === "withdraw";
  const isSecond = draft.signed_by.length > 0;
  const note = isWithdrawal ? "withdraw" : isSecond ? "second" : "first";
  const confirm = () =>
    confirmAction({
      title,
      subject: {
        place: draft.unit_name ?? t("limits.everywhere"),
        headline: documentName(document),
      },
      fields: [
        verb === "sign" && differenceList(draft, subjects),
        h("p", { class: "muted" }, t(`limits.note.${note}`)),
      ],
      reason: isWithdrawal ? "required" : null,
      danger: isWithdrawal,
      send: async ({ reason }) => {
        const body = isWithdrawal ? { reason } : { digest };
        await post(`/api/limits/drafts/${draftId}/${verb}`, body, key);
        refresh();
      },
    });
  return button(title, confirm, properties);
}
