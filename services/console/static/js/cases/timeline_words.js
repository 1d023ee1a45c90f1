// An entry of the timeline of a case in words, by the same keys as the printed file.

import { t } from "../lib/i18n.js";

/** @import { TimelineEntry } from "../types/cases.d.ts" */

/**
 * Return the event of an entry in words.
 * @param {TimelineEntry} entry
 */
export function entryWords(entry) {
  const { kind, what: event } = entry;
  switch (kind) {
    case "alert": {
      const level = entry.level ? ` (${t(`level.${entry.level}`)})` : "";
      return t("case.alert", { event: t(`transition.${event}`) }) + level;
    }
    case "command":
      return t("case.command", { event: t(`command.${event}`), n: entry.recipients ?? 0 });
    case "supervision":
      return supervisionWords(entry);
    case "mode":
      return t("case.mode", { mode: t(`mode.${entry.mode}`), event: t(`case.mode.${event}`) });
    case "acknowledgement":
      return t("case.acknowledgement", { event: t(`step.${event}`) });
    case "report": {
      const means = entry.means ? ` ${t(`means.${entry.means}`)}` : "";
      return t("case.report", { event: t(`report.${event}`) }) + means;
    }
    case "answer":
      return t("case.answer", { event: t(`answer.${event}`, {}, t(`page.${event}`)) });
    case "review":
      return t("case.review.written");
    default:
      return t(`case.${kind}`, { event: t(`${kind}.${event}`) }, kind);
  }
}

/** @param {TimelineEntry} entry */
function supervisionWords(entry) {
  const target = entry.target_name
    ? ` ${t("called", { unit: entry.target_name, post: t(`post.${entry.target_post}`) })}`
    : "";
  const event = t(`supervision.${entry.what}`, { rung: entry.rung });
  return t("case.supervision", { event, clock: t(`clock.${entry.clock}`) }) + target;
}

/**
 * Return the subject of an entry: a unit, or the number of units of a tier.
 * @param {TimelineEntry} entry
 */
export function entrySubject(entry) {
  const tier = t(`tier.${entry.tier}`);
  return entry.count > 1 ? t("case.units.n", { tier, n: entry.count }) : (entry.unit_name ?? tier);
}
