// Reports upward: who owes what until when; and of one incident who told whom what, with what changed since
// the report before. `#reports/INCIDENT` is its address.

import { get } from "../lib/api.js";
import { fill, h, list, text } from "../lib/dom.js";
import { select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import {
  act,
  chip,
  drillTag,
  isDrill,
  level,
  openWords,
  panel,
} from "../lib/components.js";
import { countWords } from "../lib/paged_list.js";
import { part } from "../lib/load_status.js";
import { factWords, writeReport } from "../reports/report_form.js";
import { clockLights } from "../reports/report_clocks.js";

const MOST = 500;
const STATES = ["overdue", "late", "missed", "due", "met"];
const GRAVE = new Set(["overdue", "late", "missed"]);

/** Build the board; `ctx` = {me, status, item, ofHere} of the frame; `item` = the incident looked into. */
export function reportsBoard(ctx) {
  const state = { chosen: ctx.item, duties: [] };
  const owed = h("ul", { class: "cards limited", id: "report-duties" });
  const sums = h("p", { class: "row", id: "report-sums" });
  const count = h("span");
  const incident = h("div", { id: "incident", class: "stack" });
  const only = select(t("reports.show"), "show", [
    ["1", t("reports.open")],
    ["", t("reports.all")],
  ]);
  only.addEventListener("change", () => {
    fill(sums);
    loads.duties.anew();
  });

  const loads = {
    duties: part(owed, askDuties, (found) => {
      state.duties = found.duties;
      const counts = STATES.filter((name) => found.summary[name]);
      fill(
        count,
        document.createTextNode(countWords(found.duties.length, found.total)),
      );
      fill(
        sums,
        counts.length
          ? counts.map((name) =>
              chip(
                `${t(`duty.${name}`)} ${found.summary[name]}`,
                GRAVE.has(name) ? "bad" : "",
              ),
            )
          : [],
      );
      draw();
    }),
    incident: part(incident, askIncident, drawIncident),
  };

  function askDuties() {
    return ctx.ofHere(
      get("/api/reporting", {
        status: ctx.status,
        open: only.querySelector("select").value,
        limit: MOST,
      }),
    );
  }

  /** The reports of the chosen incident; `none` = which words say that there are none. */
  async function askIncident() {
    const { chosen } = state;
    if (!chosen)
      return { none: h("p", { class: "empty" }, t("reports.choose")) };
    try {
      const found = await ctx.ofHere(
        get(`/api/incidents/${encodeURIComponent(chosen)}/reports`, {
          status: ctx.status,
        }),
      );
      return chosen === state.chosen ? found : null;
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      return chosen === state.chosen
        ? {
            none: h(
              "p",
              { class: "problem", role: "alert" },
              t("reports.unknown"),
            ),
          }
        : null;
    }
  }

  function refresh() {
    for (const run of Object.values(loads)) run();
  }

  const later = () => setTimeout(refresh, 1_000); // it has been read and judged by then, mostly

  function draw() {
    list(
      owed,
      state.duties.map((one) => ({
        ...one,
        chosen: one.incident_id === state.chosen,
      })),
      (one) => one.duty_id,
      duty,
      t("reporting.none"),
    );
  }

  function duty(one) {
    return h(
      "li",
      {
        class: `card ${one.level} ${isDrill(one) ? "drill" : ""} ${one.chosen ? "chosen" : ""}`,
      },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        level(one.level),
        chip(t(`duty.${one.state}`)),
        one.skip_level && chip(t("duty.skip_level")),
        h("span", { class: "tail" }, when(one.started_at)),
      ),
      h(
        "h3",
        {},
        h(
          "a",
          {
            href: `#reports/${one.incident_id}`,
            "aria-current": one.chosen ? "true" : null,
            "data-focus": one.duty_id,
          },
          openWords(one, one.title),
        ),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", {}, `${one.unit_name} → ${one.to_name}`),
        h("span", {}, one.place_name),
      ),
      clockLights(one.clocks),
    );
  }

  function drawIncident(found) {
    if (found.none) {
      fill(incident, found.none);
      return;
    }
    const focused = incident.contains(document.activeElement)
      ? document.activeElement.dataset.focus
      : null;
    const known = found.chains.flatMap((one) => one.duties)[0];
    fill(
      incident,
      h(
        "div",
        { class: "row" },
        drillTag(found),
        known && [
          level(known.level),
          h("strong", {}, openWords(known, known.title)),
          h("span", { class: "muted" }, known.place_name),
        ],
        h("span", { class: "tail faint" }, found.incident_id),
      ),
      found.may_start &&
        h(
          "div",
          { class: "acts" },
          act(
            t("reports.start", { unit: found.may_start.to_name }),
            () =>
              write(
                { ...found.may_start, duties: [], reports: [], next_number: 1 },
                found,
              ),
            { class: "primary", "data-focus": "start" },
          ),
        ),
      found.chains.map((chain) => chainPart(chain, found)),
      !found.chains.length && h("p", { class: "empty" }, t("reports.none")),
    );
    if (focused)
      incident.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  const write = (chain, found) =>
    writeReport({
      chain,
      incident: found.incident_id,
      status: found.status,
      done: later,
    });

  function chainPart(chain, found) {
    const from = chain.from_name ?? t("reports.public");
    const to = chain.to_name ?? t("reports.responsible");
    return h(
      "section",
      { class: "chain", "aria-label": `${from} → ${to}` },
      h(
        "div",
        { class: "row" },
        h("h3", {}, `${from} → ${to}`),
        chain.duties.map((one) => [
          chip(t(`duty.${one.state}`)),
          clockLights(one.clocks),
        ]),
      ),
      chain.may.length > 0 &&
        h(
          "div",
          { class: "acts" },
          act(
            t(
              chain.may.includes("written")
                ? "reports.write"
                : "reports.take.call",
            ),
            () => write(chain, found),
            {
              class: "primary",
              "data-focus": `write-${chain.from_unit}-${chain.to_unit}`,
            },
          ),
        ),
      chain.reports.length
        ? h("ol", { class: "reports" }, chain.reports.map(report))
        : h("p", { class: "empty" }, t("reports.none")),
    );
  }

  return {
    node: h(
      "div",
      { class: "columns case-columns" },
      h(
        "div",
        { class: "stack" },
        panel(
          "reporting.title",
          h(
            "div",
            { class: "stack" },
            h("div", { class: "search" }, only),
            sums,
            owed,
          ),
          count,
        ),
      ),
      h("div", { class: "stack" }, panel("reports.incident", incident)),
    ),
    refresh,
    go: (item) => {
      state.chosen = item;
      draw();
      loads.incident.anew();
    },
    line: (line) => {
      if (["supervision", "alert", "report", "duty"].includes(line.kind))
        refresh();
    },
  };
}

/** What was said, and beside it what of it is new. */
function report(one) {
  return h(
    "li",
    { class: "report" },
    h(
      "div",
      { class: "row" },
      h(
        "strong",
        {},
        one.kind === "follow_up"
          ? t("report.follow_up.n", { n: one.number })
          : t(`report.${one.kind}`),
      ),
      one.means && chip(t(`means.${one.means}`)),
      one.late === true && chip(t("duty.late"), "bad"),
      one.late === false && chip(t("duty.met")),
      one.mark && chip(t(`report.${one.mark}`), "bad"),
      one.restricted && chip(t("report.restricted"), "bad"),
      h("span", { class: "tail" }, when(one.sent_at)),
    ),
    h("p", {}, text(one.headline)),
    one.text && text(one.text, "p"),
    one.changes.length > 0 &&
      h(
        "ul",
        { class: "changes", "aria-label": t("report.changed") },
        one.changes.map(change),
      ),
  );
}

function change(one) {
  const arrow = { up: "▲", down: "▼" }[one.direction];
  return h(
    "li",
    { class: one.direction },
    h("span", { class: "muted" }, `${t(`facts.${one.field}`)} `),
    one.before !== null && [
      h("s", {}, factWords(one.field, one.before)),
      " → ",
    ],
    h("strong", {}, factWords(one.field, one.after)),
    arrow && h("span", {}, ` ${arrow} ${t(`change.${one.direction}`)}`),
  );
}
