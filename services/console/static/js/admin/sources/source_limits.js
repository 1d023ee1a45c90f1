// The fields of the limits of a data source, in the dialogs that make one and that change one.

import { button, optionsOf } from "../../lib/components.js";
import { textArea } from "../../lib/dialogs.js";
import { fill, h, text } from "../../lib/dom.js";
import {
  checkedValues,
  choices,
  isChecked,
  select,
  textField,
  textOf,
  unitPicker,
  valueOf,
} from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";

/** @import { Officer } from "../../types/page.d.ts" */
/** @import { Source } from "../../types/sources.d.ts" */

/** @typedef {{ unit: string, name: string }} Place */
/** @typedef {ReturnType<typeof limitFields>} LimitFields */

const DOORS = ["readings", "reports", "warnings"];
const GRADES = ["general", "important", "core"];
const ALL = "*";
const MOST_PER_MINUTE = 1_000_000;

/**
 * Make the fields, with the limits of `source` where there is one.
 * @param {Officer} officer
 * @param {Source | null} source
 */
export function limitFields(officer, source) {
  const [root] = officer.administers;
  const owner = ownerField(root, source);
  const places = placesField(root, source);
  const sensors = textArea(t("sources.sensors"), "sensors", 64_000);
  const area = sensors.querySelector("textarea");
  if (area) area.value = source?.sensors.join("\n") ?? "";
  const doors = choices(
    t("sources.doors"),
    "checkbox",
    "doors",
    optionsOf(DOORS, "sources.door"),
    false,
  );
  /** @type {readonly string[]} */
  const open = source?.doors ?? ["readings"];
  for (const box of doors.querySelectorAll("input")) box.checked = open.includes(box.value);
  const grade = select(t("sources.fact.grade"), "grade", optionsOf(GRADES, "data_grade"));
  const list = grade.querySelector("select");
  if (list) list.value = source?.grade ?? "general";
  const node = h(
    "div",
    { class: "stack source-form" },
    textField(t("sources.name"), "name", { required: true, value: source?.name ?? "" }),
    owner.node,
    doors,
    sensors,
    h("p", { class: "muted" }, t("sources.sensors.note")),
    places.node,
    textField(t("sources.rate"), "per_minute", {
      type: "number",
      min: 1,
      max: MOST_PER_MINUTE,
      value: source?.per_minute ?? "",
    }),
    grade,
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", name: "sets_grade", checked: source?.sets_grade ?? false }),
      t("sources.sets_grade"),
    ),
  );
  return { node, owner, places };
}

/**
 * Return the limits that the fields of a form name.
 * @param {HTMLFormElement} form
 * @param {LimitFields} fields
 */
export function limitsOf(form, { owner, places }) {
  const rate = textOf(form, "per_minute");
  return {
    name: textOf(form, "name"),
    owner: owner.unit(),
    doors: checkedValues(form, "doors"),
    sensors: valueOf(form, "sensors")
      .split(/[\s,，、;；]+/u)
      .filter(Boolean),
    places: places.units(),
    per_minute: rate ? Number(rate) : null,
    grade: valueOf(form, "grade"),
    sets_grade: isChecked(form, "sets_grade"),
  };
}

/**
 * Make the field of the responsible unit; that of a source stays until another one is places.
 * @param {Place} root
 * @param {Source | null} source
 */
function ownerField(root, source) {
  const picker = unitPicker(t("sources.fact.owner"), root);
  if (!source) return { node: picker, unit: () => picker.value };
  const otherOwner = h("details", {}, h("summary", {}, t("sources.other_owner")), picker);
  const node = h(
    "div",
    { class: "stack" },
    h("p", {}, `${t("sources.fact.owner")} `, text(source.owner_name)),
    otherOwner,
  );
  return { node, unit: () => (otherOwner.open ? picker.value : source.owner) };
}

/**
 * Make the field of the places: units one after the other, or all places.
 * @param {Place} root
 * @param {Source | null} source
 */
function placesField(root, source) {
  /** @type {Map<string, string>} */
  const places = new Map(
    (source?.places ?? [root]).map(({ unit, name }) => [unit, name ?? t("sources.all")]),
  );
  const list = h("ul", { class: "plain-list", "aria-label": t("sources.places") });
  const picker = unitPicker(t("sources.places"), root);

  function draw() {
    fill(
      list,
      [...places].map(([unit, name]) =>
        h("li", { class: "row" }, text(name), " ", removal(unit, name)),
      ),
      places.size === 0 && h("li", { class: "muted" }, t("sources.nothing")),
    );
  }

  /**
   * @param {string} unit
   * @param {string} name
   */
  function removal(unit, name) {
    const take = () => {
      places.delete(unit);
      draw();
      addition.focus();
    };
    return button(t("sources.remove"), take, {
      class: "plain",
      "aria-label": `${t("sources.remove")} ${name}`,
    });
  }

  const addition = button(t("sources.add_place"), () => {
    places.delete(ALL);
    places.set(picker.value, picker.unit.name);
    draw();
  });
  const all = button(t("sources.all_places"), () => {
    places.clear();
    places.set(ALL, t("sources.all"));
    draw();
  });
  draw();
  const node = h(
    "div",
    { class: "stack" },
    picker,
    h("div", { class: "acts" }, addition, all),
    list,
  );
  return { node, units: () => [...places.keys()] };
}
