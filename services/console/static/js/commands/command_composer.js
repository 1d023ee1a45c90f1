// Writing a command: what, to whom, how many that are and who, and the number typed before it goes.

import { post, Problem } from "../lib/api.js";
import { area, open, title } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { eventPicker } from "../lib/event_types.js";
import { choices, line } from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { act, LEVELS } from "../lib/components.js";
import { selectionParts } from "./selection_editor.js";

const NAMED = 100;

/** Open the composer for the officer's own subtree. */
export function compose(me, status, refresh) {
  const key = crypto.randomUUID();
  const count = h("strong", { id: "recipients" }, "–");
  const byTier = h("span", { class: "muted" });
  const names = h("div", { class: "names" });
  const more = act(t("more"), () => nameMore(), { hidden: true });
  const trouble = h("p", { class: "problem", role: "alert", hidden: true });
  const go = h("button", { type: "submit", class: "primary" }, t("send"));
  const typed = h("input", {
    type: "text",
    name: "typed",
    inputmode: "numeric",
    autocomplete: "off",
  });
  const parts = selectionParts(me, preview);
  let seen = null;
  let asked = 0;
  go.disabled = true;

  const form = h(
    "form",
    { method: "dialog", oninput: check, onsubmit: submit },
    title(t(status === "Exercise" ? "compose.drill" : "compose")),
    line(t("compose.title"), "title", { required: true }),
    area(t("compose.instruction"), "instruction"),
    eventPicker(),
    choices(
      t("compose.level"),
      "radio",
      "level",
      LEVELS.map((one) => [one, t(`level.${one}`)]),
    ),
    parts.node,
    h(
      "p",
      { class: "figures", "aria-live": "polite" },
      t("compose.recipients"),
      " ",
      count,
      " ",
      byTier,
    ),
    h(
      "details",
      { class: "who-gets-it" },
      h("summary", {}, t("compose.who")),
      names,
      more,
    ),
    h("label", {}, t("compose.type"), typed),
    trouble,
    h(
      "div",
      { class: "buttons" },
      h(
        "button",
        { type: "button", onclick: () => dialog.close() },
        t("cancel"),
      ),
      go,
    ),
  );
  const dialog = open([
    status === "Exercise" &&
      h(
        "div",
        { class: "stripes drill-band" },
        h("span", {}, t("drill.banner")),
      ),
    form,
  ]);

  async function preview() {
    seen = null;
    asked += 1;
    const mine = asked;
    trouble.hidden = true;
    fill(count, "–");
    fill(byTier);
    fill(names);
    more.hidden = true;
    const selection = parts.selection();
    if (selection) {
      try {
        const found = await post("/api/commands/preview", {
          selection,
          limit: NAMED,
        });
        if (mine !== asked) return; // the selection was changed meanwhile
        seen = { ...found, selection };
        fill(count, String(found.recipients));
        const tiers = Object.entries(found.by_tier).map(
          ([tier, n]) => `${t(`tier.${tier}`)} ${n}`,
        );
        const departments = Object.entries(found.by_department).map(
          ([name, n]) => `${t(`department.${name}`, {}, name)} ${n}`,
        );
        fill(
          byTier,
          document.createTextNode([...tiers, ...departments].join(" · ")),
        );
        addNames(found);
      } catch (problem) {
        show(problem);
      }
    }
    check();
  }

  function addNames(found) {
    names.append(
      ...found.units.map((one) => h("span", { class: "chip" }, one.name)),
    );
    seen.next = found.next;
    more.hidden = !found.next;
  }

  async function nameMore() {
    try {
      addNames(
        await post("/api/commands/preview", {
          selection: seen.selection,
          limit: NAMED,
          after: seen.next,
        }),
      );
    } catch (problem) {
      show(problem);
    }
  }

  function check() {
    go.disabled = !(
      seen?.recipients > 0 &&
      typed.value.trim() === String(seen.recipients) &&
      form.checkValidity()
    );
  }

  function show(problem) {
    if (!(problem instanceof Problem)) throw problem;
    fill(trouble, problem.words);
    trouble.hidden = false;
  }

  async function submit(event) {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    trouble.hidden = true;
    const { elements } = form;
    const body = {
      selection: seen.selection,
      event_type: elements.event.value,
      level: elements.level.value,
      title: elements.title.value.trim(),
      instruction: elements.instruction.value.trim(),
      status,
      seen_digest: seen.digest,
    };
    try {
      await post("/api/commands", body, key);
      dialog.close();
      refresh();
    } catch (problem) {
      show(problem);
      go.disabled = false;
    }
  }
}
