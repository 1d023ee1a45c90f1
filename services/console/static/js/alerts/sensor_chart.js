// A sensor's readings over time with the levels of its rules and its alarms: drawn as SVG, told in words,
// and as a table for whoever reads rather than looks.

import { get } from "../lib/api.js";
import { fill, h, s } from "../lib/dom.js";
import { amount, current, t, when } from "../lib/i18n.js";
import { act, level } from "../lib/components.js";

const HOURS = [1, 6, 24, 72];
const WIDE = { width: 720, height: 260 };
const NARROW = { width: 340, height: 220 };
const NARROW_PX = 560;
const EDGE = { left: 56, right: 12, top: 14, bottom: 26 };
const ROWS = 60;

/** A chart that loads itself; the person chooses how far back it looks. */
export function sensorChart(sensorId, name, status) {
  const body = h(
    "div",
    { class: "chart-body" },
    h("p", { class: "muted" }, t("loading")),
  );
  let hours = 6;
  const span = (n) =>
    act(
      t("chart.hours", { n }),
      () => {
        hours = n;
        choose();
        draw();
      },
      { "data-hours": n },
    );
  const spans = h(
    "div",
    { class: "switch", role: "group", "aria-label": t("chart.span") },
    HOURS.map(span),
  );
  const choose = () =>
    spans
      .querySelectorAll("button")
      .forEach((one) =>
        one.setAttribute(
          "aria-pressed",
          String(Number(one.dataset.hours) === hours),
        ),
      );
  async function draw() {
    const wanted = hours;
    let found;
    try {
      found = await get(
        `/api/sensors/${encodeURIComponent(sensorId)}/readings`,
        { status, hours: wanted },
      );
    } catch (problem) {
      if (wanted === hours)
        fill(body, h("p", { class: "problem", role: "alert" }, problem.words));
      return;
    }
    if (wanted === hours) fill(body, content(found));
  }
  choose();
  draw();
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("strong", {}, name), spans),
    body,
  );
}

function content(found) {
  const late =
    found.since > found.begin_at &&
    h("p", { class: "warn" }, t("chart.since", { time: when(found.since) }));
  if (!found.points.length)
    return [h("p", { class: "empty" }, t("chart.none")), late, tables(found)];
  return [
    picture(found),
    late,
    h("p", { class: "faint" }, summary(found)),
    tables(found),
  ];
}

const ruleName = (one) => (current() === "en" ? one.name_en : one.name_zh);
const measure = (found) =>
  `${t(`measure.${found.unit}`, { n: "" }, found.unit).trim()}${found.datum ? `（${found.datum}）` : ""}`;
const number = (value) => String(Number(value.toPrecision(7)));

function summary(found) {
  const values = found.points.map((one) => one.value);
  const facts = {
    n: found.readings,
    least: number(Math.min(...values)),
    most: number(Math.max(...values)),
    last: number(values.at(-1)),
    unit: measure(found),
  };
  return t("chart.summary", facts);
}

