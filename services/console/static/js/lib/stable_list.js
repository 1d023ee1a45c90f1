// A list whose cards keep their places while somebody points at it; a button shows how many new
// cards stand at its end, and sorts them in.

import { CardOrder } from "./card_order.js";
import { button } from "./components.js";
import { clearList, renderList } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Make the list for `container`. `newButton` is an element to be placed by the caller.
 * @template {object} Item
 * @param {HTMLElement} container
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} make
 * @param {string} emptyKey
 */
export function stableList(container, keyOf, make, emptyKey) {
  /** @type {Item[]} */
  let latest = [];
  /** @type {Item[]} */
  let displayed = [];
  const newKeys = new Set();
  const order = new CardOrder(container, "*", redraw, sortIn);
  order.reset(false); // A board that nobody touches takes each new card where it belongs.
  const newButton = button(t("fresh.n", { n: 0 }), sortIn, {
    class: "primary new-cards",
    hidden: true,
  });

  function redraw() {
    draw();
  }

  function sortIn() {
    order.reset(false);
    newKeys.clear();
    draw();
  }

  /** Draw the latest items; return the keys of those that were not displayed before. */
  function draw() {
    const latestKeys = new Set(latest.map(keyOf));
    const settled = order.isTouched ? displayed.filter((item) => !latestKeys.has(keyOf(item))) : [];
    const isHeld = order.isStable && order.keys.length > 0;
    /** @type {string[]} */
    let added = [];
    order.draw(container, () => {
      displayed = order.arrange([...latest, ...settled], keyOf, () => true);
      added = renderList(container, displayed, keyOf, make, t(emptyKey));
    });
    if (isHeld) added.forEach((key) => newKeys.add(key));
    for (const key of newKeys) if (!latestKeys.has(key)) newKeys.delete(key);
    newButton.hidden = newKeys.size === 0;
    newButton.textContent = t("fresh.n", { n: newKeys.size });
    return added;
  }

  return {
    newButton,
    /**
     * Show these items, in the order of the server; return those that are new.
     * @param {readonly Item[]} items
     */
    show(items) {
      latest = [...items];
      const added = new Set(draw());
      return latest.filter((item) => added.has(keyOf(item)));
    },
    /** Forget the items: the next ones answer another question. */
    clear() {
      latest = [];
      displayed = [];
      newKeys.clear();
      order.reset(false);
      newButton.hidden = true;
      clearList(container);
    },
  };
}
