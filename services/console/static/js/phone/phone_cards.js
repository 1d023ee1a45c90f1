// The cards on the phone: pages and assignments, and the list of unsent actions.

import { isUnsigned, reasonLabel, stateChips } from "../commands/assignment_card.js";
import { askForStep, DANGEROUS_STEPS } from "../commands/assignment_steps.js";
import {
  answerLabel,
  button,
  cardClass,
  chip,
  drillBand,
  drillTag,
  eventName,
  isDrill,
} from "../lib/components.js";
import { lateUnits, matterChip, quorumLines } from "../duty/matters.js";
import { successorField } from "../duty/successors.js";
import { confirmAction } from "../lib/dialogs.js";
import { whyButton } from "../duty/why_sheet.js";
import { h, text } from "../lib/dom.js";
import { valueOf } from "../lib/forms.js";
import { formatSpan, formatTime, localized, t } from "../lib/i18n.js";
import { categoryBadge } from "../lib/page_categories.js";
import { dialableText } from "../lib/phone_numbers.js";
import { photoRow, sendPhotos } from "../lib/photos.js";

/** @import { Deliver, OutboxEntry } from "../types/actions.d.ts" */
/** @import { Assignment } from "../types/commands.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */
/** @import { Outbox } from "./outbox.js" */

const ANSWER_VERBS = ["coming", "cannot", "need_help", "hand_over"];
const MAIN_STEPS = ["sign", "accept", "handle", "report", "check", "resume"];

/**
 * A record with the actions of this device: the verbs that are unsent, and the verb that the server
 * has received but does not show yet.
 * @typedef {{ unsentVerbs: string[], sentVerb: string | undefined }} DeviceActions
 */
/** @typedef {Page & DeviceActions} PhonePage */
/** @typedef {Assignment & DeviceActions} PhoneAssignment */

/**
 * @typedef {object} PageCardOptions
 * @property {boolean} isOpen whether the page can be answered
 * @property {(verb: string, words: string, successor?: string) => Promise<unknown>} onAnswer
 * @property {() => void} onOpen called when the officer opens the details
 */

/**
 * Make the card of a page.
 * @param {PhonePage} page
 * @param {PageCardOptions} options
 */
export function pageCard(page, { isOpen, onAnswer, onOpen }) {
  const label = t("answer.words");
  const words = h("textarea", { maxlength: 400, "aria-label": label, placeholder: label });
  /** @param {string} verb */
  function answerButton(verb) {
    const node = button(
      answerLabel(page, verb),
      async () => {
        if (verb === "hand_over") {
          askForSuccessor();
          return;
        }
        node.disabled = true;
        await onAnswer(verb, words.value.trim());
      },
      {
        class: verb === "coming" ? "primary" : null,
        "data-focus": `${page.page_id}-${verb}`,
      },
    );
    return node;
  }

  /** Hand over to the next post, or to a named person. */
  function askForSuccessor() {
    confirmAction({
      title: answerLabel(page, "hand_over"),
      subject: { status: page.status, place: page.unit_name, headline: page.headline },
      fields: successorField(page),
      send: ({ form }) => onAnswer("hand_over", words.value.trim(), valueOf(form, "hand_to")),
    });
  }
  const details = h(
    "details",
    {},
    h("summary", {}, t("details")),
    page.text ? dialableText(page.text) : h("p", { class: "faint" }, t("no.text")),
    isOpen && words,
  );
  details.addEventListener("toggle", () => details.open && onOpen());
  const answer = page.answer ?? page.sentVerb;
  return h(
    "li",
    { class: cardClass(page, page.level) },
    isDrill(page) && drillBand(),
    h(
      "div",
      { class: "row" },
      drillTag(page),
      categoryBadge(page),
      page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"),
      page.resend && chip(t("resend")),
      matterChip(page),
      h("span", { class: "tail" }, formatTime(page.sent_at)),
    ),
    h("h3", {}, text(page.headline)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, page.unit_name),
      h("span", {}, t(`post.${page.post}`)),
      h("span", {}, t(`page.${page.state}`)),
    ),
    lateUnits(page),
    quorumLines(page),
    details,
    h("p", {}, whyButton(`/api/pages/${page.page_id}/why`, page.page_id)),
    isOpen && deadlineLine(page.answer_by, "answer.by"),
    unsentLine(page),
    answer &&
      h(
        "p",
        { class: "sent", role: "status" },
        t("answered", { event: answerLabel(page, answer) }),
      ),
    isOpen && h("div", { class: "acts" }, ANSWER_VERBS.map(answerButton)),
  );
}

/**
 * Make the card of an assignment.
 * @param {PhoneAssignment} assignment
 * @param {Deliver} deliver
 */
