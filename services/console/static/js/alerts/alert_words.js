// The words of an alert: shown as they will be sent before they are signed, and the form in which
// an officer writes others. Both languages stand apart.

import { get } from "../lib/api.js";
import { levelBadge } from "../lib/components.js";
import { h, text } from "../lib/dom.js";
import { checkedValues, choices, momentField, momentOf, textField, textOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { Alert, Wording } from "../types/alerts.d.ts" */

const LANGUAGES = /** @type {const} */ (["zh", "en"]);
const WORDING_LIMIT = 1_000;
const HEADLINE_LIMIT = 90;
const CORNER = /(-?\d{1,3}(?:\.\d+)?)\s*[,，]\s*(-?\d{1,3}(?:\.\d+)?)/g;

/**
 * Show words as the public and the officers will read them, in both languages.
 * @param {Wording} wording
 */
export function wordingPreview(wording) {
  const areas = wording.areas.map((area) => area.name).join(t("and"));
  const { valid_until: until, polygon } = wording;
  return h(
    "div",
    { class: "wording" },
    LANGUAGES.map((language) =>
      h(
        "blockquote",
        { lang: language },
        h(
          "p",
          {},
          levelBadge(wording.level),
          " ",
          h("strong", {}, text(wording.headline[language])),
        ),
        wording.description[language] && text(wording.description[language], "p"),
        wording.instruction[language] && text(wording.instruction[language], "p"),
      ),
    ),
    h(
      "p",
      { class: "muted" },
      t("words.areas", { areas }),
      polygon.length > 0 && ` · ${t("words.polygon.n", { n: polygon.length })}`,
      until && ` · ${t("expires", { time: formatTime(until) })}`,
      wording.contact && ` · ${t("words.contact")} `,
      wording.contact && text(wording.contact),
    ),
  );
}

/**
 * Make the preview of the words that a signature puts in force; the form remembers which they are.
 * @param {Alert} alert
 * @returns {Promise<Child>}
 */
export async function signedWords(alert) {
  const { wording, source } = await get(`/api/alerts/${alert.alert_id}/wording`);
  if (!wording || !source) return null;
  return h(
    "section",
    { "aria-label": t("words.sent") },
    h("h3", {}, t("words.sent"), " ", h("span", { class: "faint" }, t(`words.${source}`))),
    wordingPreview(wording),
    h("input", { type: "hidden", name: "wording_digest", value: wording.digest }),
  );
}

/**
 * Return the field of a request that names the words which were shown.
 * @param {HTMLFormElement} form
 */
export function signedWordsBody(form) {
  const digest = textOf(form, "wording_digest");
  return digest ? { wording_digest: digest } : {};
}

/**
 * Make the form for other words; it begins with the present ones.
 * @param {Alert} alert
 * @returns {Promise<Child>}
 */
export async function wordingFields(alert) {
  const { wording } = await get(`/api/alerts/${alert.alert_id}/wording`);
  if (!wording) return h("p", { class: "problem" }, t("words.none"));
  const { below } = await get("/api/units", { unit: alert.place });
  /** @type {Map<string, string>} */
  const units = new Map([[alert.place, alert.place_name]]);
  const candidates = [...wording.areas, ...below.filter((node) => !node.department)];
  for (const { unit, name } of candidates) units.set(unit, name);
  const checkedUnits = new Set(wording.areas.map((area) => area.unit));
  const areas = choices(t("words.areas.choose"), "checkbox", "areas", [...units]);
  for (const box of areas.querySelectorAll("input")) box.checked = checkedUnits.has(box.value);
  const corners = wording.polygon.map((corner) => `${corner.lat}, ${corner.lon}`).join("\n");
  return [
    LANGUAGES.map((language) => languageFields(wording, language)),
    h("div", { class: "limited-choices" }, areas),
    longField(t("words.polygon"), "polygon", corners, 4_000),
    textField(t("words.contact"), "contact", { maxlength: 100, value: wording.contact }),
    momentField(t("valid.until"), "words_until", null, false),
  ];
}

/**
 * Make the fields of one language.
 * @param {Wording} wording
 * @param {"zh" | "en"} language
 */
function languageFields(wording, language) {
  return h(
    "fieldset",
    { class: "words-of", lang: language },
    h("legend", {}, t(`words.in.${language}`)),
    textField(t("words.headline"), `headline_${language}`, {
      required: true,
      maxlength: HEADLINE_LIMIT,
      value: wording.headline[language],
    }),
    longField(t("words.description"), `description_${language}`, wording.description[language]),
    longField(t("words.instruction"), `instruction_${language}`, wording.instruction[language]),
  );
}

/**
 * @param {string} label
 * @param {string} name
 * @param {string} value
 * @param {number} [maxlength]
 */
function longField(label, name, value, maxlength = WORDING_LIMIT) {
  const control = h("textarea", { name, maxlength });
  control.value = value;
  return h("label", {}, label, control);
}

/**
 * Return the words of the form as the field of a request.
 * @param {HTMLFormElement} form
 */
export function wordingBody(form) {
  const until = momentOf(form, "words_until");
  /** @param {string} name */
  const pair = (name) =>
    Object.fromEntries(
      LANGUAGES.map((language) => [language, textOf(form, `${name}_${language}`)]),
    );
  return {
    wording: {
      headline: pair("headline"),
      description: pair("description"),
      instruction: pair("instruction"),
      contact: textOf(form, "contact"),
      areas: checkedValues(form, "areas"),
      polygon: [...textOf(form, "polygon").matchAll(CORNER)].map(([, lat, lon]) => ({
        lat: Number(lat),
        lon: Number(lon),
      })),
      ...(until && { valid_until: until }),
    },
  };
}
