// The tab of rules and plans: what is in force, on trial or off, and a text to check, try, publish.

import { get } from "../../lib/api.js";
import { panel } from "../../lib/components.js";
import { fill, h } from "../../lib/dom.js";
import { select, selectOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { definitionEditor } from "./definition_editor.js";
import { definitionList } from "./definition_list.js";

/** @import { Definition, DefinitionKind, DefinitionsAnswer } from "../../types/definitions.d.ts" */
/** @import { AdminTab, AdminTabContext } from "../../types/admin.d.ts" */

const PAUSE_MS = 1_500;

/**
 * Make the tab.
 * @param {AdminTabContext} context
 * @returns {AdminTab}
 */
export function rulesTab(context) {
  const kindField = select(t("definitions.kind"), "kind", [
    ["rule", t("definitions.rules")],
    ["plan", t("definitions.plans")],
  ]);
  const kindList = selectOf(kindField);
  const kindOf = () => /** @type {DefinitionKind} */ (kindList.value);
  const list = definitionList({ edit, acted: () => load() });
  const editorPart = h("div", { class: "stack" });
  let editor = definitionEditor(kindOf(), () => load());
  fill(editorPart, editor.node);
  kindList.addEventListener("change", () => {
    editor = definitionEditor(kindOf(), () => load());
    fill(editorPart, editor.node);
    list.clearFilter();
    load.restart();
  });
  const load = loader(list.cards, requestDefinitions, draw, PAUSE_MS);

  async function requestDefinitions() {
    const kind = kindOf();
    const answer = await context.current(get("/api/definitions", { kind }));
    return kind === kindOf() ? answer : null;
  }

  /** @param {DefinitionsAnswer} answer */
  function draw({ definitions }) {
    list.show(definitions);
  }

  /** @param {Definition} definition */
  async function edit(definition) {
    await editor.open(definition);
    editorPart.scrollIntoView({ block: "start" });
  }

  return {
    node: h(
      "div",
      { class: "columns two even" },
      h(
        "div",
        { class: "stack" },
        panel("definitions.newest", [
          kindField,
          h("p", { class: "muted" }, t("definitions.how")),
          list.node,
        ]),
      ),
      editorPart,
    ),
    refresh: load,
  };
}
