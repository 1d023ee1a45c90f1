// The course of an alert's leading sensor on its card: a small curve with the limits, and beside it
// the value, the pace and the peak in words.

import { get } from "../lib/api.js";
import { fill, h, svg } from "../lib/dom.js";
import { formatAmount, t } from "../lib/i18n.js";

/** @import { Alert, Trend } from "../types/alerts.d.ts" */

const WIDTH = 150;
const HEIGHT = 40;
const EDGE = 3;
const STILL = 0.00005; // Of the value: a slower change per hour counts as none.
const ALERT_LIMIT = 100;
const VALID_MS = 20_000;

/**
 * Make the place of an alert's course; an alert without alarms has none.
 * @param {Alert} alert
 */
export const trendPlace = (alert) =>
  alert.alarms > 0 && !alert.masked && h("div", { class: "trend", "data-trend": alert.alert_id });

/**
 * Return a function that draws the courses of alerts into their places in `container`. Those of new
 * alerts are loaded at once, all of them again after a while; a place without a course goes.
 * @param {Element} container
 */
export function trendDrawer(container) {
  /** @type {Map<string, Trend | null>} */
  const courses = new Map();
  let loadedAt = 0;

  function draw() {
    for (const [id, trend] of courses) {
      const place = container.querySelector(`[data-trend="${CSS.escape(id)}"]`);
      if (!place) continue;
      if (trend) fill(place, sparkline(trend), words(trend));
      else place.remove();
    }
  }

  /** @param {Alert[]} alerts */
  return async (alerts) => {
    draw();
    const isOld = Date.now() - loadedAt > VALID_MS;
    const ids = alerts
      .filter((alert) => alert.alarms > 0 && !alert.masked)
      .map((alert) => alert.alert_id)
      .filter((id) => isOld || !courses.has(id))
      .slice(0, ALERT_LIMIT);
    if (!ids.length) return;
    if (isOld) loadedAt = Date.now();
    const { trends } = await get("/api/trends", { alerts: ids.join(",") });
    for (const id of ids) courses.set(id, null);
    for (const trend of trends) courses.set(trend.alert_id, trend);
    draw();
  };
}

/** @param {Trend} trend */
function words(trend) {
  const { last, peak, unit } = trend;
  const hasFallen = peak !== null && peak !== last;
  return h(
    "span",
    { class: "trend-words" },
    h("b", {}, formatAmount(last, unit)),
    ` ${paceText(trend)}`,
    hasFallen &&
      h("span", { class: "muted" }, t("trend.peak", { value: formatAmount(peak, unit) })),
  );
}

/** @param {Trend} trend */
function paceText({ per_hour: pace, last, unit }) {
  if (pace === null) return "";
  if (Math.abs(pace) <= Math.abs(last) * STILL) return t("trend.still");
  const amount = formatAmount(Number(Math.abs(pace).toPrecision(2)), unit);
  return t(pace > 0 ? "trend.rising" : "trend.falling", { value: amount });
}

/** @param {Trend} trend */
function sparkline(trend) {
  const { points, levels } = trend;
  const values = points.map((point) => point.value);
  const least = Math.min(...values);
  const most = Math.max(...values);
  const reach = (most - least || Math.abs(most) || 1) * 0.6;
  const limits = levels.filter(
    ({ raise_at: limit }) => limit >= least - reach && limit <= most + reach,
  );
  const heights = [...values, ...limits.map((limit) => limit.raise_at)];
  const low = Math.min(...heights);
  const high = Math.max(...heights);
  const begin = new Date(points[0].at).getTime();
  const end = new Date(points[points.length - 1].at).getTime();
  /** @param {string} at */
  const x = (at) =>
    EDGE + ((new Date(at).getTime() - begin) / (end - begin || 1)) * (WIDTH - 2 * EDGE);
  /** @param {number} value */
  const y = (value) => HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
  const path = points.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`);
  const newest = points[points.length - 1];
  return svg(
    "svg",
    {
      class: "sparkline",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": label(trend),
    },
    limits.map(({ level, raise_at: limit }) =>
      svg("line", { class: `rung ${level}`, x1: 0, x2: WIDTH, y1: y(limit), y2: y(limit) }),
    ),
    svg("polyline", { class: "line", points: path.join(" ") }),
    svg("circle", { class: "dot", cx: x(newest.at), cy: y(newest.value), r: 3 }),
  );
}

/** @param {Trend} trend */
function label(trend) {
  const limits = trend.levels.map(
    (limit) => `${t(`level.${limit.level}`)} ${formatAmount(limit.raise_at, trend.unit)}`,
  );
  return [trend.name, formatAmount(trend.last, trend.unit), paceText(trend), ...limits]
    .filter(Boolean)
    .join(" ");
}
