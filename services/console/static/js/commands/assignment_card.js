// One unit's assignment with everything that is known of it, and the steps that may be taken.

import { h, text } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import { chip, drillTag, isDrill, level, openWords } from "../lib/components.js";
import { photoRow } from "../lib/photos.js";
import { stepButtons } from "./assignment_steps.js";

/** A card; `done` is called after a step. */
export function assignmentItem(one, done) {
  const unsigned = one.state === "delivered" || one.state === "queued";
  return h(
    "li",
    { class: `card ${one.level} ${isDrill(one) ? "drill" : ""}` },
    h(
      "div",
      { class: "row" },
      drillTag(one),
      level(one.level),
      chip(t(`assignment.${one.state}`)),
      one.attempt > 1 && chip(t("attempt", { n: one.attempt }), "bad"),
      one.late && chip(t("was.late"), "bad"),
      one.asked && chip(t(`step.${one.asked.step}`), "bad"),
      h(
        "span",
        { class: "tail" },
        unsigned
          ? t("sign.by", { time: when(one.sign_by) })
          : t("finish.by", { time: when(one.finish_by) }),
      ),
    ),
    h("h3", {}, openWords(one, one.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, one.unit_name),
      h("span", {}, t("from", { unit: one.issuer_name })),
      one.synthetic && h("span", {}, t("synthetic")),
    ),
    one.instruction && text(one.instruction, "p"),
    one.reason &&
      h(
        "p",
        { class: "muted" },
        t(`reason.${one.state}`, {}, t("reason")),
        text(one.reason),
      ),
    one.asked?.text &&
      h("p", { class: "muted" }, t("reason"), text(one.asked.text)),
    photoRow(one.photos),
    one.may.length > 0 && h("div", { class: "acts" }, stepButtons(one, done)),
  );
}
