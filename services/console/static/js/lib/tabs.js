// Tabs by the ARIA pattern: one is in the tab order, arrows go between them.

import { h } from "./dom.js";

/** `parts` = [name, words, node]; the first is chosen. `choose(name)` shows another one. */
export function tabs(id, label, parts) {
  const buttons = parts.map(([name, words]) =>
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
  const bodies = parts.map(([name, , node]) =>
    h(
      "div",
      {
        role: "tabpanel",
        id: `${id}-${name}-part`,
        "aria-labelledby": `${id}-${name}`,
      },
      node,
    ),
  );

  function choose(name, focus = false) {
    parts.forEach(([one], n) => {
      const chosen = one === name;
      buttons[n].setAttribute("aria-selected", String(chosen));
      buttons[n].tabIndex = chosen ? 0 : -1;
      bodies[n].hidden = !chosen;
      if (chosen && focus) buttons[n].focus();
    });
  }

  function move(event) {
    const now = buttons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || now < 0) return;
    event.preventDefault();
    choose(parts[(now + step + parts.length) % parts.length][0], true);
  }

  choose(parts[0][0]);
  return {
    node: h(
      "div",
      { class: "tabbed" },
      h(
        "div",
        {
          class: "tab-row",
          role: "tablist",
          "aria-label": label,
          onkeydown: move,
        },
        buttons,
      ),
      bodies,
    ),
    choose,
  };
}
