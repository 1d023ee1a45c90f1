// A line of a case's timeline in words: the same keys that the printed file uses.

import { t } from "../lib/i18n.js";

/** What happened. */
export function lineWords(one) {
  const { kind, what } = one;
  switch (kind) {
    case "alert":
      return (
        t("case.alert", { what: t(`transition.${what}`) }) +
        (one.level ? ` (${t(`level.${one.level}`)})` : "")
      );
    case "command":
      return t("case.command", {
        what: t(`command.${what}`),
        n: one.recipients ?? 0,
      });
    case "supervision": {
      const calling = one.target_name
        ? ` ${t("called", { unit: one.target_name, post: t(`post.${one.target_post}`) })}`
        : "";
      return (
        t("case.supervision", {
          what: t(`supervision.${what}`, { rung: one.rung }),
          clock: t(`clock.${one.clock}`),
        }) + calling
      );
    }
    case "mode":
      return t("case.mode", {
        mode: t(`mode.${one.mode}`),
        what: t(`case.mode.${what}`),
      });
    case "acknowledgement":
      return t("case.acknowledgement", { what: t(`step.${what}`) });
    case "report":
      return (
        t("case.report", { what: t(`report.${what}`) }) +
        (one.means ? ` ${t(`means.${one.means}`)}` : "")
      );
    case "answer":
      return t("case.answer", {
        what: t(`answer.${what}`, {}, t(`page.${what}`)),
      });
    case "review":
      return t("case.review.written");
    default:
      return t(`case.${kind}`, { what: t(`${kind}.${what}`) }, kind);
  }
}

/** Whom a line is about: a unit, or how many of a tier. */
export const lineWho = (one) =>
  one.count > 1
    ? t("case.units.n", { tier: t(`tier.${one.tier}`), n: one.count })
    : (one.unit_name ?? t(`tier.${one.tier}`));
