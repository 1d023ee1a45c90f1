// In which response mode the viewer's unit is, from whose decision: a band that no other thing looks like.

import { fill, h } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";

/** Draw the band of a mode that is not known: `words` say why. */
export function drawNoMode(band, words) {
  band.hidden = false;
  band.className = "mode-band";
  fill(band, h("span", { class: "muted" }, `${t("mode")} ${words}`));
}

/** Draw the band; hidden in normal times when nothing waits for a decision. */
export function drawMode(band, modes) {
  const waiting = modes.proposals.filter((one) =>
    one.may.includes("approve"),
  ).length;
  const normal = modes.mode === "normal";
  band.hidden = normal && !waiting;
  band.className = `mode-band ${modes.mode}`;
  const by =
    modes.decided_at_name && t("mode.by", { unit: modes.decided_at_name });
  const decided = modes.proposals.find(
    (one) => one.state === "decided" && one.unit === modes.decided_at,
  );
  fill(
    band,
    h(
      "strong",
      {},
      t("mode.is", { unit: modes.unit_name, mode: t(`mode.${modes.mode}`) }),
    ),
    !normal && by && h("span", {}, by),
    decided && h("span", {}, t("mode.until", { time: when(decided.until) })),
    waiting > 0 &&
      h("a", { href: "#modes" }, t("mode.waiting", { n: waiting })),
  );
}
