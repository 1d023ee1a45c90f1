// The duty calendar of a unit: who is on duty at each post on each day of the coming weeks, with
// gaps, holidays and the officer's own turns. A month on the desk, a list on the phone.

import { get } from "../lib/api.js";
import { chip } from "../lib/components.js";
import { fill, h, text } from "../lib/dom.js";
import { currentLanguage, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";

/** @import { CalendarDay, DutyAnswer, Turn } from "../types/duty.d.ts" */
/** @import { Post } from "../types/fields.d.ts" */
/** @import { Unit } from "../types/units.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const DAYS = 28;
const DAY_MS = 86_400_000;
const BEIJING_OFFSET_MS = 28_800_000;
const WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/**
 * Make the calendar; `currentUnit()` gives the unit it is about.
 * @param {BoardContext} context
 * @param {() => Unit} currentUnit
 */
export function dutyCalendar(context, currentUnit) {
  const node = h("div", { id: "duty-calendar" });

  async function request() {
    const { unit } = currentUnit();
    const answer = await context.current(get("/api/duty", { unit, days: DAYS }));
    return unit === currentUnit().unit ? answer : null;
  }

  const load = loader(node, request, (answer) => {
    fill(node, answer.posts.length ? month(answer) : emptyNote());
  });
  return { node, load };
}

const emptyNote = () => h("p", { class: "empty" }, t("duty.no.plan"));

/** @param {DutyAnswer} plan */
function month(plan) {
  const blanks = (new Date(`${plan.calendar[0]?.day}T00:00Z`).getUTCDay() + 6) % 7;
  const heads = WEEK.map((day) =>
    h("li", { class: "head", "aria-hidden": "true" }, t(`day.${day}`)),
  );
  const blankItems = Array.from({ length: blanks }, () =>
    h("li", { class: "blank", "aria-hidden": "true" }),
  );
  const days = plan.calendar.map((day, number) => dayItem(plan, day, number === 0));
  return [
    h("ol", { class: "month" }, heads, blankItems, days),
    !plan.holidays_known && h("p", { class: "faint" }, t("calendar.unknown")),
    h("p", { class: "faint" }, t("calendar.note")),
  ];
}

/**
 * @param {DutyAnswer} plan
 * @param {CalendarDay} day
 * @param {boolean} isFirst
 */
function dayItem(plan, day, isFirst) {
  const begin = Date.parse(`${day.day}T00:00+08:00`);
  const weekday = WEEK[(new Date(`${day.day}T00:00Z`).getUTCDay() + 6) % 7];
  const lines = plan.posts.flatMap(({ post, turns }) =>
    turns
      .filter((turn) => isOfDay(turn, begin, isFirst))
      .map((turn) => turnLine(post, turn, begin)),
  );
  const isOwn = plan.posts.some(({ turns }) =>
    turns.some((turn) => turn.own_turn && isOfDay(turn, begin, isFirst)),
  );
  const kind = day.holiday ? "holiday" : day.workday ? "" : "rest";
  return h(
    "li",
    { class: `day ${kind} ${isOwn ? "own" : ""}` },
    h(
      "div",
      { class: "row" },
      h("strong", {}, day.day.slice(5)),
      h("span", { class: "weekday" }, t(`day.${weekday}`)),
      day.zh && h("span", { class: "name" }, currentLanguage() === "en" ? day.en : day.zh),
    ),
    lines,
  );
}

/**
 * Return whether a turn is shown on a day: it begins there, fills the day, or is a gap in it.
 * @param {Turn} turn
 * @param {number} begin
 * @param {boolean} isFirst
 */
function isOfDay(turn, begin, isFirst) {
  const [starts, ends] = [Date.parse(turn.begin), Date.parse(turn.end)];
  const overlaps = starts < begin + DAY_MS && ends > begin;
  const fills = starts <= begin && ends >= begin + DAY_MS;
  return overlaps && (starts >= begin || fills || isFirst || !turn.officer_id);
}

/**
 * Return the hour and minute of a moment in Beijing time.
 * @param {string} moment
 */
const clockOf = (moment) =>
  new Date(Date.parse(moment) + BEIJING_OFFSET_MS).toISOString().slice(11, 16);

/**
 * @param {Post} post
 * @param {Turn} turn
 * @param {number} begin
 */
function turnLine(post, turn, begin) {
  const starts = Date.parse(turn.begin) > begin ? clockOf(turn.begin) : "";
  const ends = Date.parse(turn.end) < begin + DAY_MS ? clockOf(turn.end) : "";
  const time = starts || ends ? `${starts}–${ends} ` : "";
  return h(
    "div",
    { class: `turn ${turn.officer_id ? "" : "gap"}` },
    h("span", { class: "faint" }, `${t(`post.${post}`)} ${time}`),
    turn.officer_id ? text(turn.name ?? turn.officer_id) : chip(t("duty.empty"), "bad"),
    turn.own_turn && [" ", chip(t("calendar.own"))],
  );
}
