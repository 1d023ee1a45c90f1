// The readings of a sensor over time with the levels of its rules and its alarms: as a drawing, in
// words, and as a table for readers without the drawing.

import { get, problemOf } from "../lib/api.js";
import { button, headCell, levelBadge } from "../lib/components.js";
import { fill, h, svg, text } from "../lib/dom.js";
import { formatAmount, formatTime, nameOf, t } from "../lib/i18n.js";
import { alarmStateKey, hasEnded } from "./alarm_table.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { Alarm, ReadingsAnswer } from "../types/alerts.d.ts" */

const HOURS = [1, 6, 24, 72, 168, 720];
const LONGEST_IN_HOURS = 72;
const WIDE = { width: 720, height: 260 };
const NARROW = { width: 340, height: 220 };
const NARROW_PX = 560;
const MARGIN = { leading: 56, trailing: 12, top: 14, bottom: 26 };
const ROW_LIMIT = 60;

/**
 * Make a chart that loads itself; the officer chooses how many hours it covers.
 * @param {string} sensorId
 * @param {string | null} name
 * @param {string} status
 * @param {string | null} [until] the end of the time that is drawn; null for now
 */
export function sensorChart(sensorId, name, status, until = null) {
  const title = h("strong", {}, name);
  const body = h("div", { class: "chart-body" }, h("p", { class: "muted" }, t("loading")));
  let hours = until ? 72 : 6;

  /** @param {number} count */
  const spanButton = (count) =>
    button(
      count > LONGEST_IN_HOURS
        ? t("chart.days", { n: count / 24 })
        : t("chart.hours", { n: count }),
      () => {
        hours = count;
        markSpan();
        draw();
      },
      { "data-hours": count },
    );
  const buttons = HOURS.map(spanButton);
  const spans = h(
    "div",
    { class: "switch", role: "group", "aria-label": t("chart.span") },
    buttons,
  );

  function markSpan() {
    for (const node of buttons)
      node.setAttribute("aria-pressed", String(Number(node.dataset.hours) === hours));
  }

  async function draw() {
    const requested = hours;
    const path = /** @type {const} */ (`/api/sensors/${encodeURIComponent(sensorId)}/readings`);
    let content;
    try {
      const readings = await get(path, { status, hours: requested, until });
      fill(title, `${readings.name} · ${readings.place_name}`);
      content = chartContent(readings);
    } catch (error) {
      content = h("p", { class: "problem", role: "alert" }, problemOf(error).text);
    }
    if (requested === hours) fill(body, content);
  }

  markSpan();
  draw();
  return h("figure", { class: "chart" }, h("figcaption", {}, title, spans), body);
}

/**
 * @param {ReadingsAnswer} readings
 * @returns {Child}
 */
function chartContent(readings) {
  const { since, begin_at: begin, points } = readings;
  const startNote =
    since > begin && h("p", { class: "warn" }, t("chart.since", { time: formatTime(since) }));
  if (!points.length)
    return [h("p", { class: "empty" }, t("chart.none")), startNote, tables(readings)];
  return [
    drawing(readings),
    startNote,
    h("p", { class: "faint" }, summary(readings)),
    tables(readings),
  ];
}

/** @param {ReadingsAnswer} readings */
const datumText = ({ datum }) => (datum ? `（${datum}）` : "");

/** @param {ReadingsAnswer} readings */
const unitText = (readings) =>
  `${t(`measure.${readings.unit}`, { n: "" }, readings.unit).trim()}${datumText(readings)}`;

/** @param {number} value */
const formatNumber = (value) => String(Number(value.toPrecision(7)));

/** @param {ReadingsAnswer} readings */
const valuesOf = (readings) => readings.points.map((point) => point.value);

/** @param {ReadingsAnswer} readings */
function summary(readings) {
  const values = valuesOf(readings);
  return t("chart.summary", {
    n: readings.readings,
    least: formatNumber(Math.min(...values)),
    most: formatNumber(Math.max(...values)),
    last: formatNumber(values[values.length - 1]),
    unit: unitText(readings),
  });
}