function picture(found) {
  const { width, height } = innerWidth < NARROW_PX ? NARROW : WIDE;
  const right = width - EDGE.right;
  const [from, to] = [found.begin_at, found.end_at].map((one) =>
    new Date(one).getTime(),
  );
  const heights = [...found.points.map((one) => one.value), ...near(found)];
  const [low, high] = padded(Math.min(...heights), Math.max(...heights));
  const x = (iso) =>
    EDGE.left +
    ((new Date(iso).getTime() - from) / (to - from)) * (right - EDGE.left);
  const y = (value) =>
    height -
    EDGE.bottom -
    ((value - low) / (high - low)) * (height - EDGE.top - EDGE.bottom);
  const inside = (value) => value >= low && value <= high;
  return s(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${found.name}：${summary(found)}`,
    },
    ticks(low, high).map((value) => [
      s("line", {
        class: "grid",
        x1: EDGE.left,
        x2: right,
        y1: y(value),
        y2: y(value),
      }),
      s(
        "text",
        {
          class: "tick",
          x: EDGE.left - 6,
          y: y(value) + 4,
          "text-anchor": "end",
        },
        number(value),
      ),
    ]),
    [0, 0.5, 1].map((part) =>
      s(
        "text",
        {
          class: "tick",
          x: EDGE.left + part * (right - EDGE.left),
          y: height - 7,
          "text-anchor": ["start", "middle", "end"][part * 2],
        },
        when(from + part * (to - from)).slice(0, -3),
      ),
    ),
    found.alarms.map((one) =>
      s("rect", {
        class: `alarm ${one.level}`,
        x: Math.max(EDGE.left, x(one.started_at)),
        y: EDGE.top,
        width: Math.max(
          3,
          until(one, x, found) - Math.max(EDGE.left, x(one.started_at)),
        ),
        height: height - EDGE.top - EDGE.bottom,
      }),
    ),
    found.levels
      .filter((one) => inside(one.raise_at))
      .map((one) => [
        s("line", {
          class: `rung ${one.level}`,
          x1: EDGE.left,
          x2: right,
          y1: y(one.raise_at),
          y2: y(one.raise_at),
        }),
        s(
          "text",
          {
            class: `rung-name ${one.level}`,
            x: right - 4,
            y: y(one.raise_at) - 4,
            "text-anchor": "end",
          },
          `${t(`level.${one.level}`)} ${number(one.raise_at)}`,
        ),
      ]),
    s("polyline", {
      class: "line",
      points: found.points
        .map((one) => `${x(one.at).toFixed(1)},${y(one.value).toFixed(1)}`)
        .join(" "),
    }),
    found.points.length < ROWS &&
      found.points.map((one) =>
        s("circle", { class: "dot", cx: x(one.at), cy: y(one.value), r: 2.5 }),
      ),
  );
}

/** An alarm that is over ends where it changed last, one that is on at the right edge. */
const until = (one, x, found) =>
  one.transition === "cleared" || one.withdrawn
    ? x(one.occurred_at)
    : x(found.end_at);

/** Levels that are worth seeing: the values' own range, and the next limit on either side. */
function near(found) {
  const values = found.points.map((one) => one.value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const limits = found.levels
    .map((one) => one.raise_at)
    .sort((one, other) => one - other);
  const inside = limits.filter((one) => one >= least && one <= most);
  return [
    ...inside,
    limits.findLast((one) => one < least),
    limits.find((one) => one > most),
  ].filter((one) => one !== undefined);
}

function padded(low, high) {
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - room, high + room];
}

/** Three to six round numbers within the range. */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10]
    .map((one) => one * power)
    .find((one) => one >= rough);
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1)
    found.push(n * step);
  return found;
}

function tables(found) {
  const table = (caption, head, rows) =>
    h(
      "table",
      {},
      h("caption", {}, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((words) => h("th", { scope: "col" }, words)),
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
  const levels = found.levels.map((one) => [
    level(one.level),
    ruleName(one),
    `${t(`chart.${one.direction}`)} ${amount(one.raise_at, found.unit)}`,
    one.source,
  ]);
  const alarms = found.alarms.map((one) => [
    level(one.level),
    `${when(one.started_at)}`,
    t(one.withdrawn ? "alarm.withdrawn" : `alarm.${one.transition}`),
    amount(one.evidence.value, one.evidence.unit),
  ]);
  const points = found.points
    .slice(-ROWS)
    .reverse()
    .map((one) => [
      when(one.at),
      `${amount(one.value, found.unit)}${found.datum ? `（${found.datum}）` : ""}`,
    ]);
  return h(
    "details",
    {},
    h("summary", {}, t("chart.table")),
    h(
      "div",
      {
        class: "scroller",
        tabindex: 0,
        role: "region",
        "aria-label": t("chart.table"),
      },
      levels.length
        ? table(
            t("chart.levels"),
            [
              t("evidence.level"),
              t("chart.rule"),
              t("evidence.limit"),
              t("chart.source"),
            ],
            levels,
          )
        : h("p", { class: "empty" }, t("chart.levels.none")),
      alarms.length > 0 &&
        table(
          t("chart.alarms"),
          [
            t("evidence.level"),
            t("chart.began"),
            t("state"),
            t("evidence.value"),
          ],
          alarms,
        ),
      points.length > 0 &&
        table(
          t("chart.points", { n: points.length }),
          [t("evidence.at"), t("evidence.value")],
          points,
        ),
    ),
  );
}
