// The tab of limits 时限与权限: what is in force for a unit, drafts with their signatures, history.

import { get } from "../../lib/api.js";
import { button, chip, panel } from "../../lib/components.js";
import { fill, h, renderList, text } from "../../lib/dom.js";
import { isChecked, unitPicker } from "../../lib/forms.js";
import { formatMoment, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { documentName, draftCard, isWaiting, signatureList } from "./limits_drafts.js";
import { openLimitsForm } from "./limits_form.js";
import { partsOf, valueTable } from "./limits_values.js";

/** @import { AdminTabMaker } from "../../types/admin.d.ts" */
/** @import { LimitsAnswer, LimitsDocument } from "../../types/limits.d.ts" */
/** @import { LimitsHead, LimitsSubject } from "../../types/limits.d.ts" */

const PAUSE_MS = 1_000;

/**
 * Make the tab.
 * @type {AdminTabMaker}
 */
export function limitsTab(context) {
  const [first] = context.officer.administers;
  const picker = unitPicker(t("limits.unit_choice"), first);
  const everywhere = h("input", { type: "checkbox", name: "everywhere" });
  const choice = h(
    "form",
    { class: "limits-choice", onsubmit: stop },
    picker,
    h("label", {}, everywhere, t("limits.everywhere_choice")),
  );
  const inForce = h("div", { class: "stack", id: "limits-in-force" });
  const waiting = h("ul", { class: "cards", id: "limits-waiting" });
  const history = h("ul", { class: "cards limited", id: "limits-history", tabindex: 0 });
  const load = loader([inForce, waiting, history], request, draw, PAUSE_MS);
  choice.addEventListener("change", () => load.restart());

  /** @returns {Record<string, string>} */
  function query() {
    return isChecked(choice, "everywhere") ? { everywhere: "true" } : { unit: picker.value };
  }

  async function request() {
    const place = query();
    const answer = await context.current(get("/api/limits", place));
    return JSON.stringify(place) === JSON.stringify(query()) ? answer : null;
  }

  /** @param {LimitsAnswer} answer */
  function draw(answer) {
    fill(
      inForce,
      answer.subjects.map(({ subject }) => documentPart(answer, subject)),
    );
    renderList(
      waiting,
      answer.drafts.filter(isWaiting),
      (draft) => draft.draft_id,
      (draft) => draftCard(draft, answer.subjects, load),
      t("limits.nothing_waits"),
    );
    fill(
      history,
      answer.versions.map(versionCard),
      answer.drafts
        .filter((draft) => draft.state === "withdrawn")
        .map((draft) => draftCard(draft, answer.subjects, load)),
    );
  }

  /**
   * @param {LimitsAnswer} answer
   * @param {LimitsSubject} subject
   */
  function documentPart(answer, subject) {
    const document = answer.in_force[subject];
    const name = t(`limits.subject.${subject}`);
    return h(
      "section",
      { class: "stack", "aria-label": name },
      h("h3", {}, name),
      document
        ? [
            h("p", {}, text(documentName(document)), " ", whereFrom(answer, document)),
            headFacts(document),
            h(
              "details",
              {},
              h("summary", {}, t("limits.show_values")),
              valueTable(partsOf(answer.subjects, subject), document.values[subject] ?? {}, name),
            ),
          ]
        : h("p", { class: "empty" }, t("limits.none")),
      answer.may_draft &&
        h(
          "div",
          { class: "acts" },
          button(draftTitle(answer, document), () => openDraft(answer, subject, document, true), {
            class: "primary",
            "data-focus": `draft-${subject}`,
          }),
          document !== null &&
            document.unit !== null &&
            document.unit === answer.unit &&
            button(t("limits.draft_end"), () => openDraft(answer, subject, document, false), {
              class: "plain",
              "data-focus": `end-${subject}`,
            }),
        ),
    );
  }

  /**
   * @param {LimitsAnswer} answer
   * @param {LimitsSubject} subject
   * @param {LimitsDocument | null} document
   * @param {boolean} enabled
   */
  function openDraft(answer, subject, document, enabled) {
    const replaced = document?.values[subject];
    const start = {
      subject,
      ...(answer.unit === null ? {} : { unit: answer.unit }),
      enabled,
      name_zh: document?.name_zh ?? "",
      name_en: document?.name_en ?? "",
      in_force_from: "",
      source: "",
      ...(enabled && replaced ? { [subject]: replaced } : {}),
    };
    const draft = {
      draftId: `lmd-${crypto.randomUUID()}`,
      document: start,
      parts: partsOf(answer.subjects, subject),
      replaced,
      title: enabled ? draftTitle(answer, document) : t("limits.draft_end"),
    };
    openLimitsForm(draft, () => {
      context.announce(t("limits.saved"));
      load();
    });
  }

  return {
    node: h(
      "div",
      { class: "stack" },
      panel("limits.choice", choice),
      panel("limits.waiting", waiting),
      panel("limits.in_force", inForce),
      panel("limits.history", history),
    ),
    refresh: load,
  };
}

/**
 * Return the name of the act: the next version of a document, or the first one of the unit.
 * @param {LimitsAnswer} answer
 * @param {LimitsDocument | null} document
 */
const draftTitle = (answer, document) =>
  t(document?.unit === answer.unit ? "limits.draft_next" : "limits.draft_first");

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
}

/**
 * @param {LimitsAnswer} answer
 * @param {LimitsDocument} document
 */
function whereFrom(answer, document) {
  if (document.unit === null) return chip(t("limits.of_every_unit"));
  if (document.unit === answer.unit) return chip(t("limits.own"));
  return chip(t("limits.of_unit", { unit: document.unit_name }));
}

/** @param {LimitsHead} document */
function headFacts(document) {
  return h(
    "div",
    {},
    h(
      "p",
      { class: "muted" },
      t("limits.version", { id: document.limits_id, n: document.version }),
      " · ",
      t("limits.from", { time: formatMoment(document.in_force_from) }),
    ),
    signatureList(document.signed_by),
    text(document.source, "p"),
  );
}

/** @param {LimitsHead} document */
function versionCard(document) {
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "row" },
      chip(document.unit_name ?? t("limits.everywhere")),
      !document.has_begun && chip(t("limits.not_begun"), "warn"),
      !document.enabled && chip(t("limits.ends")),
    ),
    h("h4", {}, text(documentName(document))),
    headFacts(document),
  );
}
