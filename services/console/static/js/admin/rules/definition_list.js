// The newest versions of rules or plans, and the second act: to put in force, or to end.

import { post } from "../../lib/api.js";
import { button, cardClass, chip, eventName, levelBadge } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { fill, h, renderList, text } from "../../lib/dom.js";
import { textField } from "../../lib/forms.js";
import { formatTime, nameOf, t } from "../../lib/i18n.js";
import { publishedText } from "./definition_results.js";

/** @import { Definition, DefinitionVerb } from "../../types/definitions.d.ts" */

/**
 * Make the list; `edit` opens a definition as a text, `acted` is called after an act.
 * @param {{ edit: (definition: Definition) => unknown, acted: () => void }} on
 */
export function definitionList({ edit, acted }) {
  const filter = textField(t("definitions.filter"), "filter");
  const cards = h("ul", { class: "cards limited", id: "definition-list", tabindex: 0 });
  const outcome = h("p", { class: "muted", role: "status" });
  /** @type {Definition[]} */
  let all = [];
  filter.addEventListener("input", draw);

  function draw() {
    const sought = (filter.querySelector("input")?.value ?? "").trim().toLowerCase();
    const visible = all.filter((definition) => searchText(definition).includes(sought));
    renderList(
      cards,
      visible,
      (definition) => definition.id,
      (definition) => definitionCard(definition),
      t("definitions.none"),
    );
  }

  /** @param {Definition} definition */
  function definitionCard(definition) {
    return h(
      "li",
      { class: cardClass({}, null) },
      h(
        "div",
        { class: "row" },
        chip(t(`definitions.standing.${definition.standing}`)),
        definition.levels.map((level) => levelBadge(level)),
        h("span", { class: "tail" }, formatTime(definition.published_at)),
      ),
      h("h3", {}, text(nameOf(definition))),
      h("p", { class: "facts" }, facts(definition)),
      h("p", {}, t("definitions.source"), " ", text(definition.source)),
      definition.reason &&
        h("p", { class: "muted" }, text(`${definition.author}: ${definition.reason}`)),
      h(
        "div",
        { class: "acts" },
        button(t("definitions.open"), () => edit(definition), {
          class: "plain",
          "data-focus": `${definition.id}-open`,
        }),
        definition.may.map((verb) => actButton(definition, verb)),
      ),
    );
  }

  /**
   * @param {Definition} definition
   * @param {DefinitionVerb} verb
   */
  function actButton(definition, verb) {
    const { kind, id, version } = definition;
    const title = t(`definitions.do.${verb}`);
    const key = crypto.randomUUID();
    const ask = () =>
      confirmAction({
        title,
        subject: { place: `${id} v${version}`, headline: nameOf(definition) },
        fields: h("p", { class: "muted" }, t(`definitions.note.${verb}.${definition.standing}`)),
        reason: "required",
        danger: verb === "end" && definition.standing === "in_force",
        send: async ({ reason }) => {
          const body = { kind, id, version, verb, reason };
          const answer = await post("/api/definitions/acts", body, key);
          fill(outcome, publishedText(answer));
          acted();
        },
      });
    return button(title, ask, {
      class: verb === "put_in_force" ? "primary" : "plain",
      "data-focus": `${id}-${verb}`,
    });
  }

  return {
    node: h("div", { class: "stack" }, filter, outcome, cards),
    cards,
    /** Show all again, for definitions of another kind. */
    clearFilter: () => {
      const input = filter.querySelector("input");
      if (input) input.value = "";
    },
    /** @param {Definition[]} definitions */
    show: (definitions) => {
      all = definitions;
      draw();
    },
  };
}

/** @param {Definition} definition */
const searchText = (definition) =>
  `${definition.id} ${definition.name_zh} ${definition.name_en}`.toLowerCase();

/** @param {Definition} definition */
function facts(definition) {
  const { events, form, sensors } = definition;
  return [
    h("span", {}, `${definition.id} v${definition.version}`),
    h("span", {}, events.map((code) => (code === "*" ? "*" : eventName(code))).join("、")),
    form && h("span", {}, t(`definitions.form.${form}`, {}, form)),
    sensors !== null && h("span", {}, t("definitions.sensors", { n: sensors })),
    h("span", {}, t("definitions.by", { unit: definition.unit_name })),
    h("span", {}, t(`definitions.mark.${definition.mark}`)),
  ];
}
