// Words: Chinese first, English by a switch. Catalogues are JSON files; times are Beijing time.

/** @import { Language, PageData } from "../types/page.d.ts" */

const pageElement = document.querySelector("meta[name=boot]");

/**
 * The data that came with the page.
 * @type {PageData}
 */
export const pageData = JSON.parse(pageElement?.getAttribute("content") ?? "{}");

/** @type {Language[]} */
const LANGUAGES = ["zh-CN", "en"];
const ZONE = "Asia/Shanghai";
/** @type {Record<Language, string>} */
const LOCALES = { "zh-CN": "zh-CN", en: "en-GB" };
const SEPARATOR = " ‖ ";

/** @type {Record<string, string>} */
let catalogue = {};
/** @type {Language} */
let language = "zh-CN";

/** Load the catalogue that the address names, else the last chosen one, else the Chinese one. */
export async function loadLanguage() {
  const requested = new URLSearchParams(location.search).get("lang") ?? storedLanguage();
  await setLanguage(LANGUAGES.find((name) => name === requested) ?? "zh-CN");
}

/**
 * Change the language and store the choice.
 * @param {Language} name
 */
export async function setLanguage(name) {
  const response = await fetch(pageData.words[name]);
  catalogue = await response.json();
  language = name;
  document.documentElement.lang = name;
  try {
    localStorage.setItem("language", name);
    // The server sends the right words ahead because of this cookie.
    document.cookie = `lang=${name}; path=/; max-age=31536000; samesite=lax`;
  } catch {
    // A browser that stores nothing still shows everything.
  }
}

function storedLanguage() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

/** Return the language of the page. */
export const currentLanguage = () => language;

/** Return the language that the switch leads to. */
export const otherLanguage = () => (language === "en" ? "zh-CN" : "en");

/** @typedef {Record<string, string | number | null | undefined>} Values */

/**
 * Return the words for a key with each {name} filled in; `fallback` where the catalogue has none.
 * @param {string} key
 * @param {Values} [values]
 * @param {string} [fallback]
 */
export function t(key, values = {}, fallback = key) {
  const words = catalogue[key] ?? fallback;
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * The objects of the server, in both languages, by the objects made from them in one.
 * @type {WeakMap<object, object>}
 */
const sources = new WeakMap();

/**
 * Return a value of the server in the language of the page: of a text in both languages it is the
 * half of that language (shared/domain/bilingual.py).
 * @param {unknown} value
 * @returns {unknown}
 */
export function localized(value) {
  if (typeof value === "string") {
    const index = value.indexOf(SEPARATOR);
    if (index < 0) return value;
    return language === "en" ? value.slice(index + SEPARATOR.length) : value.slice(0, index);
  }
  if (Array.isArray(value)) return value.map(localized);
  if (value && typeof value === "object") {
    const entries = Object.entries(value).map(([name, part]) => [name, localized(part)]);
    const result = Object.fromEntries(entries);
    sources.set(result, value);
    return result;
  }
  return value;
}

/**
 * Return an object that `localized` has made with its texts in both languages, as the server sent
 * them.
 * @template {object} Item
 * @param {Item} item
 * @returns {Item}
 */
export const bilingual = (item) => /** @type {Item} */ (sources.get(item) ?? item);

/**
 * Return a copy of such an object with more fields; `bilingual` finds its texts still.
 * @template {object} Item
 * @template {object} Fields
 * @param {Item} item
 * @param {Fields} fields
 * @returns {Item & Fields}
 */
export function extended(item, fields) {
  const result = { ...item, ...fields };
  sources.set(result, bilingual(item));
  return result;
}

/**
 * Return an object that `localized` has made, in the present language of the page.
 * @template {object} Item
 * @param {Item} item
 * @returns {Item}
 */
export const relocalized = (item) => /** @type {Item} */ (localized(bilingual(item)));

/**
 * Return the name of a rule or plan in the language of the page.
 * @param {{ name_zh: string, name_en: string }} item
 */
export const nameOf = (item) => (language === "en" ? item.name_en : item.name_zh);

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function dateFormat(options) {
  const key = language + JSON.stringify(options);
  const existing = formats.get(key);
  if (existing) return existing;
  const zoned = { timeZone: ZONE, hourCycle: /** @type {const} */ ("h23"), ...options };
  const format = new Intl.DateTimeFormat(LOCALES[language], zoned);
  formats.set(key, format);
  return format;
}

/**
 * Return the time of day with seconds.
 * @param {Date} moment
 */
export const formatClock = (moment) =>
  dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(moment);

/**
 * Return the date with the day of the week.
 * @param {Date} moment
 */
export const formatDay = (moment) =>
  dateFormat({ year: "numeric", month: "long", day: "numeric", weekday: "short" }).format(moment);

/** @param {Date} moment */
const formatDate = (moment) => dateFormat({ month: "short", day: "numeric" }).format(moment);

/** @param {Date} moment */
const formatYear = (moment) => dateFormat({ year: "numeric" }).format(moment);

/** @param {Date} moment */
const formatFullDate = (moment) =>
  dateFormat({ year: "numeric", month: "short", day: "numeric" }).format(moment);

/**
 * Return the full date with hours and minutes, for a text that is read on other days too.
 * @param {string} value ISO 8601 text
 */
export function formatMoment(value) {
  const moment = new Date(value);
  const clock = dateFormat({ hour: "2-digit", minute: "2-digit" }).format(moment);
  return `${formatFullDate(moment)} ${clock}`;
}

/**
 * Return the time of day; with the date when it is not today, with the year when it is not this
 * year.
 * @param {string | number} value ISO 8601 text or milliseconds
 * @param {number} [now] milliseconds
 */
export function formatTime(value, now = Date.now()) {
  const moment = new Date(value);
  const today = new Date(now);
  const clock = formatClock(moment);
  if (formatYear(moment) !== formatYear(today)) return `${formatFullDate(moment)} ${clock}`;
  const date = formatDate(moment);
  return date === formatDate(today) ? clock : `${date} ${clock}`;
}

/**
 * Return the time until or since a moment as 4:05 or 1:02:09, without a sign.
 * @param {number} milliseconds
 */
export function formatSpan(milliseconds) {
  const seconds = Math.abs(Math.round(milliseconds / 1000));
  if (seconds >= 86_400) return t("days", { n: Math.floor(seconds / 86_400) });
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts
    .map((part, index) => (index ? String(part).padStart(2, "0") : String(part)))
    .join(":");
}

/** @type {[seconds: number, name: string][]} */
const DURATION_UNITS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/**
 * Return a duration in words, in its two largest units (shared/domain/measures.py does the same).
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  let remainder = Math.max(Math.round(seconds), 0);
  const parts = [];
  for (const [size, name] of DURATION_UNITS) {
    const count = Math.floor(remainder / size);
    remainder -= count * size;
    if (count) parts.push(t(count === 1 ? `span.${name}.one` : `span.${name}`, { n: count }));
  }
  return parts.slice(0, 2).join(" ") || t("span.second", { n: 0 });
}

/**
 * Return a value with its unit as people write it; seconds are written as a duration.
 * @param {number} value
 * @param {string} unit
 */
export const formatAmount = (value, unit) =>
  unit === "s"
    ? formatDuration(value)
    : t(`measure.${unit}`, { n: Number(value.toPrecision(10)) }, `{n} ${unit}`);
