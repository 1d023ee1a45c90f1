// The form for a silence of a place and a kind of event, from now or from later.

import { post } from "../lib/api.js";
import { optionsOf } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { EVENT_TYPES } from "../lib/event_types.js";
import { momentField, momentOf, select, unitPicker, valueOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";

/** @import { Officer } from "../types/page.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

/**
 * Ask for a silence in the officer's own subtree; its place is typed to confirm.
 * @param {Officer} officer
 * @param {Status} status
 * @param {() => void} refresh
 */
export function composeSilence(officer, status, refresh) {
  const own = { unit: officer.unit, name: officer.unit_name };
  const place = unitPicker(t("silence.place"), own);
  const events = select(t("compose.event"), "event", [
    ["", t("silence.any.event")],
    ...EVENT_TYPES.map((code) => /** @type {const} */ ([code, t(`event.${code}`)])),
  ]);
  confirmAction({
    title: t("silence.new"),
    subject: { status, place: officer.unit_name, headline: t("silence.note") },
    fields: [
      select(t("silence.kind"), "kind", optionsOf(["silence", "maintenance"], "silence")),
      place,
      events,
      momentField(t("silence.from"), "begin", null, false),
      momentField(t("silence.until"), "end", 2),
    ],
    type: () => confirmationText({ status }, place.unit.name),
    reason: "required",
    send: async ({ reason, form }) => {
      await post("/api/silences", {
        kind: valueOf(form, "kind"),
        place: place.value,
        event_type: valueOf(form, "event") || null,
        begin_at: momentOf(form, "begin") ?? new Date().toISOString(),
        end_at: momentOf(form, "end"),
        reason,
        status,
      });
      refresh();
    },
  });
}
