// The drafts of limits: what differs, whose signatures are there, and what the officer may do.

import { post } from "../../lib/api.js";
import { button, cardClass, chip } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { h, text } from "../../lib/dom.js";
import { currentLanguage, formatMoment, formatTime, t } from "../../lib/i18n.js";
import { openLimitsForm } from "./limits_form.js";
import { previewPart } from "./limits_preview.js";
import { differences } from "./limits_values.js";

/** @import { LimitsDraft, LimitsDocument, LimitsSignature } from "../../types/limits.d.ts" */

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
 * @param {LimitsDocument | null} inForce the document that it would replace
 * @param {() => void} refresh
 */
export function draftCard(draft, inForce, refresh) {
  const { document } = draft;
  const changed = document.enabled
    ? differences(inForce?.values[document.subject], document[document.subject])
    : [t("limits.ends")];
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
    h("h4", {}, t("limits.differences")),
    h(
      "ul",
      { class: "limits-differences" },
      changed.length
        ? changed.map((line) => h("li", {}, line))
        : h("li", { class: "muted" }, t("limits.no_difference")),
    ),
    signatureList(draft.signed_by),
    draft.reason && h("p", { class: "muted" }, text(`${draft.closed_by ?? ""}: ${draft.reason}`)),
    isWaiting(draft) && previewPart(draft.draft_id),
    h(
      "div",
      { class: "acts" },
      draft.may.map((verb) => actButton(draft, verb, refresh)),
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
 * @param {LimitsDraft} draft
 * @param {LimitsDraft["may"][number]} verb
 * @param {() => void} refresh
 */
function actButton(draft, verb, refresh) {
  const { draft_id: draftId, document, digest } = draft;
  const title = t(`limits.do.${verb}`);
  const properties = {
    class: verb === "sign" ? "primary" : "plain",
    "data-focus": `${draftId}-${verb}`,
  };
  if (verb === "draft") {
    const edit = () => openLimitsForm(draftId, document, title, refresh);
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
      fields: h("p", { class: "muted" }, t(`limits.note.${note}`)),
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
