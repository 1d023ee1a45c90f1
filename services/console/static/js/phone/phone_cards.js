// The two kinds of card on the phone.

import { h, text } from "../lib/dom.js";
import { span, t, when } from "../lib/i18n.js";
import {
  act,
  answerWords,
  chip,
  drillTag,
  eventName,
  isDrill,
  level,
} from "../lib/components.js";
import { photoRow, takePhotos } from "../lib/photos.js";
import { takeStep } from "../commands/assignment_steps.js";

const ANSWERS = ["coming", "cannot", "hand_over"];
const FIRST_STEPS = ["sign", "accept", "handle", "report", "check", "resume"];
const GRAVE = new Set([
  "return",
  "send_back",
  "refuse",
  "waive",
  "recall",
  "reassign",
]);

/** A page. `say(page, verb, words)` answers, `opened()` is called when it is opened. */
export function pageCard(page, { open, say, opened }) {
  const words = h("textarea", {
    maxlength: 400,
    "aria-label": t("answer.words"),
    placeholder: t("answer.words"),
  });
  const answer = (verb) =>
    act(
      answerWords(page, verb),
      async (event) => {
        event.currentTarget.disabled = true;
        await say(page, verb, words.value.trim());
      },
      {
        class: verb === "coming" ? "primary" : null,
        "data-focus": `${page.page_id}-${verb}`,
      },
    );
  return h(
    "li",
    { class: `card ${page.level} ${isDrill(page) ? "drill" : ""}` },
    isDrill(page) &&
      h("p", { class: "stripes drill-band" }, h("span", {}, t("drill.banner"))),
    h(
      "div",
      { class: "row" },
      drillTag(page),
      level(page.level),
      page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"),
      page.resend && chip(t("resend")),
      h("span", { class: "tail" }, when(page.sent_at)),
    ),
    h("h3", {}, text(page.headline)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, page.unit_name),
      h("span", {}, t(`post.${page.post}`)),
      h("span", {}, t(`page.${page.state}`)),
    ),
    h(
      "details",
      { ontoggle: (event) => event.currentTarget.open && opened() },
      h("summary", {}, t("details")),
      page.text
        ? text(page.text, "p")
        : h("p", { class: "faint" }, t("no.text")),
      open && words,
    ),
    open && deadline(page.answer_by, "answer.by"),
    unsent(page),
    page.answer &&
      h(
        "p",
        { class: "sent", role: "status" },
        t("answered", { what: answerWords(page, page.answer) }),
      ),
    open && h("div", { class: "acts" }, ANSWERS.map(answer)),
  );
}

/** An assignment; `one.said` = a step just sent, `one.waiting` = what is not sent yet. */
export function assignmentCard(one, { done, deliver }) {
  const steps =
    one.said || one.waiting.some((what) => what !== "photo") ? [] : one.may;
  const first = steps.filter((step) => FIRST_STEPS.includes(step));
  const more = steps.filter((step) => !FIRST_STEPS.includes(step));
  const unsigned = one.state === "delivered" || one.state === "queued";
  const button = (step) =>
    act(t(`step.${step}`), () => takeStep(one, step, done, deliver), {
      class: step === first[0] ? "primary" : GRAVE.has(step) ? "danger" : null,
      "data-focus": `${one.assignment_id}-${step}`,
    });
  return h(
    "li",
    { class: `card ${one.level} ${isDrill(one) ? "drill" : ""}` },
    isDrill(one) &&
      h("p", { class: "stripes drill-band" }, h("span", {}, t("drill.banner"))),
    h(
      "div",
      { class: "row" },
      drillTag(one),
      level(one.level),
      chip(t(`assignment.${one.state}`)),
      one.attempt > 1 && chip(t("attempt", { n: one.attempt }), "bad"),
      one.late && chip(t("was.late"), "bad"),
      one.asked && chip(t(`step.${one.asked.step}`), "bad"),
    ),
    h("h3", {}, text(one.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, one.unit_name),
      h("span", {}, t("from", { unit: one.issuer_name })),
      h("span", {}, eventName(one.event_type)),
    ),
    one.instruction && h("p", { class: "body" }, text(one.instruction)),
    one.reason &&
      h(
        "p",
        { class: "body muted" },
        t(`reason.${one.state}`, {}, t("reason")),
        text(one.reason),
      ),
    photoRow(one.photos),
    steps.length > 0 &&
      (unsigned
        ? deadline(one.sign_by, "sign.left")
        : deadline(one.finish_by, "finish.left")),
    unsent(one),
    one.said &&
      h(
        "p",
        { class: "sent", role: "status" },
        t("step.sent", { what: t(`step.${one.said}`) }),
      ),
    first.length > 0 && h("div", { class: "acts" }, first.map(button)),
    (more.length > 0 || one.may.includes("report")) &&
      h(
        "details",
        { class: "more" },
        h("summary", {}, t("acts.more")),
        h(
          "div",
          { class: "acts" },
          one.may.includes("report") &&
            act(t("photo.send"), () => takePhotos(one, deliver), {
              "data-focus": `${one.assignment_id}-photo`,
            }),
          more.map(button),
        ),
      ),
  );
}

/** What is kept on the device and not with the server yet. */
function unsent(one) {
  return (
    one.waiting.length > 0 &&
    h(
      "p",
      { class: "unsent", role: "status" },
      t("unsent.one", { what: one.waiting.map(verbWords).join(t("and")) }),
    )
  );
}

/** Acts that wait as one line; what was refused each with its reason, until it has been read. */
export function unsentPanel(outbox) {
  const waiting = outbox.entries.filter((one) => !one.refused);
  const refused = outbox.entries.filter((one) => one.refused);
  const lost = (entry) =>
    h(
      "li",
      { class: "problem" },
      h(
        "p",
        {},
        h(
          "strong",
          {},
          t("refused.one", { what: verbWords(entry.about.verb) }),
        ),
        " ",
        text(entry.about.words),
      ),
      h(
        "p",
        {},
        t(
          `problem.${entry.refused.reason}`,
          {},
          `${entry.refused.title} ${entry.refused.detail}`,
        ),
      ),
      h(
        "div",
        { class: "buttons" },
        act(t("refused.again"), () => outbox.again(entry)),
        act(t("refused.read"), () => outbox.drop(entry)),
      ),
    );
  return [
    waiting.length > 0 &&
      h(
        "p",
        { class: "unsent" },
        t(outbox.lasting ? "unsent.n" : "unsent.n.passing", {
          n: waiting.length,
        }),
      ),
    refused.length > 0 &&
      h("ul", { class: "refused", role: "alert" }, refused.map(lost)),
  ];
}

const verbWords = (verb) =>
  t(`answer.${verb}`, {}, "") || t(`step.${verb}`, {}, "") || t(verb);

function deadline(iso, key) {
  const left = new Date(iso).getTime() - Date.now();
  const node = h("p", {
    class: `deadline ${left < 0 ? "late" : ""}`,
    "data-by": iso,
  });
  node.tick = (rest) =>
    t(rest < 0 ? `${key}.late` : key, { span: span(rest), time: when(iso) });
  node.textContent = node.tick(left);
  return node;
}
