// The panel of the warnings of other agencies that hold or will hold: whose, where, until when.

import { sendAll } from "../commands/assignment_steps.js";
import { composeCommand } from "../commands/command_composer.js";
import { openIncidentForm } from "../incidents/incident_form.js";
import { get } from "../lib/api.js";
import { button, chip, drillTag, levelBadge, maskedText, panel } from "../lib/components.js";
import { h, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";
import { senderOf } from "../lib/warning_origin.js";

/** @import { AgencyWarning } from "../types/alerts.d.ts" */
/** @import { Child } from "../types/dom.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const BRIEF_SIZE = 3;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Make the panel. It loads itself anew when a warning begins or ends. A brief one has the gravest
 * warnings alone, with a link to the board of all, and is there only while there are any.
 * @param {BoardContext} context
 * @param {{ isBrief?: boolean }} [variant]
 */
export function agencyWarnings(context, { isBrief = false } = {}) {
  const node = h("ol", { class: "lines", id: "agency-warnings" });
  const list = pagedList(
    "/api/warnings",
    "warnings",
    (warning) => warning.warning_id,
    () => load(),
    isBrief ? BRIEF_SIZE : PAGE_SIZE,
  );
  const all = { href: "#alarms", "aria-label": t("warnings.title") };
  const tail = isBrief ? h("a", all, list.count) : list.count;
  const box = panel("warnings.title", [node, !isBrief && list.moreButton], tail);
  box.hidden = isBrief;
  const load = loader(
    node,
    async () => {
      try {
        return await context.current(list.load({ status: context.status }));
      } catch (error) {
        box.hidden = false;
        throw error;
      }
    },
    (answer) => {
      box.hidden = isBrief && !answer.warnings.length;
      renderList(
        node,
        answer.warnings,
        (warning) => warning.warning_id,
        (warning) => warningItem(warning, isBrief ? null : actsOf(warning)),
        t("warnings.none"),
      );
      list.show(answer);
      showWholeEntries();
      waitForChange(answer.warnings);
    },
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  if (isBrief) new ResizeObserver(showWholeEntries).observe(node);

  /** Hide the last entries of a brief panel without room; the count says how many there are. */
  function showWholeEntries() {
    if (!isBrief) return;
    const entries = [...node.querySelectorAll("li")];
    for (const entry of entries) entry.hidden = false;
    let entryCount = entries.length;
    while (entryCount > 1 && node.scrollHeight > node.clientHeight + 1) {
      entryCount -= 1;
      entries[entryCount].hidden = true;
    }
    list.recount(entryCount);
  }

  /**
   * Load again at the next moment at which a warning begins or ends.
   * @param {readonly AgencyWarning[]} warnings
   */
  function waitForChange(warnings) {
    clearTimeout(timer);
    const moments = warnings.map((warning) =>
      new Date(warning.in_force ? warning.ends_at : warning.starts_at).getTime(),
    );
    const wait = Math.min(LONGEST_WAIT_MS, ...moments.map((moment) => moment - Date.now()));
    timer = setTimeout(() => node.isConnected && load(), Math.max(wait, 0) + 1_000);
  }

  /**
   * Open the form for a command with the words and areas of a warning.
   * @param {AgencyWarning} warning
   */
  async function orderBecauseOf({ warning_id: id, status }) {
    const proposed = await context.current(get(`/api/warnings/${id}/command`, { status }));
    if (proposed) composeCommand(context.officer, status, context.reload, proposed);
  }

  /**
   * Open the form for a new incident with the words and the place of a warning.
   * @param {AgencyWarning} warning
   */
  async function reportBecauseOf({ warning_id: id }) {
    const proposed = await context.current(get(`/api/warnings/${id}/incident`));
    if (proposed) openIncidentForm(context.officer, sendAll, "incident.sent", proposed);
  }

  /**
   * Make the buttons for what the officer may do because of a warning.
   * @param {AgencyWarning} warning
   */
  const actsOf = (warning) => [
    warning.may_report &&
      button(t("warning.incident"), () => reportBecauseOf(warning), {
        "data-focus": `${warning.warning_id}-incident`,
      }),
    warning.may_command &&
      button(t("warning.command"), () => orderBecauseOf(warning), {
        "data-focus": `${warning.warning_id}-command`,
      }),
  ];

  return { load, panel: box };
}

/**
 * @param {AgencyWarning} warning
 * @param {Child[] | null} acts null makes a brief entry
 */
function warningItem(warning, acts) {
  const hidden = warning.areas - warning.area_names.length;
  const areas = warning.area_names.join(t("and"));
  return h(
    "li",
    {},
    h("span", {}, warning.level ? levelBadge(warning.level) : ""),
    h(
      "span",
      { class: "description" },
      drillTag(warning),
      maskedText(warning, warning.headline),
      h("br"),
      h(
        "span",
        { class: "muted" },
        `${senderOf(warning)} · ${areas}`,
        hidden > 0 && ` ${t("warning.areas", { n: warning.areas })}`,
      ),
      !warning.in_force && [" ", chip(t("warning.later"))],
    ),
    h(
      "span",
      {},
      (acts || !warning.in_force) && [
        h("time", {}, t("warning.from", { time: formatTime(warning.starts_at) })),
        h("br"),
      ],
      h("time", {}, t("warning.to", { time: formatTime(warning.ends_at) })),
      acts?.some(Boolean) && h("span", { class: "acts" }, acts),
    ),
  );
}
