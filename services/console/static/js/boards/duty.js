// The duty board: the officers of now and next at each post, the gaps, reachability, and the plan
// with its changes.

import { get, post, problemOf, put, upload } from "../lib/api.js";
import { button, chip, headCell, panel, scrollingTable } from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { clearList, fill, h, renderList, text } from "../lib/dom.js";
import { unitPicker } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadAll, loader } from "../lib/load_status.js";
import { dutyCalendar } from "../duty/duty_calendar.js";
import { RULE_KINDS, ruleForm } from "../duty/duty_forms.js";
import { reachabilityPart } from "../duty/reachability.js";

/** @import { Child, Option } from "../types/dom.d.ts" */
/** @import { DutyAnswer, DutyEntry, DutyGap, DutyRule, Turn } from "../types/duty.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const DAYS = 7;
const GAP_LIMIT = 3;
const APPLY_MS = 1_000; // The duty service has applied a change by then in most cases.
const COLUMNS = ["post", "duty.now", "duty.next"];

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function dutyBoard(context) {
  /** @type {{ unit: string, plan: DutyAnswer | null }} */
  const state = { unit: context.me.unit, plan: null };
  const posts = h("div", { id: "posts" });
  const entryList = h("ol", { class: "lines tall", id: "entries", tabindex: 0 });
  const gapList = h("ol", { class: "lines tall", id: "gaps", tabindex: 0 });
  const tools = h("div", { class: "acts" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const root = { unit: context.me.unit, name: context.me.unit_name };
  const picker = unitPicker(t("unit"), root);
  const reachability = reachabilityPart(context, () => picker.unit);
  const calendar = dutyCalendar(context, () => picker.unit);
  picker.addEventListener("change", () => {
    state.unit = picker.value;
    clearList(entryList);
    loaders.plan.restart();
    calendar.load.restart();
    reachability.restart();
  });

  const loaders = {
    plan: loader(posts, requestPlan, draw, 400),
    gaps: loader(
      gapList,
      () => context.current(get("/api/duty/gaps")),
      ({ gaps }) =>
        renderList(gapList, gaps, (gap) => `${gap.unit}-${gap.post}`, gapItem, t("gaps.none")),
    ),
  };

  async function requestPlan() {
    const { unit } = state;
    const answer = await context.current(get("/api/duty", { unit, days: DAYS }));
    return unit === state.unit ? answer : null;
  }

  function refresh() {
    loadAll(loaders);
    calendar.load();
    reachability.load();
  }

  const refreshLater = () => setTimeout(refresh, APPLY_MS);

  /** Return the names of the members of the unit by their officer id. */
  function memberNames() {
    const names = new Map();
    for (const { rule } of state.plan?.entries ?? [])
      if (rule.kind === "member") names.set(rule.officer?.officer_id, rule.officer?.name);
    return names;
  }

  /** @param {string | null | undefined} id */
  const officerName = (id) => (id ? (memberNames().get(id) ?? id) : t("duty.empty"));

  /** @param {DutyAnswer} plan */
  function draw(plan) {
    state.plan = plan;
    const isEmpty = !plan.posts.length;
    const emptyNote = h("p", { class: "empty" }, t("duty.no.plan"));
    fill(posts, isEmpty ? emptyNote : postTable(plan));
    renderList(
      entryList,
      plan.entries,
      (entry) => `${entry.entry_id}-${entry.version}`,
      entryItem,
      t("duty.no.plan"),
    );
    entryList.hidden = isEmpty && !plan.entries.length; // The note above says it already.
    drawTools();
  }

  function drawTools() {
    const input = h("input", {
      type: "file",
      accept: ".csv,.ics",
      id: "duty-file",
      class: "hidden-visually",
      "aria-label": t("duty.import"),
    });
    input.addEventListener("change", () => importFile(input.files?.[0]));
    /** @param {string} format */
    function exportLink(format) {
      const query = new URLSearchParams({ unit: state.unit, format });
      const href = `/api/duty/export?${query}`;
      return h("a", { class: "button", href, download: "" }, t(`duty.export.${format}`));
    }
    /** @param {string} kind */
    const addButton = (kind) =>
      button(t(`rule.${kind}`), () => addRule(kind), { "data-focus": `add-${kind}` });
    fill(
      tools,
      RULE_KINDS.map(addButton),
      exportLink("csv"),
      exportLink("ics"),
      button(t("duty.import"), () => input.click()),
      input,
    );
  }

  /** @param {DutyEntry} entry */
  function entryItem(entry) {
    const { rule } = entry;
    const cancelButton = button(t("duty.cancel"), () => cancelEntry(entry), {
      class: "danger",
      "data-focus": `${entry.entry_id}-cancel`,
    });
    return h(
      "li",
      {},
      h("span", {}, chip(t(`rule.${rule.kind}`))),
      h(
        "span",
        { class: "description" },
        describe(rule),
        rule.reason && [h("br"), text(rule.reason)],
      ),
      h("span", {}, cancelButton),
    );
  }

  /**
   * Return a rule in words.
   * @param {DutyRule} rule
   * @returns {Child}
   */
  function describe(rule) {
    const postName = rule.post && `${t(`post.${rule.post}`)} `;
    const modes = rule.modes?.map((mode) => t(`mode.${mode}`)).join(t("and"));
    const phoneNote = rule.phone ? ` · ${rule.phone}` : "";
    const modeNote = modes ? ` · ${t("duty.modes.only", { modes })}` : "";
    switch (rule.kind) {
      case "member": {
        const channels = rule.channels?.map((code) => t(`channel.${code}`, {}, code)) ?? [];
        return ruleText(rule.officer?.name, channels.join(t("and")));
      }
      case "rotation": {
        const members = rule.members?.map(officerName) ?? [];
        return [postName, ruleText(members.join(" → "), turnsText(rule) + modeNote + phoneNote)];
      }
      case "swap": {
        const officers = `${officerName(rule.officer_id)} ⇄ ${officerName(rule.other_id)}`;
        const otherSpan = spanText(rule.other_begin, rule.other_end);
        return ruleText(officers, `${spanText(rule.begin, rule.end)}；${otherSpan}`);
      }
      default: {
        const span = spanText(rule.begin, rule.end);
        return [postName, ruleText(officerName(rule.officer_id), span + modeNote + phoneNote)];
      }
    }
  }

  /** @param {string} path */
  const unitAddress = (path) => `${path}?${new URLSearchParams({ unit: state.unit })}`;

  /** @param {string} kind */
  const subjectOf = (kind) => ({
    status: "Actual",
    place: state.plan?.unit_name ?? "",
    headline: t(`rule.${kind}.long`),
  });

  /** @param {string} kind */
  function addRule(kind) {
    /** @type {Option[]} */
    const members = [...memberNames()].map(([id, name]) => [id, name]);
    const form = ruleForm(kind, members);
    const entryId = `ent-${crypto.randomUUID()}`;
    confirmAction({
      title: t(`rule.${kind}`),
      subject: subjectOf(kind),
      fields: form.fields,
      send: async ({ form: inputs }) => {
        const body = { rule: form.read(inputs), version: 0 };
        await put(unitAddress(`/api/duty/entries/${entryId}`), body);
        refreshLater();
      },
    });
  }

  /** @param {DutyEntry} entry */
  function cancelEntry({ entry_id: id, rule }) {
    confirmAction({
      title: t("duty.cancel"),
      subject: subjectOf(rule.kind),
      fields: h("p", {}, describe(rule)),
      danger: true,
      send: async () => {
        await post(unitAddress(`/api/duty/entries/${id}/cancel`));
        refreshLater();
      },
    });
  }

  /** @param {File | undefined} file */
  async function importFile(file) {
    if (!file) return;
    problem.hidden = true;
    const format = file.name.endsWith(".ics") ? "ics" : "csv";
    const query = new URLSearchParams({ unit: state.unit, format });
    try {
      await upload(`/api/duty/import?${query}`, file);
      refreshLater();
    } catch (error) {
      const { text: words, detail } = problemOf(error);
      fill(problem, `${words} ${detail}`.trim());
      problem.hidden = false;
    }
  }

  const planPart = h("div", { class: "stack" }, [picker, posts, tools, problem, entryList]);
  return {
    node: h(
      "div",
      { class: "stack duty-board" },
      h(
        "div",
        { class: "columns two" },
        h("div", { class: "stack" }, panel("duty.title", planPart)),
        h(
          "div",
          { class: "stack" },
          panel("reach.title", reachability.node),
          panel("gaps.title", gapList),
        ),
      ),
      panel("calendar.title", calendar.node),
    ),
    refresh,
    line: () => {},
  };
}

/**
 * @param {string | undefined} begin
 * @param {string | undefined} end
 */
const spanText = (begin = "", end = "") => `${formatTime(begin)} – ${formatTime(end)}`;

/**
 * @param {string | undefined} words
 * @param {string} detail
 */
const ruleText = (words, detail) => [text(words), h("br"), h("span", { class: "faint" }, detail)];

/**
 * Return the turns of a rotation in words.
 * @param {DutyRule} rule
 */
function turnsText({ handover, until, starts, turn_days: days, turn_hours: hours, days: kinds }) {
  const [key, n] = hours ? ["rotation.each", hours] : ["rotation.every", days];
  const turns = t(key, { n, time: handover?.slice(0, 5), from: starts });
  const end = until && t("rotation.to", { time: until.slice(0, 5) });
  const names = kinds?.map((kind) => t(`day.${kind}`)).join(t("and"));
  const only = names && t("rotation.only.on", { days: names });
  return [turns, end, only].filter(Boolean).join(" · ");
}

/** @param {DutyAnswer} plan */
function postTable(plan) {
  /** @param {Turn | undefined} turn */
  function turnCell(turn) {
    if (!turn) return h("td", { class: "faint" }, "–");
    const name = turn.name ?? t("duty.empty");
    const content = ruleText(name, spanText(turn.begin, turn.end));
    return h("td", { class: turn.officer_id ? null : "bad" }, content);
  }
  const rows = plan.posts.map(({ post: code, turns }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, t(`post.${code}`)),
      turnCell(turns[0]),
      turnCell(turns[1]),
    ),
  );
  return scrollingTable(
    {},
    COLUMNS.map((key) => headCell(t(key))),
    rows,
  );
}

/** @param {DutyGap} gap */
function gapItem(gap) {
  const spans = gap.gaps.slice(0, GAP_LIMIT).map(({ begin, end }) => spanText(begin, end));
  return h(
    "li",
    {},
    h("span", {}, chip(t("duty.empty"), "bad")),
    h(
      "span",
      { class: "description" },
      `${gap.unit_name} ${t(`post.${gap.post}`)}`,
      h("br"),
      h("span", { class: "muted" }, spans.join("；")),
    ),
    h("span", { class: "muted" }, t("gaps.n", { n: gap.gaps.length })),
  );
}
