// The review of a case: read with the live state of its findings, written once when nothing is open.

import { post } from "../lib/api.js";
import { area, ask, typedName } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import { line, moment, momentOf, unitPicker } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { act, chip } from "../lib/components.js";

const WEEK_H = 168;
const MOST = 20;

/** What there is of a review, or how to write one. */
export function reviewPart(ctx, found, done) {
  if (found.review) return written(found.review);
  if (found.may_review)
    return [
      h("p", {}, t("case.review.ready")),
      h(
        "div",
        { class: "acts" },
        act(t("case.review.write"), () => write(ctx, found, done), {
          class: "primary",
          id: "write-review",
        }),
      ),
    ];
  return h(
    "p",
    { class: "empty" },
    t(found.state === "open" ? "case.review.open" : "case.review.none"),
  );
}

function written(review) {
  return [
    h("p", { class: "muted" }, `${review.unit_name} · ${when(review.sent_at)}`),
    text(review.text, "p"),
    h("h3", {}, t("case.findings")),
    review.findings.length
      ? h("ul", { class: "cards" }, review.findings.map(finding))
      : h("p", { class: "empty" }, t("case.findings.none")),
  ];
}

function finding(one, n) {
  const state = one.state ? t(`assignment.${one.state}`) : t("finding.waiting");
  return h(
    "li",
    { class: "card blue" },
    h(
      "div",
      { class: "row" },
      h("strong", {}, n + 1),
      chip(state),
      one.overdue && chip(t("supervision.overdue"), "bad"),
      h(
        "span",
        { class: "tail" },
        t("finish.by", { time: when(one.finish_by) }),
      ),
    ),
    h("h3", {}, text(one.title)),
    h("p", { class: "facts" }, h("span", {}, one.owner_name)),
    one.instruction && text(one.instruction, "p"),
  );
}

function write(ctx, found, done) {
  const key = crypto.randomUUID();
  const rows = h("div", { class: "stack", id: "findings" });
  const add = act(
    t("case.finding.add"),
    () => {
      rows.append(row());
      rows.lastChild.querySelector("[name=finding_title]").focus();
      add.disabled = rows.children.length >= MOST;
    },
    { id: "finding-add" },
  );

  function row() {
    const owner = unitPicker(t("case.finding.owner"), {
      unit: ctx.me.unit,
      name: ctx.me.unit_name,
    });
    const node = h(
      "fieldset",
      { class: "part" },
      h("legend", {}, t("case.finding")),
      line(t("case.finding.title"), "finding_title", { required: true }),
      h(
        "label",
        {},
        t("compose.instruction"),
        h("textarea", { name: "finding_instruction", maxlength: 4000 }),
      ),
      owner,
      moment(t("case.finding.until"), "finding_until", WEEK_H),
      h(
        "div",
        { class: "acts" },
        act(t("part.remove"), () => {
          node.remove();
          add.disabled = false;
          add.focus();
        }),
      ),
    );
    node.read = () => ({
      owner: owner.value,
      title: node.querySelector("[name=finding_title]").value.trim(),
      instruction: node
        .querySelector("[name=finding_instruction]")
        .value.trim(),
      finish_by: momentOf(node.querySelector("[name=finding_until]")),
    });
    return node;
  }

  ask({
    words: t("case.review.write"),
    about: {
      status: found.status,
      place: found.root_name,
      headline: found.title,
    },
    fields: [
      h("p", { class: "muted" }, t("case.review.once")),
      area(t("case.review.text"), "review", 4000, true),
      rows,
      h("div", { class: "acts" }, add),
    ],
    type: typedName(found, found.root_name),
    send: async ({ form }) => {
      const findings = [...rows.children].map((one) => one.read());
      await post(
        `/api/cases/${encodeURIComponent(found.case_id)}/review`,
        { text: form.elements.review.value.trim(), findings },
        key,
      );
      done();
    },
  });
}
