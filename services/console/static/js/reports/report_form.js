// The form for a report upward: first, follow-up or final; in writing or as the note of a call. The
// known value stands beside each field: a follow-up contains only changes, and shows them before it
// is sent.

import { post } from "../lib/api.js";
import { optionsOf } from "../lib/components.js";
import { confirmAction, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import {
  choices,
  isChecked,
  momentInput,
  momentOf,
  select,
  selectOf,
  textField,
  textOf,
  valueOf,
} from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { FactValue, ReportChain, ReportFacts } from "../types/reports.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const KINDS = ["initial", "follow_up", "final", "supplement"];
const COUNT_FIELDS = ["dead", "injured", "missing", "trapped", "evacuated", "property_loss_cny"];
const MOMENT_FIELDS = ["event_at", "received_at"];
const LINE_FIELDS = ["place_text", "nature", "scope", "leaders"];
const TEXT_FIELDS = ["measures", "advice"];
const FACT_FIELDS = [...COUNT_FIELDS, "trend", ...LINE_FIELDS, ...MOMENT_FIELDS, ...TEXT_FIELDS];
const TRENDS = ["rising", "steady", "falling", "over"];
const COUNT_LIMIT = 10_000_000;
const PROPERTY_LOSS_LIMIT = 10 ** 13;

/**
 * Return a fact as people read it.
 * @param {string} field
 * @param {FactValue} value
 */
export function factText(field, value) {
  if (MOMENT_FIELDS.includes(field)) return formatTime(value);
  if (field === "trend") return t(`trend.${value}`);
  return field === "property_loss_cny" ? Number(value).toLocaleString() : String(value);
}

/**
 * Return the known facts after the reports of a chain: the newest value of each field.
 * @param {ReportChain} chain
 * @returns {ReportFacts}
 */
const knownFacts = (chain) => Object.assign({}, ...chain.reports.map((report) => report.facts));

/** @param {ReportChain} chain */
function expectedKind(chain) {
  if (chain.duties.some((duty) => duty.state === "closing")) return "final";
  return chain.reports.some((report) => report.kind === "initial") ? "follow_up" : "initial";
}

/**
 * @typedef {object} ReportRequest
 * @property {ReportChain} chain
 * @property {string} incident
 * @property {Status} status
 * @property {() => void} onDone called when the report is sent
 */

/**
 * Open the form for one line of reporting.
 * @param {ReportRequest} request
 */
export function openReportForm({ chain, incident, status, onDone }) {
  const key = crypto.randomUUID();
  const knownValues = knownFacts(chain);
  const kind = select(t("report.kind"), "kind", optionsOf(KINDS, "report"));
  selectOf(kind).value = expectedKind(chain);
  const number = h(
    "label",
    {},
    t("report.number"),
    h("input", { type: "number", name: "number", min: 1, max: 999, value: chain.next_number }),
  );
  const body = textArea(t("report.said"), "said");
  const changes = h("ul", { class: "changes", id: "report-changes" });
  const restricted = choices(t("report.for.whom"), "checkbox", "restricted", [
    ["1", t("report.restricted.long")],
  ]);
  const dialog = confirmAction({
    title: t("report.send"),
    subject: {
      status,
      place: chain.from_name,
      headline: chain.duties[0]?.title ?? t("reports.incident"),
    },
    fields: [
      h("p", { class: "muted" }, `${chain.from_name} → ${chain.to_name}`),
      h("div", { class: "fact-fields" }, kind, number),
      meansChoices(chain),
      textField(t("report.headline"), "headline", { required: true }),
      body,
      factFields(knownValues),
      h("section", { "aria-live": "polite" }, h("h3", {}, t("report.changes")), changes),
      restricted,
    ],
    send: async ({ form }) => {
      await post(
        "/api/reports",
        { ...reportBody(form, chain), incident_id: incident, status },
        key,
      );
      onDone();
    },
  });
  dialog.classList.add("wide");
  const form = dialog.querySelector("form");
  if (!form) throw new Error("the dialog has no form");
  const inputs = form;

  function update() {
    number.hidden = valueOf(inputs, "kind") !== "follow_up";
    const note = body.querySelector("textarea");
    if (note) note.required = valueOf(inputs, "means") === "phone";
    const facts = readFacts(inputs);
    const changedFields = FACT_FIELDS.filter(
      (field) => facts[field] !== undefined && facts[field] !== knownValues[field],
    );
    const items = changedFields.map((field) => changeItem(field, knownValues[field], facts[field]));
    fill(changes, items.length ? items : h("li", { class: "empty" }, t("report.changes.none")));
  }
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  update();
}

/** @param {ReportChain} chain */
function meansChoices(chain) {
  const node = choices(t("report.means"), "radio", "means", optionsOf(chain.may, "means"));
  const first = chain.may.includes("written") ? "written" : chain.may[0];
  /** @type {HTMLInputElement | null} */
  const input = node.querySelector(`[value="${first}"]`);
  if (input) input.checked = true;
  return node;
}

/** @param {ReportFacts} knownValues */
function factFields(knownValues) {
  /**
   * @param {string} field
   * @param {HTMLElement} control
   */
  function label(field, control) {
    const value = knownValues[field];
    const note =
      value !== undefined && ` · ${t("report.known", { value: factText(field, value) })}`;
    const words = h("span", {}, t(`facts.${field}`), h("span", { class: "faint" }, note));
    return h("label", {}, words, control);
  }
  /** @param {string} field */
  const countInput = (field) =>
    h("input", {
      type: "number",
      name: field,
      min: 0,
      max: field === "property_loss_cny" ? PROPERTY_LOSS_LIMIT : COUNT_LIMIT,
      step: 1,
      inputmode: "numeric",
    });
  /** @param {string} field */
  const lineInput = (field) =>
    h("input", { type: "text", name: field, maxlength: 200, autocomplete: "off" });
  const trends = TRENDS.map((trend) => h("option", { value: trend }, t(`trend.${trend}`)));
  const trendList = h(
    "select",
    { name: "trend" },
    h("option", { value: "" }, t("scale.unsaid")),
    trends,
  );
  return h(
    "details",
    { class: "report-facts", open: true },
    h("summary", {}, t("report.facts")),
    h("p", { class: "muted" }, t("report.facts.note")),
    h(
      "div",
      { class: "fact-fields" },
      COUNT_FIELDS.map((field) => label(field, countInput(field))),
      label("trend", trendList),
      LINE_FIELDS.map((field) => label(field, lineInput(field))),
      MOMENT_FIELDS.map((field) => label(field, momentInput(field))),
    ),
    TEXT_FIELDS.map((field) => label(field, h("textarea", { name: field, maxlength: 4_000 }))),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {ReportChain} chain
 */
function reportBody(form, chain) {
  const facts = readFacts(form);
  const kind = valueOf(form, "kind");
  return {
    kind,
    means: valueOf(form, "means"),
    ...(kind === "follow_up" && { number: Number(valueOf(form, "number")) }),
    from_unit: chain.from_unit,
    to_unit: chain.to_unit,
    headline: textOf(form, "headline"),
    text: textOf(form, "said"),
    ...(Object.keys(facts).length && { facts }),
    restricted: isChecked(form, "restricted"),
  };
}

/**
 * @param {string} field
 * @param {FactValue | undefined} previous
 * @param {FactValue} updated
 */
function changeItem(field, previous, updated) {
  return h(
    "li",
    {},
    h("span", { class: "muted" }, `${t(`facts.${field}`)} `),
    previous !== undefined && [h("s", {}, factText(field, previous)), " → "],
    h("strong", {}, factText(field, updated)),
  );
}

/** @param {HTMLFormElement} form */
function readFacts(form) {
  /** @type {ReportFacts} */
  const facts = {};
  for (const field of COUNT_FIELDS) {
    const value = valueOf(form, field);
    if (value !== "") facts[field] = Number(value);
  }
  for (const field of [...LINE_FIELDS, ...TEXT_FIELDS, "trend"]) {
    const value = textOf(form, field);
    if (value) facts[field] = value;
  }
  for (const field of MOMENT_FIELDS) {
    const value = momentOf(form, field);
    if (value) facts[field] = value;
  }
  return facts;
}
