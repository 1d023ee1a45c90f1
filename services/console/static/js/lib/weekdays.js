// The days of the week, as the contract names them, from Monday on.

export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
];

/**
 * Return the number of a day in its week, 0 = Monday, by the calendar of UTC.
 * @param {Date} day
 */
export const numberInWeek = (day) => (day.getUTCDay() + 6) % 7;
