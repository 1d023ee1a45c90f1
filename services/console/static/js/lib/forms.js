// Fields of forms: each is a label with its control, named, reachable by keyboard.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";

/** A drop-down; `options` = [value, words]. */
export function select(label, name, options, more = {}) {
  return h(
    "label",
    {},
    label,
    h(
      "select",
      { name, ...more },
      options.map(([value, words]) => h("option", { value }, words)),
    ),
  );
}

/** Radio buttons or checkboxes under one legend; `options` = [value, words]. */
export function choices(
  legend,
  type,
  name,
  options,
  required = type === "radio",
) {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, legend),
    options.map(([value, words]) =>
      h("label", {}, h("input", { type, name, value, required }), words),
    ),
  );
}

/** The values of the checked boxes of one name. */
export const checked = (form, name) =>
  [...form.querySelectorAll(`[name="${name}"]:checked`)].map(
    (one) => one.value,
  );

/** One line of text. */
export function line(label, name, more = {}) {
  return h(
    "label",
    {},
    label,
    h("input", {
      type: "text",
      name,
      autocomplete: "off",
      maxlength: 200,
      ...more,
    }),
  );
}

/** A moment, typed in Beijing time; read with `momentOf`. */
export function moment(label, name, hoursAhead = null, required = true) {
  const value =
    hoursAhead === null
      ? null
      : beijing(new Date(Date.now() + hoursAhead * 3_600_000));
  return h(
    "label",
    {},
    label,
    h("input", { type: "datetime-local", name, value, required }),
  );
}

/** The moment in a field as UTC text; null when it is empty. */
export const momentOf = (field) =>
  field?.value ? new Date(`${field.value}:00+08:00`).toISOString() : null;

function beijing(date) {
  return new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(0, 16);
}

/**
 * Choose a unit step by step from `root` down. The node's `value` is the unit chosen, `unit` with its
 * name; it sends `change` when another is chosen.
 */
export function unitPicker(label, root) {
  const steps = h("div", { class: "unit-steps" });
  const node = h(
    "fieldset",
    { class: "choices unit-picker" },
    h("legend", {}, label),
    steps,
  );
  const choose = (unit) => {
    node.unit = unit;
    node.value = unit.unit;
    node.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const offer = async (above) => {
    let found;
    try {
      found = await get("/api/units", { unit: above.unit });
    } catch {
      return; // without the list the unit above stays chosen
    }
    const below = found.below.filter((one) => !one.department);
    if (!below.length || node.value !== above.unit) return;
    const box = h(
      "select",
      { "aria-label": t("pick.below", { unit: above.name }) },
      h("option", { value: "" }, t("pick.whole", { unit: above.name })),
      below.map((one) => h("option", { value: one.unit }, one.name)),
    );
    box.addEventListener("change", (event) => {
      event.stopPropagation();
      while (box.nextSibling) box.nextSibling.remove();
      const chosen = below.find((one) => one.unit === box.value) ?? above;
      choose(chosen);
      if (chosen !== above) offer(chosen);
    });
    steps.append(box);
  };
  node.unit = root;
  node.value = root.unit;
  fill(steps);
  offer(root);
  return node;
}
