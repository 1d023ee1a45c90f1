// The feed: the last lines of what happened.

import { drillTag, maskedText } from "../lib/components.js";
import { h, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { FeedLine } from "../types/page.d.ts" */

/**
 * Draw the last lines, the newest first.
 * @param {HTMLElement} container
 * @param {FeedLine[]} lines
 */
export function drawFeed(container, lines) {
  renderList(container, lines, (line) => line.seq, feedItem, t("feed.none"));
}

/** @param {FeedLine} line */
function feedItem(line) {
  return h(
    "li",
    {},
    h("time", {}, formatTime(line.at)),
    h(
      "span",
      { class: "description" },
      h("span", { class: `dot ${line.level ?? ""}`, "aria-hidden": "true" }),
      drillTag(line),
      h("span", {}, lineWords(line)),
      (line.headline || line.masked) && [" ", maskedText(line, line.headline)],
    ),
  );
}

/** @param {FeedLine} line */
function lineWords(line) {
  const place = line.unit_name;
  const level = line.level ? t(`level.${line.level}`) : "";
  const { state, transition, verb } = line;
  switch (line.kind) {
    case "alert":
      return t("line.alert", { place, level, event: t(`transition.${transition}`) });
    case "alarm":
      return t("line.alarm", { place, level, event: t(`alarm.${transition}`) });
    case "command": {
      const values = { place, level, event: t(`command.${state}`), n: line.recipients };
      return t("line.command", values);
    }
    case "assignments":
      return t("line.assignments", { place, n: line.count, event: t(`assignment.${state}`) });
    case "supervision":
      return t("line.supervision", {
        place,
        event: t(`supervision.${transition}`, { rung: line.rung }),
        clock: t(`clock.${line.clock}`),
        target: line.target_name,
        post: t(`post.${line.target_post}`),
      });
    case "page":
      return t("line.page", { place, post: t(`post.${line.post}`), event: t(`page.${state}`) });
    case "answer":
      return t("line.answer", { place, event: t(`answer.${verb}`) });
    case "mode": {
      const values = { place, mode: t(`mode.${line.mode}`), event: t(`proposal.${state}`) };
      return t("line.mode", values);
    }
    case "sensor":
      return t("line.sensor", { place, name: line.sensor_name, event: t(`sensor.${state}`) });
    default:
      return line.kind;
  }
}
