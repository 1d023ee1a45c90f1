// Fields of forms: each is a label with its control, named and reachable by keyboard.

import { get, problemOf } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** @import { Option, Properties } from "../types/dom.d.ts" */
/** @import { Unit } from "../types/units.d.ts" */

const HOUR_MS = 3_600_000;
const BEIJING_OFFSET_MS = 8 * HOUR_MS;

/**
 * Make a drop-down list.
 * @param {string} label
 * @param {string} name
 * @param {readonly Option[]} options
 * @param {Properties} [properties]
 */
export function select(label, name, options, properties = {}) {
  const items = options.map(([value, words]) => h("option", { value }, words));
  return h("label", {}, label, h("select", { name, ...properties }, items));
}

/**
 * Return the drop-down list of a label that `select` made.
 * @param {HTMLElement} label
 */
export function selectOf(label) {
  const element = label.querySelector("select");
  if (!element) throw new Error("the label has no drop-down list");
  return element;
}

/**
 * Make radio buttons or check boxes under one legend.
 * @param {string} legend
 * @param {"radio" | "checkbox"} type
 * @param {string} name
 * @param {readonly Option[]} options
 * @param {boolean} [required]
 */
export function choices(legend, type, name, options, required = type === "radio") {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, legend),
    options.map(([value, words]) =>
      h("label", {}, h("input", { type, name, value, required }), words),
    ),
  );
}

/**
 * Return the values of the checked boxes with this name.
 * @param {Element} form
 * @param {string} name
 * @returns {string[]}
 */
export function checkedValues(form, name) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const boxes = form.querySelectorAll(`[name="${name}"]:checked`);
  return [...boxes].map((box) => box.value);
}

/**
 * Return whether the check box with this name is checked.
 * @param {HTMLFormElement} form
 * @param {string} name
 */
export const isChecked = (form, name) => checkedValues(form, name).length > 0;

/**
 * Return the value of a field of a form; "" where the form has no such field.
 * @param {HTMLFormElement | HTMLFieldSetElement} form
 * @param {string} name
 */
export function valueOf(form, name) {
  const field = form.elements.namedItem(name);
  const hasValue =
    field instanceof HTMLInputElement ||
    field instanceof HTMLSelectElement ||
    field instanceof HTMLTextAreaElement ||
    field instanceof RadioNodeList;
  return hasValue ? field.value : "";
}

/**
 * Return the value of a field without spaces around it.
 * @param {HTMLFormElement | HTMLFieldSetElement} form
 * @param {string} name
 */
export const textOf = (form, name) => valueOf(form, name).trim();

/**
 * Make a field for one line of text.
 * @param {string} label
 * @param {string} name
 * @param {Properties} [properties]
 */
export function textField(label, name, properties = {}) {
  const fixed = { type: "text", name, autocomplete: "off", maxlength: 200 };
  return h("label", {}, label, h("input", { ...fixed, ...properties }));
}

/**
 * Make a field for a moment in Beijing time; read it with `momentOf`.
 * @param {string} label
 * @param {string} name
 * @param {number | null} [hoursAhead] null leaves the field empty
 * @param {boolean} [required]
 */
export function momentField(label, name, hoursAhead = null, required = true) {
  return h("label", {}, label, momentInput(name, hoursAhead, required));
}

/**
 * Make the control of a field for a moment.
 * @param {string} name
 * @param {number | null} [hoursAhead]
 * @param {boolean} [required]
 */
export function momentInput(name, hoursAhead = null, required = false) {
  const value = hoursAhead === null ? null : beijingText(Date.now() + hoursAhead * HOUR_MS);
  return h("input", { type: "datetime-local", name, value, required });
}

/**
 * Return the moment in a field as UTC text; null when it is empty or absent.
 * @param {HTMLFormElement | HTMLFieldSetElement} form
 * @param {string} name
 */
export function momentOf(form, name) {
  const value = valueOf(form, name);
  return value ? new Date(`${value}:00+08:00`).toISOString() : null;
}

/**
 * Show values in the fields of a form by name; null empties a field.
 * @param {HTMLFormElement} form
 * @param {Record<string, string | null>} values
 */
export function showValues(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    const isMoment = field instanceof HTMLInputElement && field.type === "datetime-local";
    const words = value && isMoment ? beijingText(Date.parse(value)) : (value ?? "");
    if (field && "value" in field) field.value = words;
  }
}

/** @param {number} milliseconds */
function beijingText(milliseconds) {
  return new Date(milliseconds + BEIJING_OFFSET_MS).toISOString().slice(0, 16);
}

/**
 * Make a field that chooses a unit step by step from `root` down. The `unit` of the node is the
 * chosen unit, `value` its code; the node sends `change` when another unit is chosen.
 * @param {string} label
 * @param {Unit} root
 */
export function unitPicker(label, root) {
  const steps = h("div", { class: "unit-steps" });
  const fieldset = h("fieldset", { class: "choices unit-picker" }, h("legend", {}, label), steps);
  const node = Object.assign(fieldset, { unit: root, value: root.unit });

  /** @param {Unit} unit */
  function choose(unit) {
    node.unit = unit;
    node.value = unit.unit;
    node.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {Unit} parent */
  async function addStep(parent) {
    let answer;
    try {
      answer = await get("/api/units", { unit: parent.unit });
    } catch (error) {
      problemOf(error);
      return; // Without the list the parent stays chosen.
    }
    const children = answer.below.filter((unit) => !unit.department);
    if (!children.length || node.value !== parent.unit) return;
    const list = h(
      "select",
      { "aria-label": t("pick.below", { unit: parent.name }) },
      h("option", { value: "" }, t("pick.whole", { unit: parent.name })),
      children.map((unit) => h("option", { value: unit.unit }, unit.name)),
    );
    list.addEventListener("change", (event) => {
      event.stopPropagation();
      while (list.nextSibling) list.nextSibling.remove();
      const child = children.find((unit) => unit.unit === list.value);
      choose(child ?? parent);
      if (child) addStep(child);
    });
    steps.append(list);
  }

  addStep(root);
  return node;
}
