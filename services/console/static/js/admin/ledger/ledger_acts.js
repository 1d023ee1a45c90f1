// Changes of an entry of the ledger. A change can be tried before: the ledger then says what would
// be changed and what stands in the way, and changes nothing.

import { get, post, problemOf } from "../../lib/api.js";
import { button } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { fill, h, text } from "../../lib/dom.js";
import { textField, textOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";

/** @import { LedgerAct, LedgerDecision, LedgerVersion } from "../../types/ledger.d.ts" */

const POLL_MS = 500;
const MOST_POLLS = 60;
const MOST_LINES = 20;
const UNIT_PATTERN = "[0-9]{12}(/[a-z0-9_\\/]+)?";

/**
 * Make the buttons for the changes of an entry; `report` shows the decision on a change.
 * @param {LedgerVersion} version
 * @param {(words: HTMLElement) => void} report
 */
export function changeButtons(version, report) {
  const { key, entry, retired } = version;
  if (retired) return [];
  const { kind, name } = entry;
  const isPlaced = ["sensor", "group"].includes(kind);
  const isMergeable = kind === "unit" && !key.includes("/");
  const unit = key.slice(kind.length + 1);
  return [
    isPlaced && changeButton("move", name, report, (to) => ({ op: "move", keys: [key], to })),
    isMergeable && changeButton("merge", name, report, (into) => ({ op: "merge", unit, into })),
    changeButton("retire", name, report, () => ({ op: "retire", keys: [key] })),
  ];
}

/**
 * @param {"move" | "merge" | "retire"} verb
 * @param {string} name of the entry
 * @param {(words: HTMLElement) => void} report
 * @param {(unit: string) => LedgerAct} actOf
 */
function changeButton(verb, name, report, actOf) {
  const title = t(`ledger.do.${verb}`);

  function ask() {
    const outcome = h("div", { role: "status", class: "stack" });
    const field =
      verb !== "retire" &&
      textField(t(`ledger.do.${verb}.unit`), "unit", { pattern: UNIT_PATTERN, required: true });
    /** @param {HTMLFormElement} form */
    const act = (form) => actOf(textOf(form, "unit"));

    /** @param {MouseEvent} event */
    async function tryOut({ target }) {
      const form = target instanceof HTMLButtonElement ? target.form : null;
      if (!form?.reportValidity()) return;
      fill(outcome, t("loading"));
      try {
        const decision = await requestChange(act(form), textOf(form, "reason"), true);
        fill(outcome, decisionPart(decision, true));
      } catch (error) {
        fill(outcome, problemOf(error).text);
      }
    }

    confirmAction({
      title,
      subject: { place: null, headline: name },
      fields: [
        h("p", { class: "muted" }, t(`ledger.do.${verb}.note`)),
        field,
        button(t("ledger.try"), tryOut),
        outcome,
      ],
      type: verb === "move" ? undefined : name,
      reason: "required",
      danger: verb !== "move",
      send: async ({ reason, form }) =>
        report(decisionPart(await requestChange(act(form), reason, false), false)),
    });
  }

  return button(title, ask, { "data-focus": `ledger-${verb}` });
}

/**
 * Ask the ledger for a change, and return its decision; it is open when none comes in time.
 * @param {LedgerAct} act
 * @param {string} reason
 * @param {boolean} trial
 * @returns {Promise<LedgerDecision>}
 */
async function requestChange(act, reason, trial) {
  const { id } = await post("/api/ledger/requests", { act, reason, trial });
  for (let poll = 1; ; poll += 1) {
    const decision = await get(`/api/ledger/decisions/${id}`);
    if (decision.state !== "open" || poll === MOST_POLLS) return decision;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Make the words of a decision, with the changes and the reasons of refusal.
 * @param {LedgerDecision} decision
 * @param {boolean} trial
 */
function decisionPart({ state, changed, changes, refusals }, trial) {
  const words = t(`ledger.decision.${trial ? "trial." : ""}${state}`, { n: changed });
  return h(
    "div",
    { class: "stack ledger-decision" },
    h("p", { class: refusals.length ? "problem" : null }, words),
    h(
      "ul",
      { class: "plain-list" },
      refusals.map(({ reason, detail }) =>
        h("li", {}, `${t(`letter_reason.${reason}`, {}, reason)}: `, text(detail)),
      ),
      changes.slice(0, MOST_LINES).map(({ key, name, retired }) => {
        const verb = t(retired ? "ledger.change.retired" : "ledger.change.put");
        return h("li", {}, `${verb} ${key} `, text(name));
      }),
      changed > MOST_LINES && h("li", {}, t("and.more", { n: changed - MOST_LINES })),
    ),
  );
}