export function phoneAssignmentCard(assignment, deliver) {
  const { sentVerb, unsentVerbs, may } = assignment;
  const hasStep = sentVerb || unsentVerbs.some((verb) => verb !== "photo");
  const steps = hasStep ? [] : may;
  const mainSteps = steps.filter((step) => MAIN_STEPS.includes(step));
  const furtherSteps = steps.filter((step) => !MAIN_STEPS.includes(step));
  const onDone = () => {};
  /** @param {string} step */
  const stepButton = (step) =>
    button(t(`step.${step}`), () => askForStep(assignment, step, onDone, deliver), {
      class: step === mainSteps[0] ? "primary" : DANGEROUS_STEPS.has(step) ? "danger" : null,
      "data-focus": `${assignment.assignment_id}-${step}`,
    });
  const mayReport = may.includes("report");
  const photoButton = button(t("photo.send"), () => sendPhotos(assignment, deliver), {
    "data-focus": `${assignment.assignment_id}-photo`,
  });
  const deadline = isUnsigned(assignment)
    ? deadlineLine(assignment.sign_by, "sign.left")
    : deadlineLine(assignment.finish_by, "finish.left");
  return h(
    "li",
    { class: cardClass(assignment, assignment.level) },
    isDrill(assignment) && drillBand(),
    h("div", { class: "row" }, stateChips(assignment)),
    h("h3", {}, text(assignment.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, assignment.unit_name),
      h("span", {}, t("from", { unit: assignment.issuer_name })),
      h("span", {}, eventName(assignment.event_type)),
    ),
    assignment.instruction && h("p", { class: "body" }, text(assignment.instruction)),
    assignment.reason &&
      h("p", { class: "body muted" }, reasonLabel(assignment), text(assignment.reason)),
    photoRow(assignment.photos),
    steps.length > 0 && deadline,
    unsentLine(assignment),
    sentVerb &&
      h("p", { class: "sent", role: "status" }, t("step.sent", { event: t(`step.${sentVerb}`) })),
    mainSteps.length > 0 && h("div", { class: "acts" }, mainSteps.map(stepButton)),
    (furtherSteps.length > 0 || mayReport) &&
      h(
        "details",
        { class: "more" },
        h("summary", {}, t("acts.more")),
        h("div", { class: "acts" }, mayReport && photoButton, furtherSteps.map(stepButton)),
      ),
  );
}

/**
 * Make the line about actions that are on the device and not yet with the server.
 * @param {DeviceActions} record
 */
function unsentLine({ unsentVerbs }) {
  if (!unsentVerbs.length) return null;
  const verbs = unsentVerbs.map(verbWords).join(t("and"));
  return h("p", { class: "unsent", role: "status" }, t("unsent.one", { event: verbs }));
}

/**
 * Make one line for the unsent actions, and one entry with its reason for each refused action.
 * @param {Outbox} outbox
 */
export function outboxPanel(outbox) {
  const { unsent, refused } = outbox;
  const key = outbox.persistent ? "unsent.n" : "unsent.n.passing";
  /** @param {OutboxEntry} entry */
  const item = (entry) => refusedItem(entry, outbox);
  return [
    unsent.length > 0 && h("p", { class: "unsent" }, t(key, { n: unsent.length })),
    refused.length > 0 && h("ul", { class: "refused", role: "alert" }, refused.map(item)),
  ];
}

/**
 * @param {OutboxEntry} entry
 * @param {Outbox} outbox
 */
function refusedItem(entry, outbox) {
  const { reason, title, detail } = entry.refused ?? { reason: "", title: "", detail: "" };
  const { verb, place, words } = entry.summary;
  const heading = t("refused.one", { event: verbWords(verb) });
  return h(
    "li",
    { class: "problem" },
    h(
      "p",
      {},
      h("strong", {}, heading),
      " ",
      place && [text(localized(place)), " "],
      text(localized(words)),
    ),
    h("p", {}, t(`problem.${reason}`, {}, `${title} ${detail}`)),
    h(
      "div",
      { class: "buttons" },
      button(t("refused.again"), () => outbox.resend(entry)),
      button(t("refused.read"), () => outbox.remove(entry)),
    ),
  );
}

/** @param {string} verb */
const verbWords = (verb) => t(`answer.${verb}`, {}, "") || t(`step.${verb}`, {}, "") || t(verb);

/**
 * Make the line of a deadline; `refreshDeadlines` keeps it current.
 * @param {string} iso
 * @param {string} key
 */
function deadlineLine(iso, key) {
  const node = h("p", { class: "deadline", "data-by": iso, "data-key": key });
  drawDeadline(node, Date.now());
  return node;
}

/**
 * Bring all deadlines on the page to the time `now`.
 * @param {number} now milliseconds
 */
export function refreshDeadlines(now) {
  /** @type {NodeListOf<HTMLElement>} */
  const nodes = document.querySelectorAll("[data-by]");
  for (const node of nodes) drawDeadline(node, now);
}

/**
 * @param {HTMLElement} node
 * @param {number} now
 */
function drawDeadline(node, now) {
  const { by = "", key = "" } = node.dataset;
  const remainder = new Date(by).getTime() - now;
  const isLate = remainder < 0;
  node.classList.toggle("late", isLate);
  const span = formatSpan(remainder);
  const words = t(isLate ? `${key}.late` : key, { span, time: formatTime(by) });
  if (node.textContent !== words) node.textContent = words;
}
