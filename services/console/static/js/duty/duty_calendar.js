// The duty calendar of a unit: who is on duty at each post on each day of the coming weeks, with
// gaps, holidays and the officer's own turns. Weeks on the desk, a list on the phone.

import { get } from "../lib/api.js";
import { chip } from "../lib/components.js";
import { fill, h, text } from "../lib/dom.js";
import { currentLanguage, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { WEEKDAYS, numberInWeek } from "../lib/weekdays.js";

/** @import { CalendarDay, CalendarSlot, DutyCalendarAnswer } from "../types/duty.d.ts" */
/** @import { Unit } from "../types/units.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const DAY_MS = 86_400_000;
const BEIJING_OFFSET_MS = 28_800_000;

/**
 * Make the calendar; `currentUnit()` gives the unit it is about.
 * @param {BoardContext} context
 * @param {() => Unit} currentUnit
 */
export function dutyCalendar(context, currentUnit) {
  const node = h("div", { id: "duty-calendar" });

  async function request() {
    const { unit } = currentUnit();
    const answer = await context.current(get("/api/duty/calendar", { unit }));
    return unit === currentUnit().unit ? answer : null;
  }

  const load = loader(node, request, (answer) => fill(node, drawn(answer)), 400);
  return { node, load };
}

/** @param {DutyCalendarAnswer} answer */
function drawn(answer) {
  if (!answer.posts.length) return h("p", { class: "empty" }, t("duty.no.plan"));
  const heads = WEEKDAYS.map((day) =>
    h("li", { class: "head", "aria-hidden": "true" }, t(`day.${day}`)),
  );
  const blanks = Array.from({ length: weekdayOf(answer.days[0]?.day ?? "") }, () =>
    h("li", { class: "blank", "aria-hidden": "true" }),
  );
  return [
    h("p", { class: "faint" }, t("calendar.note")),
    !answer.holidays_known && h("p", { class: "faint" }, t("calendar.unknown")),
    h(
      "ol",
      { class: "month" },
      heads,
      blanks,
      answer.days.map((day) => dayItem(day, answer.begin)),
    ),
  ];
}

/**
 * Return the number of the day in the week, 0 = Monday.
 * @param {string} day
 */
const weekdayOf = (day) => numberInWeek(new Date(`${day}T00:00Z`));

/**
 * @param {CalendarDay} day
 * @param {string} now the begin of the calendar
 */
function dayItem(day, now) {
  const isOwn = day.slots.some((slot) => slot.own_turn);
  const kind = day.holiday || !day.workday ? "rest" : "";
  const special = currentLanguage() === "en" ? day.en : day.zh;
  const [, month, number] = day.day.split("-").map(Number);
  return h(
    "li",
    { class: `day ${kind} ${isOwn ? "own" : ""}`, "data-day": day.day },
    h(
      "div",
      { class: "row" },
      h("strong", {}, t("calendar.day", { day: number, month: t(`month.${month}`) })),
      h("span", { class: "weekday" }, t(`day.${WEEKDAYS[weekdayOf(day.day)]}`)),
      special && chip(special, day.holiday ? "" : "warn"),
      special && !day.holiday && h("span", { class: "faint" }, t("calendar.workday")),
    ),
    day.slots.map((slot) => slotLine(slot, Date.parse(`${day.day}T00:00+08:00`), now)),
  );
}

/**
 * @param {CalendarSlot} slot
 * @param {number} midnight at which the day begins
 * @param {string} now the begin of the calendar
 */
function slotLine(slot, midnight, now) {
  return h(
    "div",
    { class: `turn ${slot.officer_id ? "" : "gap"}` },
    h("span", { class: "faint" }, `${t(`post.${slot.post}`)} ${hoursOf(slot, midnight, now)}`),
    " ",
    slot.officer_id
      ? h("b", {}, text(slot.name ?? t("calendar.filled")))
      : chip(t("duty.empty"), "bad"),
    slot.own_turn && [" ", chip(t("calendar.own"), "own")],
  );
}

/**
 * Return the hours of a turn on a day: without a begin where it began before, without an end where
 * it goes on after the next noon, empty for the whole day.
 * @param {CalendarSlot} slot
 * @param {number} midnight
 * @param {string} now
 */
function hoursOf(slot, midnight, now) {
  const [begin, end] = [Date.parse(slot.begin), Date.parse(slot.end)];
  const next = midnight + DAY_MS;
  const clockOrNow = slot.begin === now ? t("calendar.now") : clockOf(begin);
  const begins = begin > midnight ? clockOrNow : "";
  const clock = clockOf(end);
  const isNight = end > next && end <= next + DAY_MS / 2;
  const ends = end < next ? clock : isNight ? t("calendar.next", { clock }) : "";
  return begins || ends ? `${begins}–${ends}` : "";
}

/**
 * Return the hour and minute of a moment in Beijing time.
 * @param {number} moment
 */
const clockOf = (moment) => new Date(moment + BEIJING_OFFSET_MS).toISOString().slice(11, 16);
