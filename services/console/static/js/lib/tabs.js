// Tabs by the ARIA pattern: the chosen tab is in the tab order, arrow keys move between tabs.

import { h } from "./dom.js";

/**
 * Make tabs; the first is chosen. `choose(name)` shows another tab.
 * @param {string} id
 * @param {string} label
 * @param {[name: string, words: string, content: HTMLElement][]} tabs
 */
export function tabList(id, label, tabs) {
  const buttons = tabs.map(([name, words]) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${id}-${name}`,
        "aria-controls": `${id}-${name}-part`,
        onclick: () => choose(name),
      },
      words,
    ),
  );
  const panels = tabs.map(([name, , content]) =>
    h(
      "div",
      { role: "tabpanel", id: `${id}-${name}-part`, "aria-labelledby": `${id}-${name}` },
      content,
    ),
  );

  /**
   * @param {string} chosenName
   * @param {boolean} [focus]
   */
  function choose(chosenName, focus = false) {
    tabs.forEach(([name], index) => {
      const isChosen = name === chosenName;
      buttons[index].setAttribute("aria-selected", String(isChosen));
      buttons[index].tabIndex = isChosen ? 0 : -1;
      panels[index].hidden = !isChosen;
      if (isChosen && focus) buttons[index].focus();
    });
  }

  /** @param {KeyboardEvent} event */
  function moveWithArrows(event) {
    const index = buttons.findIndex((tab) => tab === document.activeElement);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || index < 0) return;
    event.preventDefault();
    choose(tabs[(index + step + tabs.length) % tabs.length][0], true);
  }

  choose(tabs[0][0]);
  const row = h(
    "div",
    { class: "tab-row", role: "tablist", "aria-label": label, onkeydown: moveWithArrows },
    buttons,
  );
  return { node: h("div", { class: "tabbed" }, row, panels), choose };
}
