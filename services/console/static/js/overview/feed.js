// Supervision and the feed of what happened.

import { h, list } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import { chip, drillTag, level, openWords } from "../lib/components.js";

/** Draw what the timers found. */
export function drawSupervision(container, items) {
  list(
    container,
    items,
    (one) => `${one.assignment_id}-${one.clock}`,
    supervised,
    t("supervision.none"),
  );
}

function supervised(one) {
  const grave = one.kind === "escalated" || one.kind === "overdue";
  return h(
    "li",
    {},
    h(
      "span",
      {},
      chip(
        t(`supervision.${one.kind}`, { rung: one.rung }),
        grave ? "bad" : "",
      ),
    ),
    h(
      "span",
      { class: "what" },
      drillTag(one),
      `${one.unit_name} ${t(`clock.${one.clock}`)} `,
      h(
        "span",
        { class: "muted" },
        t("called", {
          unit: one.target_name,
          post: t(`post.${one.target_post}`),
        }),
      ),
      h("br"),
      openWords(one, one.title),
    ),
    h("span", {}, level(one.level), " ", h("time", {}, when(one.due_at))),
  );
}

/** Draw the last lines, the newest first. */
export function drawFeed(container, lines) {
  list(container, lines, (one) => one.seq, feedLine, t("feed.none"));
}

function feedLine(line) {
  return h(
    "li",
    {},
    h("time", {}, when(line.at)),
    h(
      "span",
      { class: "what" },
      h("span", { class: `dot ${line.level ?? ""}`, "aria-hidden": "true" }),
      drillTag(line),
      h("span", {}, words(line)),
      (line.headline || line.masked) && [" ", openWords(line, line.headline)],
    ),
  );
}

function words(line) {
  const place = line.unit_name;
  const shade = line.level ? t(`level.${line.level}`) : "";
  switch (line.kind) {
    case "alert":
      return t("line.alert", {
        place,
        level: shade,
        what: t(`transition.${line.transition}`),
      });
    case "alarm":
      return t("line.alarm", {
        place,
        level: shade,
        what: t(`alarm.${line.transition}`),
      });
    case "command":
      return t("line.command", {
        place,
        level: shade,
        what: t(`command.${line.state}`),
        n: line.recipients,
      });
    case "assignments":
      return t("line.assignments", {
        place,
        n: line.count,
        what: t(`assignment.${line.state}`),
      });
    case "supervision":
      return t("line.supervision", {
        place,
        what: t(`supervision.${line.transition}`, { rung: line.rung }),
        clock: t(`clock.${line.clock}`),
        target: line.target_name,
        post: t(`post.${line.target_post}`),
      });
    case "page":
      return t("line.page", {
        place,
        post: t(`post.${line.post}`),
        what: t(`page.${line.state}`),
      });
    case "answer":
      return t("line.answer", { place, what: t(`answer.${line.verb}`) });
    case "mode":
      return t("line.mode", {
        place,
        mode: t(`mode.${line.mode}`),
        what: t(`proposal.${line.state}`),
      });
    case "sensor":
      return t("line.sensor", {
        place,
        name: line.sensor_name,
        what: t(`sensor.${line.state}`),
      });
    default:
      return line.kind;
  }
}
