// The supervision board: what is due soon, overdue, returned, escalated, by unit, as traffic lights with
// a shape and a word each, and the duties to report upward.

import { get } from "../api.js";
import { fill, h, list } from "../dom.js";
import { t, when } from "../i18n.js";
import { drawSupervision } from "../lists.js";
import { throttle } from "../live.js";
import { act, chip, countWords, drillTag, level, openWords, panel } from "../parts.js";
import { clockLights } from "../report_clocks.js";

const MOST = 500;
const DIGITS = { city: 6, district: 9, town: 12 };
const KINDS = ["escalated", "overdue", "reminded", "due_soon"];

/** Build the board; `ctx` = {me, status, quietly} of the frame. */
export function supervisionBoard(ctx) {
  const state = { items: null, returned: [], units: null, only: null };
  const lights = h("div", { id: "lights" });
  const items = h("ol", { class: "lines supervision tall", id: "supervision", tabindex: 0 });
  const tail = h("span");
  const reporting = h("div", { id: "reporting" });

  const loads = {
    units: throttle(async () => {
      const found = await ctx.quietly(get("/api/units"));
      if (!found) return;
      state.units = found.below.filter((one) => !one.department);
      draw();
    }, 60_000),
    items: throttle(async () => {
      const query = { status: ctx.status, limit: MOST };
      const [fired, returned] = await Promise.all([
        ctx.quietly(get("/api/supervision", query)),
        ctx.quietly(get("/api/assignments", { ...query, state: "returned", subtree: 1 })),
      ]);
      if (!fired || !returned) return;
      Object.assign(state, { items: fired.supervision, returned: returned.assignments });
      draw();
    }, 1_500),
    reporting: throttle(async () => {
      const found = await ctx.quietly(get("/api/reporting", { status: ctx.status, open: 1 }));
      if (found) drawReporting(found);
    }, 1_500),
  };

  /** The unit one tier below the viewer's under which `unit` lies; the viewer's own for itself. */
  function groupOf(unit) {
    const digits = DIGITS[ctx.me.tier];
    if (!digits) return unit;
    return state.units.find((one) => one.unit.slice(0, digits) === unit.slice(0, digits))?.unit ?? ctx.me.unit;
  }

  function draw() {
    if (!state.items || !state.units) return;
    const rows = new Map([{ unit: ctx.me.unit, name: ctx.me.unit_name }, ...state.units].map((one) => [one.unit, { ...one, returned: 0, escalated: 0, overdue: 0, reminded: 0, due_soon: 0 }]));
    for (const one of state.items) rows.get(groupOf(one.unit))[one.kind] += 1;
    for (const one of state.returned) rows.get(groupOf(one.unit)).returned += 1;
    fill(lights, table([...rows.values()].sort((a, b) => weight(b) - weight(a))));
    const shown = state.only ? state.items.filter((one) => groupOf(one.unit) === state.only) : state.items;
    drawSupervision(items, shown);
    const name = rows.get(state.only)?.name;
    fill(tail, name ? act(t("only.town", { town: name }), () => choose(null), { class: "plain" }) : document.createTextNode(countWords(shown.length, MOST)));
  }

  const late = (one) => one.escalated + one.overdue + one.reminded;
  const weight = (one) => late(one) * 10_000 + one.returned * 100 + one.due_soon;
  const lightOf = (one) => (late(one) ? "red" : one.due_soon || one.returned ? "yellow" : "green");

  function table(rows) {
    const head = ["light", "unit", ...KINDS.map((one) => `kind.${one}`), "returned"];
    const number = (n) => h("td", { class: `number ${n ? "" : "faint"}` }, n);
    return h(
      "div",
      { class: "scroller tall", tabindex: 0 },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col", class: key === "light" || key === "unit" ? null : "number" }, t(key))))),
        h(
          "tbody",
          {},
          rows.map((one) =>
            h(
              "tr",
              { class: state.only === one.unit ? "chosen" : null },
              h("td", {}, light(lightOf(one))),
              h("td", {}, act(one.name, () => choose(one.unit), { class: "plain into", "aria-pressed": String(state.only === one.unit), "data-focus": one.unit })),
              KINDS.map((kind) => number(one[kind])),
              number(one.returned),
            ),
          ),
        ),
      ),
    );
  }

  function choose(unit) {
    state.only = state.only === unit ? null : unit;
    draw();
  }

  function drawReporting(found) {
    const counts = ["overdue", "late", "missed", "due", "met"].filter((name) => found.summary[name]);
    const rows = h("ol", { class: "lines", id: "report-duties" });
    list(rows, found.duties, (one) => one.duty_id, reportDuty, t("reporting.none"));
    fill(reporting, h("p", { class: "row" }, counts.map((name) => chip(`${t(`duty.${name}`)} ${found.summary[name]}`, name === "due" || name === "met" ? "" : "bad"))), rows);
  }

  return {
    node: h(
      "div",
      { class: "columns two even" },
      h("div", { class: "stack" }, panel("lights.title", lights)),
      h("div", { class: "stack" }, panel("supervision.title", items, tail), panel("reporting.title", reporting)),
    ),
    refresh: () => {
      for (const run of Object.values(loads)) run();
    },
    line: (line) => {
      if (["supervision", "assignments", "command"].includes(line.kind)) loads.items();
      if (["supervision", "alert", "report", "duty"].includes(line.kind)) loads.reporting();
    },
  };
}

/** Red ■ late, yellow ▲ near, green ● fine: a shape and a word beside the colour. */
function light(name) {
  return h("span", { class: `light ${name}` }, h("span", { "aria-hidden": "true" }, { red: "■", yellow: "▲", green: "●" }[name]), ` ${t(`light.${name}`)}`);
}

function reportDuty(one) {
  return h(
    "li",
    {},
    h("span", {}, level(one.level)),
    h(
      "span",
      { class: "what" },
      drillTag(one),
      `${one.unit_name} → ${one.to_name} `,
      h("span", { class: "muted" }, t(`duty.${one.state}`)),
      h("br"),
      h("a", { href: `#reports/${one.incident_id}` }, openWords(one, one.title)),
      h("br"),
      clockLights(one.clocks),
    ),
    h("time", {}, when(one.started_at)),
  );
}
