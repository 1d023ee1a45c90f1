// The officer's own drafts of commands, above the form for a command: go on with one, or delete it.

import { get, problemOf, put, remove } from "../lib/api.js";
import { button } from "../lib/components.js";
import { fill, h, text } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { CommandDraft } from "../types/commands.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

/** Return the id of a new draft. */
export const newDraftId = () => `dft-${crypto.randomUUID()}`;

/**
 * Make the list of drafts; it is empty while there is none.
 * @param {Status} status drafts of drills stand apart
 * @param {(draft: CommandDraft) => void} onChoose
 */
export function draftList(status, onChoose) {
  const node = h("div", { class: "drafts", "aria-live": "polite" });

  async function load() {
    try {
      const { drafts } = await get("/api/command-drafts");
      draw(drafts.filter((draft) => draft.status === status));
    } catch (error) {
      fill(node, h("p", { class: "muted" }, problemOf(error).text));
    }
  }

  /** @param {CommandDraft[]} drafts */
  function draw(drafts) {
    if (!drafts.length) {
      fill(node);
      return;
    }
    fill(
      node,
      h(
        "details",
        {},
        h("summary", {}, t("drafts.own", { n: drafts.length })),
        h("ul", {}, drafts.map(draftItem)),
      ),
    );
  }

  /** @param {CommandDraft} draft */
  function draftItem(draft) {
    return h(
      "li",
      {},
      draft.title ? text(draft.title) : h("span", { class: "muted" }, t("drafts.untitled")),
      h("span", { class: "muted" }, ` ${formatTime(draft.changed_at)} `),
      button(t("drafts.open"), () => onChoose(draft), {
        "data-focus": `${draft.draft_id}-open`,
      }),
      button(t("drafts.delete"), () => deleteDraft(draft.draft_id), {
        class: "plain",
        "data-focus": `${draft.draft_id}-delete`,
      }),
    );
  }

  /** @param {string} draftId */
  async function deleteDraft(draftId) {
    await remove(`/api/command-drafts/${draftId}`);
    await load();
  }

  load();
  return {
    node,
    /**
     * Store a draft and show the list anew.
     * @param {string} draftId
     * @param {object} body
     */
    save: async (draftId, body) => {
      await put(`/api/command-drafts/${draftId}`, body);
      await load();
    },
  };
}
