// The board of the response modes: the mode in force with the unit that decided it, the proposals,
// and the form for a proposal.

import { get, post, problemOf } from "../lib/api.js";
import { button, cardClass, chip, drillTag, optionsOf, panel } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { momentField, momentOf, select, selectOf, unitPicker, valueOf } from "../lib/forms.js";
import { currentLanguage, formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";

/** @import { EffectiveMode, ModePreview, ModeProposal, ModesAnswer } from "../types/modes.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const PROPOSABLE_MODES = ["emergency", "standby", "recovery"];
const SIGNATURES_NEEDED = 2;

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function modesBoard(context) {
  const current = h("div", { id: "mode-now" });
  const below = h("ol", { class: "lines", id: "modes-below" });
  const proposals = h("ul", { class: "cards", id: "proposals" });
  const load = loader(
    [current, below, proposals],
    () => context.current(get("/api/modes", { status: context.status })),
    draw,
  );

  /** @param {ModesAnswer} modes */
  function draw(modes) {
    fill(
      current,
      h("p", { class: `mode-word ${modes.mode}` }, t(`mode.${modes.mode}`)),
      h("p", { class: "muted" }, deciderText(modes) ?? t("mode.nobody")),
      button(t("mode.propose"), () => proposeMode(context, load), {
        class: "primary",
        id: "propose",
      }),
    );
    renderList(below, modes.below, (mode) => mode.unit, modeItem, t("modes.none.below"));
    renderList(
      proposals,
      modes.proposals,
      (proposal) => proposal.proposal_id,
      (proposal) => proposalCard(proposal, load),
      t("proposals.none"),
    );
  }

  return {
    node: h(
      "div",
      { class: "columns two" },
      h("div", { class: "stack" }, panel("modes.title", current), panel("modes.below", below)),
      h("div", { class: "stack" }, panel("proposals.title", proposals)),
    ),
    refresh: load,
    line: ({ kind }) => {
      if (kind === "mode") load();
    },
  };
}

/** @param {EffectiveMode} mode */
const deciderText = ({ decided_at_name: unit }) => unit && t("mode.by", { unit });

/** @param {ModePreview} preview */
const previewText = (preview) => (currentLanguage() === "en" ? preview.en : preview.zh);

/** @param {EffectiveMode} mode */
const modeItem = (mode) =>
  h(
    "li",
    {},
    h("span", {}, chip(t(`mode.${mode.mode}`))),
    h("span", { class: "description" }, mode.unit_name),
    h("span", { class: "muted" }, deciderText(mode)),
  );

/**
 * @param {ModeProposal} proposal
 * @param {() => void} refresh
 */
function proposalCard(proposal, refresh) {
  const signed = proposal.signatures.length;
  const posts = proposal.next_posts.map((code) => t(`post.${code}`)).join(t("and"));
  const needsSignature = posts && proposal.state !== "decided";
  const deadline = proposal.decide_by;
  /** @param {string} verb */
  const verbButton = (verb) =>
    button(t(`proposal.do.${verb}`), () => decideProposal(proposal, verb, refresh), {
      class: verb === "approve" ? "primary" : "danger",
      "data-focus": `${proposal.proposal_id}-${verb}`,
    });
  return h(
    "li",
    { class: cardClass(proposal) },
    h(
      "div",
      { class: "row" },
      drillTag(proposal),
      h("strong", {}, t(`mode.${proposal.mode}`)),
      chip(t(`proposal.${proposal.state}`)),
      h("span", { class: "tail" }, formatTime(proposal.sent_at)),
    ),
    h("h3", {}, proposal.unit_name),
    h("p", {}, previewText(proposal.preview)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, t("mode.until", { time: formatTime(proposal.until) })),
      h("span", {}, t("next.signed", { signed, needed: SIGNATURES_NEEDED })),
      deadline && h("span", {}, t("decide.by", { time: formatTime(deadline) })),
    ),
    proposal.reason && text(proposal.reason, "p"),
    needsSignature && h("p", { class: "muted" }, t("mode.waits", { posts })),
    h("div", { class: "acts" }, proposal.may.map(verbButton)),
  );
}

/**
 * @param {ModeProposal} proposal
 * @param {string} verb
 * @param {() => void} refresh
 */
function decideProposal(proposal, verb, refresh) {
  const approves = verb === "approve";
  const typed = verb === "reject" ? proposal.unit_name : t(`mode.${proposal.mode}`);
  confirmAction({
    title: t(`proposal.do.${verb}`),
    subject: {
      status: proposal.status,
      place: proposal.unit_name,
      headline: approves ? previewText(proposal.preview) : proposal.reason,
    },
    type: confirmationText(proposal, typed),
    reason: "optional",
    danger: !approves,
    send: async ({ reason }) => {
      const body = { version: proposal.version, reason };
      await post(`/api/modes/proposals/${proposal.proposal_id}/${verb}`, body);
      refresh();
    },
  });
}

/**
 * @param {BoardContext} context
 * @param {() => void} refresh
 */
function proposeMode(context, refresh) {
  const { me: officer, status } = context;
  const picker = unitPicker(t("unit"), { unit: officer.unit, name: officer.unit_name });
  const modeField = select(t("mode"), "mode", optionsOf(PROPOSABLE_MODES, "mode"));
  const outcome = h("p", { class: "figures", "aria-live": "polite", id: "mode-preview" });
  const key = crypto.randomUUID();

  async function showPreview() {
    const query = { unit: picker.value, mode: selectOf(modeField).value, status };
    try {
      fill(outcome, previewText(await get("/api/modes/preview", query)));
    } catch (error) {
      fill(outcome, problemOf(error).text);
    }
  }
  picker.addEventListener("change", showPreview);
  modeField.addEventListener("change", showPreview);
  showPreview();
  confirmAction({
    title: t("mode.propose"),
    subject: { status, place: officer.unit_name, headline: t("mode.two") },
    fields: [picker, modeField, momentField(t("until"), "until", 12), outcome],
    type: () => confirmationText(context, picker.unit.name),
    reason: "required",
    send: async ({ reason, form }) => {
      const body = {
        unit: picker.value,
        mode: valueOf(form, "mode"),
        until: momentOf(form, "until"),
        reason,
        status,
      };
      await post("/api/modes/proposals", body, key);
      refresh();
    },
  });
}
