// The review of a case: shown with the present state of its findings, written once when the case is
// closed.

import { post } from "../lib/api.js";
import { button, chip } from "../lib/components.js";
import { confirmAction, confirmationText, textArea } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import { momentField, momentOf, textField, textOf, unitPicker } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { CaseDetail, Finding, Review } from "../types/cases.d.ts" */
/** @import { Officer } from "../types/page.d.ts" */

const WEEK_HOURS = 168;
const FINDING_LIMIT = 20;

/**
 * Make the review, or the way to write it.
 * @param {Officer} officer
 * @param {CaseDetail} detail
 * @param {() => void} onDone
 * @returns {Child}
 */
export function reviewPart(officer, detail, onDone) {
  if (detail.review) return reviewContent(detail.review);
  if (detail.may_review) {
    const properties = { class: "primary", id: "write-review" };
    const write = button(
      t("case.review.write"),
      () => writeReview(officer, detail, onDone),
      properties,
    );
    return [h("p", {}, t("case.review.ready")), h("div", { class: "acts" }, write)];
  }
  const key = detail.state === "open" ? "case.review.open" : "case.review.none";
  return h("p", { class: "empty" }, t(key));
}

/** @param {Review} review */
function reviewContent(review) {
  return [
    h("p", { class: "muted" }, `${review.unit_name} · ${formatTime(review.sent_at)}`),
    text(review.text, "p"),
    h("h3", {}, t("case.findings")),
    review.findings.length
      ? h("ul", { class: "cards" }, review.findings.map(findingCard))
      : h("p", { class: "empty" }, t("case.findings.none")),
  ];
}

/**
 * @param {Finding} finding
 * @param {number} index
 */
function findingCard(finding, index) {
  const state = finding.state ? t(`assignment.${finding.state}`) : t("finding.waiting");
  const deadline = t("finish.by", { time: formatTime(finding.finish_by) });
  return h(
    "li",
    { class: "card blue" },
    h(
      "div",
      { class: "row" },
      h("strong", {}, index + 1),
      chip(state),
      finding.overdue && chip(t("supervision.overdue"), "bad"),
      h("span", { class: "tail" }, deadline),
    ),
    h("h3", {}, text(finding.title)),
    h("p", { class: "facts" }, h("span", {}, finding.owner_name)),
    finding.instruction && text(finding.instruction, "p"),
  );
}

/**
 * @param {Officer} officer
 * @param {CaseDetail} detail
 * @param {() => void} onDone
 */
function writeReview(officer, detail, onDone) {
  const key = crypto.randomUUID();
  const list = h("div", { class: "stack", id: "findings" });
  /** @type {ReturnType<typeof findingForm>[]} */
  const forms = [];
  const addButton = button(t("case.finding.add"), () => addFinding(), { id: "finding-add" });

  function updateAddButton() {
    addButton.disabled = forms.length >= FINDING_LIMIT;
  }

  function addFinding() {
    const form = findingForm(officer, () => {
      forms.splice(forms.indexOf(form), 1);
      form.node.remove();
      updateAddButton();
      addButton.focus();
    });
    forms.push(form);
    list.append(form.node);
    form.node.querySelector("input")?.focus();
    updateAddButton();
  }

  confirmAction({
    title: t("case.review.write"),
    subject: { status: detail.status, place: detail.root_name, headline: detail.title },
    fields: [
      h("p", { class: "muted" }, t("case.review.once")),
      textArea(t("case.review.text"), "review", 4000, true),
      list,
      h("div", { class: "acts" }, addButton),
    ],
    type: confirmationText(detail, detail.root_name),
    send: async ({ form }) => {
      const findings = forms.map((finding) => finding.read());
      const body = { text: textOf(form, "review"), findings };
      await post(`/api/cases/${encodeURIComponent(detail.case_id)}/review`, body, key);
      onDone();
    },
  });
}

/**
 * @param {Officer} officer
 * @param {() => void} remove
 */
function findingForm(officer, remove) {
  const root = { unit: officer.unit, name: officer.unit_name };
  const owner = unitPicker(t("case.finding.owner"), root);
  const node = h(
    "fieldset",
    { class: "part" },
    h("legend", {}, t("case.finding")),
    textField(t("case.finding.title"), "finding_title", { required: true }),
    textArea(t("compose.instruction"), "finding_instruction"),
    owner,
    momentField(t("case.finding.until"), "finding_until", WEEK_HOURS),
    h("div", { class: "acts" }, button(t("part.remove"), remove)),
  );
  const read = () => ({
    owner: owner.value,
    title: textOf(node, "finding_title"),
    instruction: textOf(node, "finding_instruction"),
    finish_by: momentOf(node, "finding_until"),
  });
  return { node, read };
}
