// Changes of a data source: a new one, other limits, a further key, the end. Each is a request to
// the ledger with its reason. A key is in one answer alone and is shown until the next change.

import { post } from "../../lib/api.js";
import { button } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { h } from "../../lib/dom.js";
import { isChecked, select, textField, textOf, valueOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { limitFields, limitsOf } from "./source_limits.js";

/** @import { Child } from "../../types/dom.d.ts" */
/** @import { Officer } from "../../types/page.d.ts" */
/** @import { RecordedSource, Source } from "../../types/sources.d.ts" */

const ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,30}";
const OVERLAP_HOURS = ["1", "24", "168", "720"];

/**
 * Make the buttons for the changes of a source.
 * @param {Officer} officer
 * @param {Source} source
 * @param {(words: HTMLElement) => void} report
 */
export function sourceButtons(officer, source, report) {
  const { source: id, name, record_id: recordId, state } = source;
  const subject = { place: source.owner_name, headline: `${name} (${id})` };

  /**
   * @param {"limits" | "rotation" | "revocation"} path
   * @param {object} body
   */
  async function change(path, body) {
    const fields = { ...body, record_id: recordId };
    report(changePart(name, await post(`/api/sources/${id}/${path}`, fields)));
  }

  /**
   * @param {"limit" | "rotate" | "revoke"} verb
   * @param {Child} fields
   * @param {(form: HTMLFormElement, reason: string) => Promise<void>} send
   */
  const ask = (verb, fields, send) =>
    confirmAction({
      title: t(`sources.do.${verb}`),
      subject,
      fields: [h("p", { class: "muted" }, t(`sources.do.${verb}.note`)), fields],
      danger: verb === "revoke",
      type: verb === "revoke" ? id : undefined,
      reason: "required",
      send: ({ form, reason }) => send(form, reason),
    });

  const askLimits = () => {
    const fields = limitFields(officer, source);
    ask("limit", fields.node, (form, reason) =>
      change("limits", { limits: limitsOf(form, fields), reason }),
    );
  };
  const askRotation = () =>
    ask(
      "rotate",
      select(
        t("sources.overlap"),
        "overlap_h",
        OVERLAP_HOURS.map(
          (hours) => /** @type {const} */ ([hours, t("sources.hours", { n: hours })]),
        ),
      ),
      (form, reason) =>
        change("rotation", { overlap_h: Number(valueOf(form, "overlap_h")), reason }),
    );
  const askRevocation = () =>
    ask(
      "revoke",
      source.keys.length > 1 && [
        h(
          "label",
          { class: "check" },
          h("input", { type: "checkbox", name: "older_keys_only" }),
          t("sources.older_keys_only"),
        ),
      ],
      (form, reason) =>
        change("revocation", { older_keys_only: isChecked(form, "older_keys_only"), reason }),
    );

  if (state === "ended")
    return [
      button(t("sources.begin_again"), () => askNewSource(officer, report, source), {
        "data-focus": "source-begin",
      }),
    ];
  return [
    button(t("sources.do.limit"), askLimits, { "data-focus": "source-limit" }),
    button(t("sources.do.rotate"), askRotation, { "data-focus": "source-rotate" }),
    button(t("sources.do.revoke"), askRevocation, {
      class: "danger",
      "data-focus": "source-revoke",
    }),
  ];
}

/**
 * Ask for a new source, or for one that has ended to begin again.
 * @param {Officer} officer
 * @param {(words: HTMLElement) => void} report
 * @param {Source | null} [ended]
 */
export function askNewSource(officer, report, ended = null) {
  const fields = limitFields(officer, ended);
  confirmAction({
    title: t(ended ? "sources.begin_again" : "sources.new"),
    subject: { place: ended?.owner_name ?? null, headline: ended?.source ?? null },
    fields: [
      h("p", { class: "muted" }, t("sources.new.note")),
      !ended && textField(t("sources.id"), "source", { required: true, pattern: ID_PATTERN }),
      fields.node,
    ],
    reason: "required",
    send: async ({ form, reason }) => {
      const limits = limitsOf(form, fields);
      const source = ended?.source ?? textOf(form, "source");
      report(changePart(limits.name, await post("/api/sources", { source, limits, reason })));
    },
  });
}

/**
 * Make the words about a change, with the key where there is a new one.
 * @param {string} name
 * @param {RecordedSource} recorded
 */
function changePart(name, { key }) {
  const words = h("p", {}, t("sources.changed", { name }));
  if (!key) return h("div", { class: "stack" }, words);
  const code = h("code", { class: "link-once", id: "source-key" }, key);
  const copied = h("span", { role: "status" });
  const copy = button(t("sources.key.copy"), async () => {
    try {
      await navigator.clipboard.writeText(key);
      copied.textContent = t("sources.key.copied");
    } catch {
      getSelection()?.selectAllChildren(code); // Without the right to copy, the officer presses.
      copied.textContent = t("sources.key.selected");
    }
  });
  return h(
    "div",
    { class: "stack source-key" },
    words,
    h("p", { class: "problem" }, t("sources.key.once")),
    h("p", {}, code),
    h("div", { class: "acts" }, copy, copied),
  );
}
