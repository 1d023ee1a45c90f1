// An entry of the ledger: its fields, as they are or as they were on a day, and its versions.

import { get } from "../../lib/api.js";
import { button, chip, headCell, scrollingTable } from "../../lib/components.js";
import { fill, h, text } from "../../lib/dom.js";
import { momentField, momentOf } from "../../lib/forms.js";
import { formatMoment, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { changeButtons } from "./ledger_acts.js";

/** @import { LedgerVersion } from "../../types/ledger.d.ts" */
/** @import { AdminTabContext } from "../../types/admin.d.ts" */

/**
 * Make the part of the tab that shows an entry.
 * @param {AdminTabContext} context
 * @param {string} key
 */
export function entryPanel(context, key) {
  const head = h("div", { id: "ledger-version" });
  const history = h("div", { id: "ledger-history" });
  const acts = h("div", { class: "acts", id: "ledger-acts" });
  const decision = h("div", { id: "ledger-decision", role: "status" });
  /** @type {string | null} */
  let moment = null;
  const form = h(
    "form",
    {
      class: "search",
      onsubmit: (event) => {
        event.preventDefault();
        moment = momentOf(form, "at");
        load.restart();
      },
    },
    momentField(t("ledger.at"), "at", null, false),
    h("button", { type: "submit" }, t("ledger.at.show")),
    button(t("ledger.at.now"), () => {
      form.reset();
      moment = null;
      load.restart();
    }),
  );
  const load = loader(
    [head, history],
    async () => {
      const [version, versions] = await Promise.all([
        context.current(get("/api/ledger/entry", { key, at: moment })),
        context.current(get("/api/ledger/history", { key })),
      ]);
      return version && versions ? { version, versions: versions.versions } : null;
    },
    ({ version, versions }) => {
      fill(head, versionPart(version));
      fill(acts, moment ? [] : changeButtons(version, report));
      fill(history, historyTable(versions));
    },
  );

  /** @param {HTMLElement} words */
  function report(words) {
    fill(decision, words);
    load();
  }

  load();
  return h(
    "div",
    { class: "stack" },
    form,
    head,
    acts,
    decision,
    h("h3", {}, t("ledger.history")),
    history,
  );
}

/** @param {LedgerVersion} version */
function versionPart(version) {
  const { entry, version: number, newest, retired, since } = version;
  const rows = Object.entries(entry).filter(([name, value]) => name !== "kind" && isStated(value));
  return [
    h(
      "p",
      { class: "muted" },
      t("ledger.version", { n: number }),
      " · ",
      t("ledger.since", { time: formatMoment(since) }),
      " ",
      retired && chip(t("ledger.retired"), "bad"),
      number < newest && chip(t("ledger.earlier"), "warn"),
    ),
    scrollingTable(
      { label: t("ledger.fields") },
      [headCell(t("ledger.field")), headCell(t("ledger.value"))],
      rows.map(([name, value]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, t(`ledger_field.${name}`, {}, name)),
          h("td", {}, text(wordsOf(value))),
        ),
      ),
    ),
  ];
}

/** @param {LedgerVersion[]} versions */
const historyTable = (versions) =>
  scrollingTable(
    { label: t("ledger.history") },
    ["version", "since", "author", "reason"].map((name) => headCell(t(`ledger.column.${name}`))),
    versions.map((version) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, version.version, version.retired && ` ${t("ledger.retired")}`),
        h("td", {}, formatMoment(version.since)),
        h("td", {}, text(version.by_set_up ? t("ledger.set_up") : version.actor)),
        h("td", {}, text(version.reason)),
      ),
    ),
  );

/** @param {unknown} value */
const isStated = (value) =>
  value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);

/**
 * Return the value of a field in words.
 * @param {unknown} value
 */
function wordsOf(value) {
  if (typeof value === "boolean") return t(value ? "ledger.yes" : "ledger.no");
  if (Array.isArray(value)) return value.join(", ");
  if (value && typeof value === "object") return Object.values(value).join(", ");
  return String(value);
}
