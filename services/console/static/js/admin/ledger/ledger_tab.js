// The tab of the ledger 资源编目: a search over the entries of the administered units, level by level
// for the units, and beside it the chosen entry. `#ledger/sensor:gauge-1` is its address.

import { button, cardClass, chip, panel } from "../../lib/components.js";
import { fill, h, renderList, text } from "../../lib/dom.js";
import { isChecked, select, textOf, valueOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { pagedList } from "../../lib/paged_list.js";
import { entryPanel } from "./entry_panel.js";

/** @import { LedgerLine } from "../../types/ledger.d.ts" */
/** @import { AdminTab, AdminTabContext } from "../../types/admin.d.ts" */

const TYPING_MS = 300;
const KINDS = ["unit", "group", "sensor", "data", "application", "topic", "service", "rule_pack"];

/**
 * Make the tab; the item of the context is the key of the chosen entry.
 * @param {AdminTabContext} context
 * @returns {AdminTab}
 */
export function ledgerTab(context) {
  let chosenKey = context.item;
  /** @type {{ unit: string, name: string }[]} */
  let path = [];
  /** @type {LedgerLine[]} */
  let listed = [];
  const list = h("ul", { class: "cards limited", id: "ledger-list", tabindex: 0 });
  const steps = h("div", { class: "acts", id: "ledger-path" });
  const place = h("div", { id: "ledger-entry" }, h("p", { class: "empty" }, t("ledger.choose")));
  const entries = pagedList(
    "/api/ledger",
    "entries",
    (entry) => entry.key,
    () => load(),
  );
  const filter = filterForm(context, requestLater);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typingTimer;

  function requestLater() {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(restart, TYPING_MS);
  }

  function restart() {
    entries.restart();
    load.restart();
  }

  const load = loader(
    list,
    () =>
      context.current(
        entries.load({
          place: valueOf(filter, "place"),
          kind: valueOf(filter, "kind"),
          q: textOf(filter, "q"),
          retired: isChecked(filter, "retired") ? "1" : "",
          below: path.at(-1)?.unit,
        }),
      ),
    (answer) => {
      listed = answer.entries;
      draw();
      entries.show(answer);
    },
  );

  /** @param {typeof path} next */
  function follow(next) {
    path = next;
    drawPath();
    restart();
  }

  function drawPath() {
    const topButton = button(t("ledger.whole"), () => follow([]), { "data-focus": "whole" });
    const links = path.map(({ unit, name }, index) =>
      button(name, () => follow(path.slice(0, index + 1)), { "data-focus": unit }),
    );
    fill(steps, path.length ? [topButton, links] : []);
  }

  function draw() {
    const items = listed.map((line) => ({ ...line, isChosen: line.key === chosenKey }));
    renderList(list, items, (line) => line.key, lineCard, t("ledger.none"));
  }

  /** @param {LedgerLine & { isChosen: boolean }} line */
  function lineCard(line) {
    const { key, kind, name, place: unit, place_name: placeName, retired, isChosen } = line;
    return h(
      "li",
      { class: cardClass({}, isChosen ? "chosen" : null) },
      h(
        "h3",
        {},
        h(
          "a",
          {
            href: `#ledger/${encodeURIComponent(key)}`,
            "aria-current": isChosen ? "true" : null,
            "data-focus": key,
          },
          text(name),
        ),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", {}, t(`ledger_kind.${kind}`)),
        h("span", {}, key.slice(kind.length + 1)),
        kind !== "unit" && placeName && h("span", {}, text(placeName)),
        retired && chip(t("ledger.retired"), "bad"),
      ),
      kind === "unit" &&
        unit &&
        !retired &&
        button(t("ledger.below"), () => follow([...path, { unit, name }])),
    );
  }

  function drawEntry() {
    if (chosenKey) fill(place, entryPanel(context, chosenKey));
  }

  drawEntry();
  return {
    node: h(
      "div",
      { class: "columns two" },
      h(
        "div",
        { class: "stack" },
        panel(
          "admin.ledger",
          h("div", { class: "stack" }, filter, steps, list, entries.moreButton),
          entries.count,
        ),
      ),
      h("div", { class: "stack" }, panel("ledger.entry", place)),
    ),
    refresh: () => load(),
    go: (key) => {
      if (key === chosenKey) return;
      chosenKey = key;
      drawEntry();
      draw();
    },
  };
}

/**
 * @param {AdminTabContext} context
 * @param {() => void} oninput
 */
function filterForm({ officer }, oninput) {
  const places = officer.administers.map(({ unit, name }) => /** @type {const} */ ([unit, name]));
  return h(
    "form",
    { class: "search", role: "search", onsubmit: (event) => event.preventDefault(), oninput },
    h(
      "label",
      { class: "grow" },
      t("ledger.words"),
      h("input", { type: "search", name: "q", maxlength: 80, autocomplete: "off" }),
    ),
    select(t("ledger.kind"), "kind", [
      ["", t("all")],
      ...KINDS.map((kind) => /** @type {const} */ ([kind, t(`ledger_kind.${kind}`)])),
    ]),
    places.length > 1 && select(t("place"), "place", places),
    h("label", {}, h("input", { type: "checkbox", name: "retired" }), t("ledger.retired")),
  );
}
