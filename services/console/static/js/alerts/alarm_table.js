// Why: what was measured against the limit, what a score is made of.

import { h, s, text } from "../lib/dom.js";
import { amount, lasting, t, when } from "../lib/i18n.js";
import { act, chip, level } from "../lib/components.js";

const PARTS = ["level", "excess", "lasting"];
/** Kinds whose number says nothing to people: how many conditions hold, what sources weigh. */
const SEVERAL = new Set(["composite", "corroboration"]);
const OVER = new Set(["cleared", "withdrawn"]);

/** A table of alarms; `more(alarm)` gives what stands in a last column. */
export function alarmTable(alarms, empty, more = null) {
  if (!alarms.length) return h("p", { class: "empty" }, empty);
  const head = [
    "evidence.sensor",
    "evidence.value",
    "evidence.score",
    "evidence.level",
    "evidence.at",
    more && "acts",
  ];
  return h(
    "div",
    { class: "scroller", tabindex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.filter(Boolean).map((key) => h("th", { scope: "col" }, t(key))),
        ),
      ),
      h(
        "tbody",
        {},
        alarms.map((one) => row(one, more)),
      ),
    ),
  );
}

function row(one, more) {
  const state = one.withdrawn ? "withdrawn" : one.transition;
  const over = OVER.has(state);
  return h(
    "tr",
    { class: over ? "ended" : null },
    h(
      "td",
      {},
      text(one.sensor_name ?? t("evidence.rule")),
      h("br"),
      h("span", { class: "faint" }, one.place_name),
    ),
    h("td", {}, measured(one)),
    h("td", {}, scoreParts(one)),
    h(
      "td",
      {},
      over ? chip(t(`alarm.${state}`)) : level(one.level),
      " ",
      over
        ? h(
            "span",
            { class: "faint" },
            t("alarm.was", { level: t(`level.${one.level}`) }),
          )
        : t(`alarm.${state}`),
      one.retrospective && [" ", chip(t("alarm.retrospective"))],
      one.kind !== "threshold" &&
        !SEVERAL.has(one.kind) && [
          " ",
          chip(t(`kind.${one.kind}`, {}, one.kind)),
        ],
    ),
    h("td", {}, when(one.occurred_at)),
    more && h("td", {}, more(one)),
  );
}

/** Value and limit as words, and as a bar whose line is the limit. */
function measured(one) {
  const { metric, value, limit, unit, datum, note } = one.evidence;
  if (note) return text(note);
  if (SEVERAL.has(one.kind))
    return h("span", { class: "faint" }, t(`kind.${one.kind}`));
  if (unit === "s") {
    return [
      h("span", {}, t("evidence.silent", { span: lasting(value) })),
      h("br"),
      h(
        "span",
        { class: "faint" },
        t("evidence.silent.limit", { span: lasting(limit) }),
      ),
    ];
  }
  const above = datum ? `（${datum}）` : "";
  return [
    h(
      "span",
      {},
      `${t(`metric.${metric}`, {}, "")} ${amount(value, unit)}${above}`.trim(),
    ),
    h("br"),
    h(
      "span",
      { class: "faint" },
      `${t("evidence.limit")} ${amount(limit, unit)}${above}`,
    ),
    limitBar(value, limit),
  ];
}

/** The scale runs so that the limit stands at two thirds; levels in metres differ by centimetres. */
function limitBar(value, limit) {
  const near = Math.max(
    Math.abs(value - limit) * 2,
    Math.abs(limit) * 0.01,
    1e-9,
  );
  const at = (x) =>
    Math.min(100, Math.max(2, (200 / 3) * (1 + (x - limit) / near / 2)));
  return s(
    "svg",
    {
      class: "limit-bar",
      viewBox: "0 0 100 8",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    s("rect", {
      class: value >= limit ? "over" : "under",
      x: 0,
      y: 2,
      height: 4,
      width: at(value),
    }),
    s("rect", {
      class: "limit",
      x: at(limit) - 0.5,
      y: 0,
      height: 8,
      width: 1,
    }),
  );
}

/** 72 = level 54 + excess 12 + lasting 6. */
export function scoreParts(one) {
  const parts = one.parts
    ? PARTS.filter((name) => one.parts[name]).map(
        (name) => `${t(`part.${name}`)} ${one.parts[name]}`,
      )
    : [];
  return [
    h("strong", {}, one.score),
    parts.length > 0 && [
      h("br"),
      h("span", { class: "faint" }, parts.join(" + ")),
    ],
  ];
}

export const silenceButton = (one, make) =>
  act(t("silence.make"), () => make(one), {
    class: "plain",
    "data-focus": `${one.alarm_id}-silence`,
  });
