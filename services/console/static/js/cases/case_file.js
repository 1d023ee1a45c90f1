// One case: its head and what can be taken away of it, its timeline, how each tier and unit did, its review.

import { alertSheet } from "../alerts/alert_sheet.js";
import { addressOf, get, Problem } from "../lib/api.js";
import { evaluationTable, unitsTable } from "./case_evaluation.js";
import { reviewPart } from "./case_review.js";
import { lineWords, lineWho } from "./timeline_words.js";
import { unitsSheet } from "../commands/command_list.js";
import { fill, h, list, text } from "../lib/dom.js";
import { select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import {
  act,
  chip,
  drillTag,
  eventName,
  isDrill,
  level,
  openWords,
} from "../lib/components.js";
import { photoRow } from "../lib/photos.js";
import { standing } from "../lib/load_status.js";
import { tabs } from "../lib/tabs.js";

const LINES = 200;
const UNITS = 100;
const PHOTOS = 24;
const SLOTS = [60, 300, 3600, 86_400];

/** The file of a case; `changed` is called after an act. `refresh()` reads it again. */
export function caseFile(ctx, caseId, changed) {
  const path = `/api/cases/${encodeURIComponent(caseId)}`;
  const state = {
    slot: 60,
    unit: null,
    lines: [],
    next: null,
    shown: UNITS,
    known: false,
  };
  const head = h("div", { class: "case-head" });
  const photos = h("div", { id: "case-photos" });
  const timeline = h("ol", { class: "lines timeline", id: "timeline" });
  const moreLines = act(t("more"), () => loadLines(true), {
    hidden: true,
    id: "timeline-more",
  });
  const who = h("span");
  const evaluation = h("div", { id: "evaluation", class: "stack" });
  const review = h("div", { id: "review", class: "stack" });
  const slot = select(
    t("case.slot"),
    "slot",
    SLOTS.map((n) => [n, t(`case.slot.${n}`)]),
  );
  slot.addEventListener("change", () => {
    state.slot = Number(slot.querySelector("select").value);
    loadLines();
  });
  const parts = tabs("case-tabs", t("case.parts"), [
    [
      "timeline",
      t("case.timeline"),
      h(
        "div",
        { class: "stack" },
        h("div", { class: "row" }, slot, who),
        timeline,
        moreLines,
      ),
    ],
    ["evaluation", t("case.evaluation"), evaluation],
    ["review", t("case.review"), review],
  ]);
  const node = h(
    "section",
    { class: "panel case-file", "aria-label": t("case.title") },
    head,
    photos,
    parts.node,
  );

  const standings = {
    head: standing(head),
    timeline: standing(timeline),
    evaluation: standing(evaluation),
    photos: standing(photos),
  };

  async function read(name, query, draw) {
    const reading = standings[name];
    reading.begin();
    try {
      draw(await get(name === "head" ? path : `${path}/${name}`, query));
      reading.done();
      return true;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 404)
        fill(
          node,
          h("p", { class: "problem", role: "alert" }, t("case.unknown")),
        );
      else reading.failed();
      return false;
    }
  }

  function drawHead(found) {
    node.classList.toggle("drill", isDrill(found));
    const link = (words, address) =>
      h("a", { class: "button", href: address, download: "" }, words);
    const fact = (key, value) => [h("dt", {}, t(key)), h("dd", {}, value)];
    fill(
      head,
      isDrill(found) &&
        h(
          "div",
          { class: "stripes drill-band" },
          h("span", {}, t("drill.banner")),
        ),
      h(
        "div",
        { class: "row" },
        drillTag(found),
        found.level && level(found.level),
        chip(t(`case.state.${found.state}`)),
        h("span", { class: "tail faint" }, found.case_id),
      ),
      h("h2", {}, openWords(found, found.title)),
      h(
        "dl",
        { class: "case-facts" },
        fact("case.place", found.root_name),
        fact("case.owner", found.owner_name),
        fact("case.event", eventName(found.event_type)),
        found.began && fact("case.began", when(found.began)),
        fact("case.ended", when(found.ended)),
      ),
      h(
        "div",
        { class: "acts" },
        found.alerts.map((one, n) =>
          act(
            found.alerts.length > 1
              ? t("case.open.alert", { n: n + 1 })
              : t("case.open.alert.one"),
            () => alertSheet(one, refresh),
            { "data-focus": one },
          ),
        ),
        found.commands.map((one, n) =>
          act(
            found.commands.length > 1
              ? t("case.open.command", { n: n + 1 })
              : t("case.open.command.one"),
            () => openCommand(one),
            { "data-focus": one },
          ),
        ),
        link(
          t("case.get.html"),
          addressOf(`${path}/export`, { format: "html" }),
        ),
        link(t("case.get.pdf"), addressOf(`${path}/export`, { format: "pdf" })),
        link(
          t("case.get.csv"),
          addressOf(`${path}/evaluation`, { format: "csv" }),
        ),
      ),
    );
    fill(
      review,
      reviewPart(ctx, found, () => {
        changed();
        setTimeout(refresh, 1_000); // the console has read its own record by then, mostly
      }),
    );
  }

  async function openCommand(id) {
    const command = await ctx.quietly(get(`/api/commands/${id}`));
    if (command) unitsSheet(command);
  }

  function loadLines(further = false) {
    const after = further ? state.next : "";
    const query = {
      slot: state.slot,
      unit: state.unit?.unit,
      after,
      limit: further
        ? LINES
        : Math.max(LINES, Math.min(500, state.lines.length)),
    };
    return read("timeline", query, (found) => {
      state.lines = further ? [...state.lines, ...found.lines] : found.lines;
      state.next = found.next;
      list(timeline, state.lines, (one) => one.id, told, t("feed.none"));
      moreLines.hidden = !found.next;
      fill(
        who,
        state.unit &&
          act(
            t("only.town", { town: state.unit.unit_name }),
            () => onlyUnit(null),
            { class: "plain", id: "all-units" },
          ),
      );
    });
  }

  function onlyUnit(unit) {
    Object.assign(state, { unit, lines: [], next: null });
    parts.choose("timeline", true);
    loadLines();
  }

  function told(one) {
    return h(
      "li",
      { class: one.late ? "late" : null },
      h("time", { datetime: one.at }, when(one.at)),
      h(
        "span",
        { class: "what" },
        h("strong", {}, lineWho(one)),
        " ",
        lineWords(one),
        one.late && [" ", chip(t("was.late"), "bad")],
      ),
      (one.headline || one.text) && text(one.headline || one.text),
    );
  }

  const loadPhotos = () =>
    read("photos", { limit: PHOTOS }, (found) =>
      fill(photos, photoRow(found.photos)),
    );

  const loadEvaluation = () =>
    read("evaluation", { limit: state.shown }, (found) => {
      const further = act(t("more"), () => {
        state.shown = Math.min(1_000, state.shown + UNITS);
        loadEvaluation();
      });
      fill(
        evaluation,
        evaluationTable(found),
        unitsTable(found.units, onlyUnit),
        found.next !== null && state.shown < 1_000 && further,
        h("p", { class: "faint" }, t("case.zone")),
      );
    });

  async function refresh() {
    const head = read("head", {}, drawHead);
    state.known ||= await head; // no parts are asked for of a case that is not there
    if (state.known)
      await Promise.all([head, loadLines(), loadEvaluation(), loadPhotos()]);
  }

  return { node, refresh };
}