/** @param {ReadingsAnswer} readings */
function drawing(readings) {
  const { width, height } = innerWidth < NARROW_PX ? NARROW : WIDE;
  const right = width - MARGIN.trailing;
  const bottom = height - MARGIN.bottom;
  const begin = new Date(readings.begin_at).getTime();
  const end = new Date(readings.end_at).getTime();
  const heights = [...valuesOf(readings), ...visibleLimits(readings)];
  const [low, high] = padRange(Math.min(...heights), Math.max(...heights));

  /** @param {string} iso */
  const x = (iso) =>
    MARGIN.leading + ((new Date(iso).getTime() - begin) / (end - begin)) * (right - MARGIN.leading);
  /** @param {number} value */
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top);
  /**
   * @param {string} kind
   * @param {number} value
   */
  const horizontal = (kind, value) =>
    svg("line", { class: kind, x1: MARGIN.leading, x2: right, y1: y(value), y2: y(value) });

  const gridLines = ticks(low, high).map((value) => [
    horizontal("grid", value),
    svg(
      "text",
      { class: "tick", x: MARGIN.leading - 6, y: y(value) + 4, "text-anchor": "end" },
      formatNumber(value),
    ),
  ]);
  const timeTicks = ["start", "middle", "end"].map((anchor, index) => {
    const share = index / 2;
    const position = MARGIN.leading + share * (right - MARGIN.leading);
    const label = formatTime(begin + share * (end - begin)).slice(0, -3);
    const properties = { class: "tick", x: position, y: height - 7, "text-anchor": anchor };
    return svg("text", properties, label);
  });
  const alarmBars = readings.alarms.map((alarm) => {
    const start = Math.max(MARGIN.leading, x(alarm.started_at));
    // An ended alarm ends at its last change, any other at the right edge.
    const finish = x(hasEnded(alarm) ? alarm.occurred_at : readings.end_at);
    return svg("rect", {
      class: `alarm ${alarm.level}`,
      x: start,
      y: MARGIN.top,
      width: Math.max(3, finish - start),
      height: bottom - MARGIN.top,
    });
  });
  const limits = readings.levels
    .filter((rule) => rule.raise_at >= low && rule.raise_at <= high)
    .map((rule) => {
      const label = `${t(`level.${rule.level}`)} ${formatNumber(rule.raise_at)}`;
      const position = { x: right - 4, y: y(rule.raise_at) - 4, "text-anchor": "end" };
      return [
        horizontal(`rung ${rule.level}`, rule.raise_at),
        svg("text", { class: `rung-name ${rule.level}`, ...position }, label),
      ];
    });
  const { points } = readings;
  const path = points.map((point) => `${x(point.at).toFixed(1)},${y(point.value).toFixed(1)}`);
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${readings.name}：${summary(readings)}`,
    },
    gridLines,
    timeTicks,
    alarmBars,
    limits,
    svg("polyline", { class: "line", points: path.join(" ") }),
    points.length < ROW_LIMIT &&
      points.map((point) =>
        svg("circle", { class: "dot", cx: x(point.at), cy: y(point.value), r: 2.5 }),
      ),
  );
}

/**
 * Return the limits worth drawing: those within the range of the values, and the next on either
 * side.
 * @param {ReadingsAnswer} readings
 */
function visibleLimits(readings) {
  const values = valuesOf(readings);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const limits = readings.levels.map((rule) => rule.raise_at).sort((a, b) => a - b);
  const below = limits.findLast((limit) => limit < least);
  const above = limits.find((limit) => limit > most);
  const inside = limits.filter((limit) => limit >= least && limit <= most);
  return [...inside, below, above].filter((limit) => limit !== undefined);
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {[low: number, high: number]}
 */
function padRange(low, high) {
  const padding = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - padding, high + padding];
}

/**
 * Return three to six round numbers within the range.
 * @param {number} low
 * @param {number} high
 */
function ticks(low, high) {
  const roughStep = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(roughStep));
  const step = [1, 2, 5].map((factor) => factor * power).find((size) => size >= roughStep);
  const size = step ?? 10 * power;
  const values = [];
  for (let n = Math.ceil(low / size); n * size <= high; n += 1) values.push(n * size);
  return values;
}

/** @param {ReadingsAnswer} readings */
function tables(readings) {
  const levels = readings.levels.map((rule) => [
    levelBadge(rule.level),
    nameOf(rule),
    `${t(`chart.${rule.direction}`)} ${formatAmount(rule.raise_at, readings.unit)}`,
    rule.source,
  ]);
  /** @param {Alarm} alarm */
  const alarmCells = (alarm) => [
    levelBadge(alarm.level),
    formatTime(alarm.started_at),
    t(alarmStateKey(alarm)),
    alarm.evidence.note
      ? text(alarm.evidence.note)
      : formatAmount(alarm.evidence.value, alarm.evidence.unit),
  ];
  const points = readings.points
    .slice(-ROW_LIMIT)
    .reverse()
    .map(({ at, value }) => [
      formatTime(at),
      `${formatAmount(value, readings.unit)}${datumText(readings)}`,
    ]);
  return h(
    "details",
    {},
    h("summary", {}, t("chart.table")),
    h(
      "div",
      { class: "scroller", tabindex: 0, role: "region", "aria-label": t("chart.table") },
      levels.length
        ? table(
            t("chart.levels"),
            ["evidence.level", "chart.rule", "evidence.limit", "chart.source"],
            levels,
          )
        : h("p", { class: "empty" }, t("chart.levels.none")),
      readings.alarms.length > 0 &&
        table(
          t("chart.alarms"),
          ["evidence.level", "chart.began", "state", "evidence.value"],
          readings.alarms.map(alarmCells),
        ),
      points.length > 0 &&
        table(t("chart.points", { n: points.length }), ["evidence.at", "evidence.value"], points),
    ),
  );
}

/**
 * @param {string} caption
 * @param {string[]} columns
 * @param {Child[][]} rows
 */
function table(caption, columns, rows) {
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map((key) => headCell(t(key))),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((cells) =>
        h(
          "tr",
          {},
          cells.map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}
