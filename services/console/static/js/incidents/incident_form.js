// The form for a new incident: what it is, one line of words, where, photos. Three presses and the
// words are enough: open, choose the kind, send.

import { Problem } from "../lib/api.js";
import { button, eventName } from "../lib/components.js";
import { confirmAction, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { EVENT_TYPES } from "../lib/event_types.js";
import {
  choices,
  isChecked,
  showValues,
  textField,
  textOf,
  unitPicker,
  valueOf,
} from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { photoField, photoUploads } from "../lib/photos.js";
import { quotedWords, warningOrigin } from "../lib/warning_origin.js";

/** @import { Deliver } from "../types/actions.d.ts" */
/** @import { ProposedIncident } from "../types/alerts.d.ts" */
/** @import { Option } from "../types/dom.d.ts" */
/** @import { Officer } from "../types/page.d.ts" */
/** @typedef {{ lat: number, lon: number }} Position */

/** The kinds that people report most often; the others follow on demand. */
const FREQUENT_TYPES = [
  "12:fire",
  "12:gas_leak",
  "11A01",
  "11A02",
  "11D01",
  "12:burst_main",
  "13",
  "14:mass_incident",
];
const SENSITIVE = "14";
const COORDINATES = /^(-?\d{1,3}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)$/;
const WIDE_TIERS = new Set(["city", "district"]);
const LOCATE_MS = 10_000;
const NOTICE_MS = 8_000;

/**
 * Make the button that opens the form.
 * @param {Officer} officer
 * @param {Deliver} deliver
 * @param {string} sentKey of the words after the delivery
 */
export const incidentButton = (officer, deliver, sentKey) =>
  button(t("incident.new"), () => openIncidentForm(officer, deliver, sentKey), {
    id: "new-incident",
  });

/**
 * Open the form.
 * @param {Officer} officer
 * @param {Deliver} deliver
 * @param {string} sentKey of the words after the delivery
 * @param {ProposedIncident | null} [warning] the warning of another agency that fills the form
 */
export function openIncidentForm(officer, deliver, sentKey, warning = null) {
  const origin = warningOrigin();
  const draft = `dft-${[...crypto.getRandomValues(new Uint32Array(4))].map(hexOf).join("")}`;
  const place = unitPicker(
    t("incident.place"),
    warning
      ? { unit: warning.place, name: warning.place_name }
      : { unit: officer.unit, name: officer.unit_name },
  );
  const restricted = choices(t("report.for.whom"), "checkbox", "restricted", [
    ["1", t("incident.restricted")],
  ]);
  const sensitive = h(
    "p",
    { class: "warn", role: "status", hidden: true },
    t("incident.sensitive"),
  );
  const coordinates = coordinatesField();
  const dialog = confirmAction({
    title: t(warning ? "warning.incident" : "incident.new"),
    subject: { status: "Actual", place: warning?.place_name ?? officer.unit_name, headline: null },
    fields: [
      origin.node,
      kindChoices(warning?.event_type),
      sensitive,
      textField(t("incident.words"), "headline", {
        required: true,
        placeholder: t("incident.words.hint"),
      }),
      place,
      coordinates,
      photoField(),
      h(
        "details",
        {},
        h("summary", {}, t("incident.more")),
        textArea(t("incident.more"), "text"),
        restricted,
      ),
    ],
    send: async ({ form }) => {
      const position = positionOf(form);
      const kind = valueOf(form, "event");
      const headline = textOf(form, "headline");
      // The server finds the town at a position, where the officer has chosen no unit.
      const isOpen = position && place.value === officer.unit && WIDE_TIERS.has(officer.tier);
      const summary = { subject: draft, verb: "incident", words: headline };
      const body = {
        draft_id: draft,
        event_type: kind,
        ...(!isOpen && { place: place.value }),
        ...(position && { position }),
        headline,
        text: textOf(form, "text"),
        restricted: isChecked(form, "restricted"),
        warning_id: origin.id(),
      };
      const photos = await photoUploads(form, `/api/incidents/drafts/${draft}/photos`, {
        ...summary,
        verb: "photo",
      });
      await deliver([{ path: "/api/incidents", body, summary }, ...photos]);
      showNotice(t(sentKey, { place: place.unit.name, event: eventName(kind) }));
    },
  });
  const form = dialog.querySelector("form");
  dialog.addEventListener("change", showRule);
  if (form && warning) {
    const { title: headline, text } = quotedWords(warning);
    showValues(form, { headline, text, ...(warning.event_type && { event: warning.event_type }) });
    for (const part of form.querySelectorAll("details"))
      part.open = part.querySelector(":checked, textarea") !== null;
    origin.show(warning.warning_id);
    showRule();
  }

  /** Show the rule for a sensitive kind in place of the choice. */
  function showRule() {
    const isSensitive = form !== null && valueOf(form, "event").startsWith(SENSITIVE);
    sensitive.hidden = !isSensitive;
    restricted.hidden = isSensitive;
  }
}

/** @param {number} number */
const hexOf = (number) => number.toString(16).padStart(8, "0");

/** @param {string | null} [extra] a kind that is offered too */
function kindChoices(extra) {
  /** @param {string} code */
  const option = (code) => /** @type {Option} */ ([code, eventName(code)]);
  const codes = new Set([...EVENT_TYPES, ...(extra ? [extra] : [])]);
  const rareOptions = [...codes].filter((code) => !FREQUENT_TYPES.includes(code)).map(option);
  return h(
    "div",
    { class: "kinds" },
    choices(t("incident.kind"), "radio", "event", FREQUENT_TYPES.map(option)),
    h(
      "details",
      {},
      h("summary", {}, t("incident.kinds.more")),
      choices(t("incident.kinds.more"), "radio", "event", rareOptions),
    ),
  );
}

/** Make the field for coordinates; the device fills it in where it can. */
function coordinatesField() {
  const note = h("p", { class: "muted", role: "status" });
  const input = h("input", {
    type: "text",
    name: "coordinates",
    inputmode: "decimal",
    autocomplete: "off",
    placeholder: "29.01, 105.85",
  });
  const locate = button(t("incident.locate"), () => {
    locate.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        input.value = `${coords.latitude.toFixed(5)}, ${coords.longitude.toFixed(5)}`;
        fill(note, t("incident.located", { n: Math.round(coords.accuracy) }));
        locate.disabled = false;
      },
      () => {
        fill(note, t("incident.locate.failed"));
        locate.disabled = false;
      },
      { enableHighAccuracy: true, timeout: LOCATE_MS, maximumAge: 60_000 },
    );
  });
  // Browsers give a position to pages over https alone.
  const canLocate = isSecureContext && "geolocation" in navigator;
  return h(
    "div",
    { class: "coordinates" },
    canLocate && locate,
    h("label", {}, t("incident.coordinates"), input),
    note,
  );
}

/**
 * Return the position that is written in a form, or null. Throw a Problem for other words.
 * @param {HTMLFormElement} form
 * @returns {Position | null}
 */
function positionOf(form) {
  const words = textOf(form, "coordinates");
  if (!words) return null;
  const numbers = COORDINATES.exec(words)?.slice(1).map(Number);
  const [lat, lon] = numbers ?? [];
  if (!numbers || Math.abs(lat) > 90 || Math.abs(lon) > 180)
    throw new Problem(422, { title: t("incident.coordinates.bad"), reason: "coordinates" });
  return { lat, lon };
}

/**
 * Show for a while that something is done; screen readers read it.
 * @param {string} words
 */
function showNotice(words) {
  const node = h("p", { class: "sent-note", role: "status" });
  document.body.append(node);
  fill(node, words);
  setTimeout(() => node.remove(), NOTICE_MS);
}
