// The two kinds of card on the phone.

import { h, text } from "./dom.js";
import { span, t, when } from "./i18n.js";
import { act, chip, drillTag, eventName, isDrill, level } from "./parts.js";
import { takeStep } from "./steps.js";

const ANSWERS = ["coming", "cannot", "hand_over"];
const OWN_STEPS = ["sign", "report", "return"];

/** A page. `say(page, verb, words, trouble)` answers, `opened()` is called when it is opened. */
export function pageCard(page, { open, say, opened }) {
  const trouble = h("p", { class: "problem", role: "alert", hidden: true });
  const words = h("textarea", { maxlength: 400, "aria-label": t("answer.words"), placeholder: t("answer.words") });
  const answer = (verb) =>
    act(
      t(`answer.${verb}`),
      async (event) => {
        event.currentTarget.disabled = true;
        await say(page, verb, words.value.trim(), trouble);
        event.target.disabled = false;
      },
      { class: verb === "coming" ? "primary" : null, "data-focus": `${page.page_id}-${verb}` },
    );
  return h(
    "li",
    { class: `card ${page.level} ${isDrill(page) ? "drill" : ""}` },
    isDrill(page) && h("p", { class: "stripes drill-band" }, h("span", {}, t("drill.banner"))),
    h("div", { class: "row" }, drillTag(page), level(page.level), page.rung > 0 && chip(t("rung", { n: page.rung }), "bad"), page.resend && chip(t("resend")), h("span", { class: "tail" }, when(page.sent_at))),
    h("h3", {}, text(page.headline)),
    h("p", { class: "facts" }, h("span", {}, page.unit_name), h("span", {}, t(`post.${page.post}`)), h("span", {}, t(`page.${page.state}`))),
    h(
      "details",
      { ontoggle: (event) => event.currentTarget.open && opened() },
      h("summary", {}, t("details")),
      page.text ? text(page.text, "p") : h("p", { class: "faint" }, t("no.text")),
      open && words,
    ),
    open && deadline(page.answer_by, "answer.by"),
    page.answer && h("p", { class: "sent", role: "status" }, t("answered", { what: t(`answer.${page.answer}`) })),
    trouble,
    open && h("div", { class: "acts" }, ANSWERS.map(answer)),
  );
}

/** An assignment. `said` = a step just sent; `done(one, step)` is called after one. */
export function assignmentCard(one, { said, done }) {
  const steps = said ? [] : OWN_STEPS.filter((step) => one.may.includes(step));
  const unsigned = one.state === "delivered" || one.state === "queued";
  return h(
    "li",
    { class: `card ${one.level} ${isDrill(one) ? "drill" : ""}` },
    isDrill(one) && h("p", { class: "stripes drill-band" }, h("span", {}, t("drill.banner"))),
    h("div", { class: "row" }, drillTag(one), level(one.level), chip(t(`assignment.${one.state}`)), one.attempt > 1 && chip(t("attempt", { n: one.attempt }), "bad"), one.late && chip(t("was.late"), "bad")),
    h("h3", {}, text(one.title)),
    h("p", { class: "facts" }, h("span", {}, one.unit_name), h("span", {}, t("from", { unit: one.issuer_name })), h("span", {}, eventName(one.event_type))),
    one.instruction && h("p", { class: "body" }, text(one.instruction)),
    one.reason && h("p", { class: "body muted" }, t("reason"), text(one.reason)),
    steps.length > 0 && (unsigned ? deadline(one.sign_by, "sign.left") : deadline(one.finish_by, "finish.left")),
    said && h("p", { class: "sent", role: "status" }, t("step.sent", { what: t(`step.${said}`) })),
    steps.length > 0 &&
      h(
        "div",
        { class: "acts" },
        steps.map((step, n) =>
          act(t(`step.${step}`), () => takeStep(one, step, done), {
            class: n === 0 ? "primary" : step === "return" ? "danger" : null,
            "data-focus": `${one.assignment_id}-${step}`,
          }),
        ),
      ),
  );
}

function deadline(iso, key) {
  const left = new Date(iso).getTime() - Date.now();
  const node = h("p", { class: `deadline ${left < 0 ? "late" : ""}`, "data-by": iso });
  node.tick = (rest) => t(rest < 0 ? `${key}.late` : key, { span: span(rest), time: when(iso) });
  node.textContent = node.tick(left);
  return node;
}
