// The supervision board: what is due soon, overdue, returned, escalated, by unit, as traffic lights with
// a shape and a word each, and the duties to report upward.

import { get } from "../lib/api.js";
import { fill, h, list } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import { drawSupervision } from "../overview/feed.js";
import { countWords, paged } from "../lib/paged_list.js";
import { act, chip, drillTag, level, openWords, panel } from "../lib/components.js";
import { part } from "../lib/load_status.js";
import { clockLights } from "../reports/report_clocks.js";

const DUTIES = 500;
const KINDS = ["escalated", "overdue", "reminded", "due_soon"];

/** Build the board; `ctx` = {me, status, ofHere} of the frame. */
export function supervisionBoard(ctx) {
  const state = { units: [], only: null };
  const lights = h("div", { id: "lights" });
  const items = h("ol", {
    class: "lines supervision tall",
    id: "supervision",
    tabindex: 0,
  });
  const tail = h("span");
  const owed = h("span");
  const reporting = h("div", { id: "reporting" });
  const fired = paged(
    "supervision",
    (one) => `${one.assignment_id}-${one.clock}`,
    () => loads.items(),
  );

  /** The firings of the chosen unit: of the viewer's own alone, of one below with all that lies below it. */
  const askItems = () => {
    const { only } = state;
    const own = only === ctx.me.unit;
    return ctx.ofHere(
      fired.read("/api/supervision", {
        status: ctx.status,
        unit: only,
        subtree: own ? 0 : null,
      }),
    );
  };
  const loads = {
    lights: part(
      lights,
      () => ctx.ofHere(get("/api/supervision/units", { status: ctx.status })),
      (found) => {
        state.units = found.units.filter(
          (one) => !one.department || weight(one),
        );
        drawLights();
      },
      1_500,
    ),
    items: part(
      items,
      askItems,
      (found) => {
        drawSupervision(items, found.supervision);
        fired.show(found);
        drawTail();
      },
      1_500,
    ),
    reporting: part(
      reporting,
      () =>
        ctx.ofHere(
          get("/api/reporting", { status: ctx.status, open: 1, limit: DUTIES }),
        ),
      drawReporting,
      1_500,
    ),
  };

  function drawLights() {
    const focused = lights.contains(document.activeElement)
      ? document.activeElement.dataset.focus
      : null;
    fill(lights, table([...state.units].sort((a, b) => weight(b) - weight(a))));
    if (focused)
      lights.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  function drawTail() {
    const name = state.units.find((one) => one.unit === state.only)?.name;
    fill(
      tail,
      fired.count,
      name && [
        " ",
        act(t("only.town", { town: name }), () => choose(state.only), {
          class: "plain",
        }),
      ],
    );
  }

  const late = (one) => one.escalated + one.overdue + one.reminded;
  const weight = (one) =>
    late(one) * 10_000 + one.returned * 100 + one.due_soon;
  const lightOf = (one) =>
    late(one) ? "red" : one.due_soon || one.returned ? "yellow" : "green";

  function table(rows) {
    const head = [
      "light",
      "unit",
      ...KINDS.map((one) => `kind.${one}`),
      "returned",
    ];
    const number = (n) => h("td", { class: `number ${n ? "" : "faint"}` }, n);
    return h(
      "div",
      { class: "scroller tall", tabindex: 0 },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((key) =>
              h(
                "th",
                {
                  scope: "col",
                  class: key === "light" || key === "unit" ? null : "number",
                },
                t(key),
              ),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((one) =>
            h(
              "tr",
              { class: state.only === one.unit ? "chosen" : null },
              h("td", {}, light(lightOf(one))),
              h(
                "td",
                {},
                act(one.name, () => choose(one.unit), {
                  class: "plain into",
                  "aria-pressed": String(state.only === one.unit),
                  "data-focus": one.unit,
                }),
              ),
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
    drawLights();
    drawTail();
    fired.restart();
    loads.items.anew();
  }

  function drawReporting(found) {
    const counts = ["overdue", "late", "missed", "due", "met"].filter(
      (name) => found.summary[name],
    );
    const rows = h("ol", { class: "lines", id: "report-duties" });
    list(
      rows,
      found.duties,
      (one) => one.duty_id,
      reportDuty,
      t("reporting.none"),
    );
    fill(
      owed,
      document.createTextNode(countWords(found.duties.length, found.total)),
    );
    fill(
      reporting,
      h(
        "p",
        { class: "row" },
        counts.map((name) =>
          chip(
            `${t(`duty.${name}`)} ${found.summary[name]}`,
            name === "due" || name === "met" ? "" : "bad",
          ),
        ),
      ),
      rows,
    );
  }

  return {
    node: h(
      "div",
      { class: "columns two even" },
      h("div", { class: "stack" }, panel("lights.title", lights)),
      h(
        "div",
        { class: "stack" },
        panel("supervision.title", [items, fired.more], tail),
        panel("reporting.title", reporting, owed),
      ),
    ),
    refresh: () => {
      for (const run of Object.values(loads)) run();
    },
    line: (line) => {
      if (["supervision", "assignments", "command"].includes(line.kind)) {
        loads.lights();
        loads.items();
      }
      if (["supervision", "alert", "report", "duty"].includes(line.kind))
        loads.reporting();
    },
  };
}

/** Red ■ late, yellow ▲ near, green ● fine: a shape and a word beside the colour. */
function light(name) {
  return h(
    "span",
    { class: `light ${name}` },
    h(
      "span",
      { "aria-hidden": "true" },
      { red: "■", yellow: "▲", green: "●" }[name],
    ),
    ` ${t(`light.${name}`)}`,
  );
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
      h(
        "a",
        { href: `#reports/${one.incident_id}` },
        openWords(one, one.title),
      ),
      h("br"),
      clockLights(one.clocks),
    ),
    h("time", {}, when(one.started_at)),
  );
}
