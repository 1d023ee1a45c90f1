// The tab of data sources 数据来源: those of the administered units, and beside them the chosen one.
// `#sources/gas-network` is its address.

import { button, cardClass, chip, panel } from "../../lib/components.js";
import { fill, h, renderList, text } from "../../lib/dom.js";
import { formatMoment, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { pagedList } from "../../lib/paged_list.js";
import { askNewSource } from "./source_acts.js";
import { sourcePanel } from "./source_panel.js";

/** @import { AdminTab, AdminTabContext } from "../../types/admin.d.ts" */
/** @import { Source } from "../../types/sources.d.ts" */

const RELOAD_MS = 5_000;

/**
 * Make the tab; the item of the context is the id of the chosen source.
 * @param {AdminTabContext} context
 * @returns {AdminTab}
 */
export function sourcesTab(context) {
  let chosenId = context.item;
  /** @type {Source[]} */
  let listed = [];
  const list = h("ul", { class: "cards limited", id: "source-list", tabindex: 0 });
  const report = h("div", { id: "source-report", role: "status" });
  const place = h("div", { id: "source" });
  const sources = pagedList(
    "/api/sources",
    "sources",
    (source) => source.source,
    () => load(),
  );
  const load = loader(
    list,
    () => context.current(sources.load({})),
    (answer) => {
      listed = answer.sources;
      draw();
      sources.show(answer);
    },
  );
  const detail = sourcePanel(context, showReport);
  const newButton = button(t("sources.new"), () => askNewSource(context.officer, showReport), {
    class: "primary",
    "data-focus": "new-source",
  });

  /**
   * Show what a change has brought, until the next change.
   * @param {HTMLElement} words
   */
  function showReport(words) {
    fill(report, words);
    report.scrollIntoView({ block: "nearest" });
    load();
    detail.load();
  }

  function draw() {
    const items = listed.map((item) => ({ ...item, isChosen: item.source === chosenId }));
    renderList(list, items, (item) => item.source, sourceCard, t("sources.none"));
  }

  function drawChosen() {
    fill(place, chosenId ? detail.node : h("p", { class: "empty" }, t("sources.choose")));
    detail.choose(chosenId);
  }

  drawChosen();
  const timer = setInterval(() => {
    if (!list.isConnected) clearInterval(timer);
    else if (!document.hidden) load();
  }, RELOAD_MS);
  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel(
          "admin.sources",
          h(
            "div",
            { class: "stack" },
            h("div", { class: "acts" }, newButton),
            report,
            list,
            sources.moreButton,
          ),
          sources.count,
        ),
      ),
      h("div", { class: "stack" }, panel("sources.chosen", place)),
    ),
    refresh: () => load(),
    go: (id) => {
      if (id === chosenId) return;
      chosenId = id;
      drawChosen();
      draw();
    },
  };
}

/** @param {Source & { isChosen: boolean }} source */
function sourceCard(source) {
  const { source: id, state, isChosen, last_received_at: received, refused } = source;
  return h(
    "li",
    { class: cardClass({}, isChosen ? "chosen" : null) },
    h(
      "div",
      { class: "row" },
      h(
        "h3",
        {},
        h(
          "a",
          {
            href: `#sources/${encodeURIComponent(id)}`,
            "aria-current": isChosen ? "true" : null,
            "data-focus": id,
          },
          text(source.name),
        ),
      ),
      state === "active" ? null : chip(t(`sources.state.${state}`), "bad"),
      refused > 0 && chip(t("sources.refused", { n: refused }), "warn"),
    ),
    h(
      "p",
      { class: "facts" },
      h("span", {}, id),
      h("span", {}, text(source.owner_name)),
      h(
        "span",
        {},
        received ? t("sources.received", { time: formatMoment(received) }) : t("sources.never"),
      ),
    ),
  );
}
