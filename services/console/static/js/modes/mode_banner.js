// The band with the response mode of the officer's unit and the unit that decided it.

import { fill, h } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { ModesAnswer } from "../types/modes.d.ts" */

/**
 * Draw the band of an unknown mode; `words` give the reason.
 * @param {HTMLElement} band
 * @param {string} words
 */
export function drawUnknownMode(band, words) {
  band.hidden = false;
  band.className = "mode-band";
  fill(band, h("span", { class: "muted" }, `${t("mode")} ${words}`));
}

/**
 * Draw the band; it is hidden in normal times when no proposal needs a decision.
 * @param {HTMLElement} band
 * @param {ModesAnswer} modes
 */
export function drawMode(band, modes) {
  const proposals = modes.proposals.filter((proposal) => proposal.may.includes("approve"));
  const isNormal = modes.mode === "normal";
  const { decided_at: unit, decided_at_name: unitName } = modes;
  const decision = modes.proposals.find(
    (proposal) => proposal.state === "decided" && proposal.unit === unit,
  );
  band.hidden = isNormal && !proposals.length;
  band.className = `mode-band ${modes.mode}`;
  fill(
    band,
    h("strong", {}, t("mode.is", { unit: modes.unit_name, mode: t(`mode.${modes.mode}`) })),
    !isNormal && unitName && h("span", {}, t("mode.by", { unit: unitName })),
    decision && h("span", {}, t("mode.until", { time: formatTime(decision.until) })),
    proposals.length > 0 && h("a", { href: "#modes" }, t("mode.waiting", { n: proposals.length })),
  );
}
