// The load of a place in 28 days: three ratios, charts by day and by hour of the day, the pages of
// officers, and all numbers as a table.

import { headCell, panel, scrollingTable } from "../lib/components.js";
import { addressOf, get } from "../lib/api.js";
import { fill, h, svg, text } from "../lib/dom.js";
import { currentLanguage, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { numberInWeek } from "../lib/weekdays.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { LoadAnswer, LoadFigures, OfficerLoad } from "../types/load.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

/** @typedef {{ label: string, values: number[] }} Slot Values of a day or an hour, one per bar. */

const SIZE = { width: 560, height: 190 };
const NARROW = { width: 350, height: 190 };
const NARROW_PX = 560;
const MARGIN = { leading: 68, trailing: 8, top: 16, bottom: 26 };
const GAP = 0.25; // Of the width of a slot.
const LABELS = 4;
const PAUSE_MS = 10_000;
const WEEKS = 9;
const DAY_MS = 86_400_000;
const CHINA_MS = 8 * 3_600_000;
const FIGURES = /** @type {const} */ (["readings", "alarms", "alerts", "incidents", "pages"]);
const CALLS = /** @type {const} */ (["alarms", "pages"]);

/** @param {number} count */
const compactNumber = (count) =>
  new Intl.NumberFormat(currentLanguage(), {
    notation: "compact",
    maximumFractionDigits: 1,
  }).format(count);

/** @param {number | null} count */
const plainNumber = (count) =>
  count === null ? "–" : new Intl.NumberFormat(currentLanguage()).format(count);

/**
 * Make the panel of the load; `refresh` loads it again. The chosen week and the open table stay.
 * @param {BoardContext} context
 */
export function loadPanel(context) {
  const figures = h("div", { class: "load-figures" });
  const table = h("div");
  const report = weeklyReport(context.status);
  const details = h("details", {}, h("summary", {}, t("load.numbers")), table);
  const lower = h("div", { hidden: true }, report.node, details);
  const body = h("div", { class: "load", id: "load" }, figures, lower);

  /** @param {LoadAnswer} answer */
  function draw(answer) {
    lower.hidden = !answer.days.length;
    fill(figures, lower.hidden ? emptyNote() : content(answer));
    fill(table, numbers(answer));
    report.setWeeks(answer.now);
  }

  const refresh = loader(
    figures,
    () => context.current(get("/api/load", { status: context.status })),
    draw,
    PAUSE_MS,
  );
  return { node: panel("load.title", body), refresh };
}

const emptyNote = () => h("p", { class: "empty" }, t("load.none"));

/** @param {LoadAnswer} answer */
function content(answer) {
  const { days, hours } = answer;
  const byDay = days.map((day) => ({ ...day, label: day.day.slice(5) }));
  const byHour = hours.map((hour) => ({ ...hour, label: t("load.hour", { n: hour.hour }) }));
  const shares = byDay.map((day) => ({
    label: day.label,
    values: [day.officers ? Number((day.pages / day.officers).toFixed(1)) : 0],
  }));
  return [
    h("p", { class: "muted" }, t("load.period", { unit: answer.unit_name, day: days[0].day })),
    h("dl", { class: "ratios" }, ratios(answer)),
    h(
      "div",
      { class: "load-charts" },
      chart("load.chart.readings", ["load.readings"], slots(byDay, ["readings"])),
      chart("load.chart.calls", ["load.alarms", "load.pages"], slots(byDay, CALLS)),
      chart("load.chart.officers", ["load.officer.pages"], shares),
      chart("load.chart.hours", ["load.alarms", "load.pages"], slots(byHour, CALLS)),
    ),
    officers(answer),
  ];
}

/** @param {LoadAnswer} answer */
function ratios(answer) {
  const { totals } = answer;
  /** @type {[key: string, value: number | null, parts: Record<string, string>][]} */
  const entries = [
    [
      "load.ratio.alarms",
      answer.alarms_per_incident,
      { count: plainNumber(totals.alarms), parts: plainNumber(totals.incidents) },
    ],
    ["load.ratio.pages", answer.pages_per_officer_day, { count: plainNumber(totals.pages) }],
    [
      "load.ratio.readings",
      answer.readings_per_page,
      { count: plainNumber(totals.readings), parts: plainNumber(totals.pages) },
    ],
  ];
  return entries.map(([key, value, parts]) =>
    h(
      "div",
      {},
      h("dt", {}, t(key)),
      h("dd", {}, h("strong", {}, plainNumber(value)), h("span", {}, t(`${key}.of`, parts))),
    ),
  );
}

/**
 * @param {(LoadFigures & { label: string })[]} entries
 * @param {readonly (keyof LoadFigures)[]} names
 * @returns {Slot[]}
 */
const slots = (entries, names) =>
  entries.map((entry) => ({ label: entry.label, values: names.map((name) => entry[name]) }));

/**
 * Make a chart of bars; the words say the sum and the greatest slot.
 * @param {string} title
 * @param {string[]} names
 * @param {Slot[]} entries
 */
function chart(title, names, entries) {
  const { width, height } = innerWidth < NARROW_PX ? NARROW : SIZE;
  const right = width - MARGIN.trailing;
  const bottom = height - MARGIN.bottom;
  const most = Math.max(1, ...entries.flatMap((entry) => entry.values));
  const step = (right - MARGIN.leading) / entries.length;
  const bar = (step * (1 - GAP)) / names.length;
  const every = Math.ceil(entries.length / LABELS);
  /** @param {number} count */
  const y = (count) => bottom - (count / most) * (bottom - MARGIN.top);
  const words = names.map((name, index) => wordsOf(name, entries, index)).join(t("list.comma"));
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, t(title)),
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${t(title)}: ${words}` },
      [0, most].map((count) => [
        svg("line", { class: "grid", x1: MARGIN.leading, x2: right, y1: y(count), y2: y(count) }),
        svg(
          "text",
          { class: "tick", x: MARGIN.leading - 6, y: y(count) + 5, "text-anchor": "end" },
          compactNumber(count),
        ),
      ]),
      entries.map(({ label, values }, slot) => {
        const x = MARGIN.leading + slot * step;
        return [
          values.map((count, index) =>
            svg("rect", {
              class: `load-bar n${index}`,
              x: (x + (step * GAP) / 2 + index * bar).toFixed(1),
              y: y(count).toFixed(1),
              width: bar.toFixed(1),
              height: (bottom - y(count)).toFixed(1),
            }),
          ),
          slot % every === 0 && svg("text", { class: "tick", x, y: height - 7 }, label),
        ];
      }),
    ),
    names.length > 1 && legend(names),
    h("p", { class: "faint" }, words),
  );
}

/**
 * @param {string} name
 * @param {Slot[]} entries
 * @param {number} index
 */
function wordsOf(name, entries, index) {
  const top = entries.reduce((best, entry) =>
    entry.values[index] > best.values[index] ? entry : best,
  );
  const values = { name: t(name), most: plainNumber(top.values[index]), at: top.label };
  return t(top.values[index] ? "load.most" : "load.zero", values);
}

/** @param {string[]} names */
const legend = (names) =>
  h(
    "p",
    { class: "legend" },
    names.map((name, index) => [h("span", { class: `load-key n${index}` }), `${t(name)} `]),
  );

/** @param {LoadAnswer} answer */
function officers(answer) {
  const title = answer.all_officers ? "load.officers" : "load.officers.own";
  if (!answer.officers.length) return h("p", { class: "empty" }, t("load.officers.none"));
  const columns = ["officer", "pages", "days", "most"].map((name, index) =>
    headCell(t(`load.col.${name}`), index > 0),
  );
  return h(
    "section",
    {},
    h("h3", {}, t(title, { n: answer.officer_count, top: answer.officers.length })),
    scrollingTable({ label: t(title) }, columns, answer.officers.map(officerRow)),
  );
}

/** @param {OfficerLoad} officer */
const officerRow = (officer) =>
  h(
    "tr",
    {},
    h(
      "td",
      {},
      officer.name === null ? h("span", { class: "muted" }, t("masked")) : text(officer.name),
      h("span", { class: "faint" }, ` ${officer.unit_name}`),
    ),
    [officer.pages, officer.days, officer.most].map(numberCell),
  );

/** @param {number} count */
const numberCell = (count) => h("td", { class: "number" }, plainNumber(count));

/**
 * Make the choice of a week, newest first, with the link to its report.
 * @param {Status} status
 */
function weeklyReport(status) {
  const link = h("a", { class: "button", id: "week-get", download: "" }, t("week.get"));
  const choice = h("select", { name: "week", onchange: () => setAddress() });
  let newest = "";

  function setAddress() {
    link.href = addressOf("/api/load/weekly", { status, week: choice.value });
  }

  /** @param {string} now */
  function setWeeks(now) {
    const weeks = Array.from({ length: WEEKS }, (_, age) => weekBefore(new Date(now), age));
    if (weeks[0].week === newest) return;
    newest = weeks[0].week;
    fill(
      choice,
      weeks.map((week) => h("option", { value: week.week }, t("week.range", week))),
    );
    setAddress();
  }

  const node = h("div", { class: "row week" }, h("label", {}, t("week.choose"), " ", choice), link);
  return { node, setWeeks };
}

/**
 * Return the week of ISO 8601 so many weeks before a moment, in China.
 * @param {Date} now
 * @param {number} age
 */
function weekBefore(now, age) {
  const local = now.getTime() + CHINA_MS;
  const monday = new Date(local - (numberInWeek(new Date(local)) + 7 * age) * DAY_MS);
  const thursday = new Date(monday.getTime() + 3 * DAY_MS);
  const year = thursday.getUTCFullYear();
  const number = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  /** @param {Date} moment */
  const dayOf = (moment) => moment.toISOString().slice(0, 10);
  return {
    week: `${year}-W${String(number).padStart(2, "0")}`,
    first: dayOf(monday),
    last: dayOf(new Date(monday.getTime() + 6 * DAY_MS)),
  };
}

/** @param {LoadAnswer} answer */
function numbers({ days }) {
  const columns = [
    headCell(t("load.col.day")),
    ...FIGURES.map((name) => headCell(t(`load.${name}`), true)),
    headCell(t("load.col.officers"), true),
  ];
  /** @type {Child[]} */
  const rows = [...days].reverse().map((day) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, day.day),
      FIGURES.map((name) => numberCell(day[name])),
      numberCell(day.officers),
    ),
  );
  return scrollingTable({ label: t("load.numbers") }, columns, rows);
}
