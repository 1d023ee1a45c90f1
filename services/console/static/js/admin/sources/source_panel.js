// A data source: its limits, its keys, what it sends, and what was refused of it in the last day.

import { get } from "../../lib/api.js";
import { chip, headCell, scrollingTable } from "../../lib/components.js";
import { fill, h, text } from "../../lib/dom.js";
import { formatMoment, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { sourceButtons } from "./source_acts.js";

/** @import { AdminTabContext } from "../../types/admin.d.ts" */
/** @import { Child } from "../../types/dom.d.ts" */
/** @import { Source, SourceRefusal } from "../../types/sources.d.ts" */

/**
 * Make the part of the tab that shows one source; `report` shows what a change has brought.
 * @param {AdminTabContext} context
 * @param {(words: HTMLElement) => void} report
 */
export function sourcePanel(context, report) {
  /** @type {string | null} */
  let chosenId = null;
  const facts = h("div", { class: "stack", id: "source-facts" });
  const acts = h("div", { class: "acts", id: "source-acts" });
  const refusals = h("div", { id: "source-refusals" });
  const load = loader(
    [facts, refusals],
    async () => (chosenId ? context.current(get(`/api/sources/${chosenId}`)) : null),
    (source) => {
      if (source.source !== chosenId) return;
      fill(facts, factsPart(source));
      fill(acts, sourceButtons(context.officer, source, report));
      fill(refusals, refusalList(source.refusals));
    },
  );

  /** @param {string | null} id */
  function choose(id) {
    if (id === chosenId) return;
    chosenId = id;
    fill(acts, []);
    if (id) load.restart();
  }

  const node = h(
    "div",
    { class: "stack" },
    facts,
    acts,
    h("h3", {}, t("sources.refusals")),
    refusals,
  );
  return { node, choose, load: () => chosenId && load() };
}

/** @param {Source} source */
function factsPart(source) {
  const { state, doors, sensors, places, keys, per_minute: limit } = source;
  const noneWords = t("sources.nothing");
  /** @type {[string, Child][]} */
  const rows = [
    ["name", text(source.name)],
    ["id", source.source],
    ["owner", text(source.owner_name)],
    ["state", chip(t(`sources.state.${state}`), state === "active" ? "" : "bad")],
    ["doors", doors.map((door) => t(`sources.door.${door}`)).join(t("list.comma")) || noneWords],
    ["sensors", sensors.map(choiceWords).join(t("list.comma")) || noneWords],
    ["places", places.map(placeWords).join(t("list.comma")) || noneWords],
    ["rate", limit === null ? t("sources.no_rate") : t("sources.per_minute", { n: limit })],
    ["grade", gradeWords(source)],
    ["keys", keys.length ? keys.map(keyLine) : noneWords],
    ["last_reading", timeWords(source.last_reading_at)],
    ["last_received", timeWords(source.last_received_at)],
    ["used", t("sources.per_minute", { n: source.used_per_minute })],
  ];
  return scrollingTable(
    { label: t("sources.facts"), class: "source-facts" },
    [headCell(t("ledger.field")), headCell(t("ledger.value"))],
    rows.map(([name, value]) =>
      h("tr", {}, h("th", { scope: "row" }, t(`sources.fact.${name}`)), h("td", {}, value)),
    ),
  );
}

/** @param {string | null} moment */
const timeWords = (moment) => (moment ? formatMoment(moment) : t("sources.never"));

/** @param {string} choice */
const choiceWords = (choice) => (choice === "*" ? t("sources.all") : choice);

/** @param {Source["places"][number]} place */
const placeWords = ({ unit, name }) => (unit === "*" ? t("sources.all") : (name ?? unit));

/** @param {Source} source */
const gradeWords = ({ grade, sets_grade: sets }) =>
  t(`data_grade.${grade}`) + (sets ? ` · ${t("sources.sets_grade")}` : "");

/** @param {Source["keys"][number]} key */
const keyLine = ({ fingerprint, until }) =>
  h(
    "div",
    {},
    h("code", {}, fingerprint),
    " ",
    until ? t("sources.key_until", { time: formatMoment(until) }) : t("sources.key_stays"),
  );

/** @param {SourceRefusal[]} refusals */
function refusalList(refusals) {
  if (!refusals.length) return h("p", { class: "empty" }, t("sources.no_refusals"));
  return h("ul", { class: "source-refusals" }, refusals.map(refusalLine));
}

/** @param {SourceRefusal} refusal */
function refusalLine({ code, count, until, first_id: firstId, detail }) {
  const example = [firstId, detail].filter(Boolean).join(" · ");
  return h(
    "li",
    {},
    h(
      "p",
      {},
      h("strong", {}, t(`source_refusal.${code}`, {}, code)),
      ` · ${t("sources.count", { n: count })} · ${formatMoment(until)}`,
    ),
    example && h("p", { class: "muted" }, text(t("sources.example", { words: example }))),
  );
}
