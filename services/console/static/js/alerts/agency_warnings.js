// The panel of the warnings of other agencies that hold or will hold: whose, where, until when.

import { chip, drillTag, levelBadge, maskedText, panel } from "../lib/components.js";
import { h, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";

/** @import { AgencyWarning } from "../types/alerts.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 50;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Make the panel. It loads itself anew when a warning begins or ends.
 * @param {BoardContext} context
 */
export function agencyWarnings(context) {
  const node = h("ol", { class: "lines", id: "agency-warnings" });
  const list = pagedList(
    "/api/warnings",
    "warnings",
    (warning) => warning.warning_id,
    () => load(),
    PAGE_SIZE,
  );
  const load = loader(
    node,
    () => context.current(list.load({ status: context.status })),
    (answer) => {
      renderList(
        node,
        answer.warnings,
        (warning) => warning.warning_id,
        warningItem,
        t("warnings.none"),
      );
      list.show(answer);
      waitForChange(answer.warnings);
    },
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

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

  return { load, panel: panel("warnings.title", [node, list.moreButton], list.count) };
}

/** @param {AgencyWarning} warning */
function warningItem(warning) {
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
        `${warning.source_id} · ${areas}`,
        hidden > 0 && ` ${t("warning.areas", { n: warning.areas })}`,
      ),
      !warning.in_force && [" ", chip(t("warning.later"))],
    ),
    h(
      "span",
      {},
      h("time", {}, t("warning.from", { time: formatTime(warning.starts_at) })),
      h("br"),
      h("time", {}, t("warning.to", { time: formatTime(warning.ends_at) })),
    ),
  );
}
