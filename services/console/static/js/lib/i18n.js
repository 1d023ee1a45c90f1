// Words: zh-CN first, English by a switch. Catalogues are JSON files of ours; times are Beijing time.

/** What the page brought with it: who is signed in, where each language's words lie. */
export const boot = JSON.parse(
  document.querySelector("meta[name=boot]").content,
);

const LANGUAGES = ["zh-CN", "en"];
const ZONE = "Asia/Shanghai";
const LOCALES = { "zh-CN": "zh-CN", en: "en-GB" };
const SEPARATOR = " ‖ ";

let words = {};
let language = "zh-CN";

/** Load the catalogue asked for by the address, else the one chosen last, else Chinese. */
export async function load() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wish = asked ?? remembered() ?? "zh-CN";
  await use(LANGUAGES.includes(wish) ? wish : "zh-CN");
}

/** Change the language and remember it. */
export async function use(wish) {
  const answer = await fetch(boot.words[wish]);
  words = await answer.json();
  language = wish;
  document.documentElement.lang = wish;
  try {
    localStorage.setItem("language", wish);
    document.cookie = `lang=${wish}; path=/; max-age=31536000; samesite=lax`; // so that the right words are sent ahead
  } catch {
    // A browser that stores nothing still shows everything.
  }
}

function remembered() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

export const current = () => language;
export const other = () => LANGUAGES.find((one) => one !== language);

/** The words for a key, with {name} filled in; `fallback` (default: the key) where there are none. */
export function t(key, values = {}, fallback = key) {
  const found = words[key] ?? fallback;
  return found.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A value of the server's in the language of whoever reads: of a text in both, the one half (shared/bilingual.py). */
export function said(value) {
  if (typeof value === "string") {
    const at = value.indexOf(SEPARATOR);
    if (at < 0) return value;
    return language === "en"
      ? value.slice(at + SEPARATOR.length)
      : value.slice(0, at);
  }
  if (Array.isArray(value)) return value.map(said);
  if (value && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, said(one)]),
    );
  return value;
}

const formats = new Map();

function format(options) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(
      key,
      new Intl.DateTimeFormat(LOCALES[language], {
        timeZone: ZONE,
        hourCycle: "h23",
        ...options,
      }),
    );
  }
  return formats.get(key);
}

export const clock = (moment) =>
  format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(
    moment,
  );
export const day = (moment) =>
  format({
    year: "numeric",
    month: "long",
    day: "numeric",
    weekday: "short",
  }).format(moment);

const date = (moment) =>
  format({ month: "short", day: "numeric" }).format(moment);
const year = (moment) => format({ year: "numeric" }).format(moment);

/** Time of day; with the date when it is not today's, with the year when it is not this one. */
export function when(iso, now = Date.now()) {
  const moment = new Date(iso);
  const today = new Date(now);
  const short = clock(moment);
  if (year(moment) !== year(today))
    return `${format({ year: "numeric", month: "short", day: "numeric" }).format(moment)} ${short}`;
  return date(moment) === date(today) ? short : `${date(moment)} ${short}`;
}

/** Time until (or since) a moment, as 4:05 or 1:02:09, without a sign. */
export function span(milliseconds) {
  const seconds = Math.abs(Math.round(milliseconds / 1000));
  if (seconds >= 86_400) return t("days", { n: Math.floor(seconds / 86_400) });
  const parts = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  if (!parts[0]) parts.shift();
  return parts
    .map((part, n) => (n ? String(part).padStart(2, "0") : String(part)))
    .join(":");
}

const PARTS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** A length of time in words, in its two largest parts (shared/measures.py says the same). */
export function lasting(seconds) {
  let left = Math.max(Math.round(seconds), 0);
  const found = [];
  for (const [size, name] of PARTS) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n) found.push(t(n === 1 ? `span.${name}.one` : `span.${name}`, { n }));
  }
  return found.slice(0, 2).join(" ") || t("span.second", { n: 0 });
}

/** A value with its unit as people write it; seconds are a length of time. */
export const amount = (value, unit) =>
  unit === "s"
    ? lasting(value)
    : t(`measure.${unit}`, { n: Number(value.toPrecision(10)) }, `{n} ${unit}`);
