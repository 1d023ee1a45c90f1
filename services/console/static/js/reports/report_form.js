// Writing a report upward: first, follow-up or final; in writing or as the note of a call. What is known
// stands beside each field: a follow-up says only what has changed, and shows before it goes what that is.

import { post } from "../lib/api.js";
import { area, ask } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { choices, line, moment, momentOf, select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";

const KINDS = ["initial", "follow_up", "final", "supplement"];
const COUNTS = [
  "dead",
  "injured",
  "missing",
  "trapped",
  "evacuated",
  "property_loss_cny",
];
const MOMENTS = ["event_at", "received_at"];
const LINES = ["place_text", "nature", "scope", "leaders"];
const TEXTS = ["measures", "advice"];
const TRENDS = ["rising", "steady", "falling", "over"];
const MOST = { property_loss_cny: 10 ** 13 };

/** A fact as people read it. */
export function factWords(field, value) {
  if (MOMENTS.includes(field)) return when(value);
  if (field === "trend") return t(`trend.${value}`);
  return field === "property_loss_cny"
    ? Number(value).toLocaleString()
    : String(value);
}

/** What is known after the reports of a chain: the newest word on each field. */
const together = (reports) =>
  Object.assign({}, ...reports.map((one) => one.facts));

function expected(chain) {
  if (chain.duties.some((one) => one.state === "closing")) return "final";
  return chain.reports.some((one) => one.kind === "initial")
    ? "follow_up"
    : "initial";
}

/** Open the form for one line of reporting; `done()` once it is sent. */
export function writeReport({ chain, incident, status, done }) {
  const key = crypto.randomUUID();
  const known = together(chain.reports);
  const kind = select(
    t("report.kind"),
    "kind",
    KINDS.map((one) => [one, t(`report.${one}`)]),
  );
  kind.querySelector("select").value = expected(chain);
  const means = choices(
    t("report.means"),
    "radio",
    "means",
    chain.may.map((one) => [one, t(`means.${one}`)]),
  );
  means.querySelector(
    `[value="${chain.may.includes("written") ? "written" : chain.may[0]}"]`,
  ).checked = true;
  const number = h(
    "label",
    {},
    t("report.number"),
    h("input", {
      type: "number",
      name: "number",
      min: 1,
      max: 999,
      value: chain.next_number,
    }),
  );
  const said = area(t("report.said"), "said");
  const new_ = h("ul", { class: "changes", id: "report-changes" });
  const noted = (field) =>
    known[field] !== undefined &&
    ` · ${t("report.known", { value: factWords(field, known[field]) })}`;
  const label = (field, control) =>
    h(
      "label",
      {},
      h(
        "span",
        {},
        t(`facts.${field}`),
        h("span", { class: "faint" }, noted(field)),
      ),
      control,
    );
  const facts = h(
    "details",
    { class: "facts-of-report", open: true },
    h("summary", {}, t("report.facts")),
    h("p", { class: "muted" }, t("report.facts.note")),
    h(
      "div",
      { class: "fact-fields" },
      COUNTS.map((field) =>
        label(
          field,
          h("input", {
            type: "number",
            name: field,
            min: 0,
            max: MOST[field] ?? 10_000_000,
            step: 1,
            inputmode: "numeric",
          }),
        ),
      ),
      label(
        "trend",
        h(
          "select",
          { name: "trend" },
          h("option", { value: "" }, t("scale.unsaid")),
          TRENDS.map((one) => h("option", { value: one }, t(`trend.${one}`))),
        ),
      ),
      LINES.map((field) =>
        label(
          field,
          h("input", {
            type: "text",
            name: field,
            maxlength: 200,
            autocomplete: "off",
          }),
        ),
      ),
      MOMENTS.map((field) =>
        label(field, moment("", field, null, false).querySelector("input")),
      ),
    ),
    TEXTS.map((field) =>
      label(field, h("textarea", { name: field, maxlength: 4_000 })),
    ),
  );
  const fields = [
    h("p", { class: "muted" }, `${chain.from_name} → ${chain.to_name}`),
    h("div", { class: "fact-fields" }, kind, number),
    means,
    line(t("report.headline"), "headline", { required: true }),
    said,
    facts,
    h(
      "section",
      { "aria-live": "polite" },
      h("h3", {}, t("report.changes")),
      new_,
    ),
    choices(t("report.for.whom"), "checkbox", "restricted", [
      ["1", t("report.restricted.long")],
    ]),
  ];
  const dialog = ask({
    words: t("report.send"),
    about: {
      status,
      place: chain.from_name,
      headline: chain.duties[0]?.title ?? t("reports.incident"),
    },
    fields,
    send: async ({ form }) => {
      const { elements } = form;
      const told = read(form);
      await post(
        "/api/reports",
        {
          incident_id: incident,
          kind: elements.kind.value,
          means: elements.means.value,
          ...(elements.kind.value === "follow_up" && {
            number: Number(elements.number.value),
          }),
          from_unit: chain.from_unit,
          to_unit: chain.to_unit,
          headline: elements.headline.value.trim(),
          text: elements.said.value.trim(),
          ...(Object.keys(told).length && { facts: told }),
          restricted: elements.restricted.checked,
          status,
        },
        key,
      );
      done();
    },
  });
  dialog.classList.add("wide");
  const form = dialog.querySelector("form");
  const look = () => {
    number.hidden = form.elements.kind.value !== "follow_up";
    said.querySelector("textarea").required =
      form.elements.means.value === "phone";
    const told = read(form);
    const found = [...COUNTS, "trend", ...LINES, ...MOMENTS, ...TEXTS].filter(
      (field) => told[field] !== undefined && told[field] !== known[field],
    );
    fill(
      new_,
      found.length
        ? found.map((field) => changed(field, known[field], told[field]))
        : h("li", { class: "empty" }, t("report.changes.none")),
    );
  };
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  look();
}

function changed(field, before, after) {
  return h(
    "li",
    {},
    h("span", { class: "muted" }, `${t(`facts.${field}`)} `),
    before !== undefined && [h("s", {}, factWords(field, before)), " → "],
    h("strong", {}, factWords(field, after)),
  );
}

function read(form) {
  const { elements } = form;
  const told = {};
  for (const field of COUNTS)
    if (elements[field].value !== "")
      told[field] = Number(elements[field].value);
  for (const field of [...LINES, ...TEXTS, "trend"])
    if (elements[field].value.trim())
      told[field] = elements[field].value.trim();
  for (const field of MOMENTS)
    if (elements[field].value) told[field] = momentOf(elements[field]);
  return told;
}
