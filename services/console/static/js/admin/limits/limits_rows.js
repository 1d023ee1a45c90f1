// The rows of a document of limits in a form: values, what they hold for, rows added and removed.

import { button } from "../../lib/components.js";
import { fill, h } from "../../lib/dom.js";
import { checkedValues, choices } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { aboutText, fieldName, isChosen, percent, rowsIn, SOURCE } from "./limits_values.js";
import { TIME_UNITS, unitOfTime } from "./limits_values.js";

/** @import { LimitsContent, LimitsField, LimitsPart, LimitsRow } from "../../types/limits.d.ts" */
/** @import { LimitsValue } from "../../types/limits.d.ts" */

const LONGEST_TEXT = 200;
const MINUTE_S = 60;

/**
 * Make the rows of a subject. `changed` is called after every change of a value or a row.
 * @param {readonly LimitsPart[]} parts
 * @param {LimitsContent} start
 * @param {() => void} changed
 */
export function rowsEditor(parts, start, changed) {
  /** @type {LimitsContent} */
  let content = { ...emptyContent(parts), ...structuredClone(start) };
  const node = h("div", { class: "limits-parts", oninput: update });
  draw();

  function draw() {
    fill(node, parts.map(partNode));
  }

  /** Keep the summaries of the rows true while their boxes change. */
  function update() {
    read();
    for (const part of parts)
      rowsIn(content, part).forEach((row, index) => {
        const summary = node.querySelector(`[data-row="${part.name}.${index}"] summary`);
        if (summary) fill(summary, aboutWords(part, row));
      });
    changed();
  }

  /** Return the values of the fields; what is not filled in is left out. */
  function read() {
    /** @type {LimitsContent} */
    const result = {};
    for (const part of parts) {
      const rows = rowsIn(content, part).map((_row, index) => rowOf(node, part, index));
      if (part.many) result[part.name] = rows;
      else if (rows.length) result[part.name] = rows[0];
    }
    content = result;
    return result;
  }

  /**
   * @param {LimitsPart} part
   * @param {LimitsRow[]} rows
   * @param {string} focus
   */
  function replace(part, rows, focus) {
    if (part.many) content[part.name] = rows;
    else if (rows.length) [content[part.name]] = rows;
    else delete content[part.name];
    draw();
    const control = node.querySelector(focus);
    if (control instanceof HTMLElement) control.focus();
    changed();
  }

  /** @param {LimitsPart} part */
  function add(part) {
    read();
    const rows = rowsIn(content, part);
    const copied = rows.length ? { ...rows[rows.length - 1], ...blank(part) } : emptyRow(part);
    replace(
      part,
      [...rows, copied],
      `[data-row="${part.name}.${rows.length}"] :is(summary, input)`,
    );
  }

  /**
   * @param {LimitsPart} part
   * @param {number} index
   */
  function remove(part, index) {
    read();
    const rows = rowsIn(content, part).filter((_row, number) => number !== index);
    replace(part, rows, `[data-add="${part.name}"]`);
  }

  /** @param {LimitsPart} part */
  function partNode(part) {
    const rows = rowsIn(content, part);
    const isFull = rows.length >= (part.many ? (part.most ?? Infinity) : 1);
    const name = t(`limits.part.${part.name}`);
    return h(
      "fieldset",
      { class: "limits-part", "data-part": part.name },
      h("legend", {}, name),
      rows.map((row, index) => rowNode(part, row, index)),
      !isFull &&
        button(t("limits.row.add", { part: name }), () => add(part), { "data-add": part.name }),
    );
  }

  /**
   * @param {LimitsPart} part
   * @param {LimitsRow} row
   * @param {number} index
   */
  function rowNode(part, row, index) {
    const place = `${part.name}.${index}`;
    const summaryText = aboutWords(part, row);
    const choiceFields = part.fields.filter(isChosen);
    return h(
      "div",
      {
        class: "limits-row",
        role: "group",
        "data-row": place,
        "aria-label": `${t(`limits.part.${part.name}`)} ${part.many ? index + 1 : ""}`,
      },
      part.many
        ? choiceFields.length > 0 &&
            h(
              "details",
              { class: "limits-about", open: !aboutText(part, row) },
              h("summary", {}, summaryText),
              choiceFields.map((field) => choiceField(place, field, row)),
            )
        : choiceFields.map((field) => choiceField(place, field, row)),
      part.fields
        .filter((field) => !isChosen(field))
        .map((field) => valueField(place, field, row[field.name])),
      (part.many || !part.required) &&
        button(t("limits.row.remove"), () => remove(part, index), {
          class: "plain",
          "data-remove": place,
          "aria-label": `${t("limits.row.remove")} ${summaryText}`,
        }),
    );
  }

  return { node, read };
}

/**
 * @param {LimitsPart} part
 * @param {LimitsRow} row
 */
const aboutWords = (part, row) => aboutText(part, row) || t("limits.row.choose");

/**
 * Return the fields of a new row that are never those of the row above.
 * @param {LimitsPart} part
 * @returns {LimitsRow}
 */
const blank = (part) =>
  Object.fromEntries(
    part.fields
      .filter((field) => isChosen(field) || field.name === SOURCE)
      .map((field) => [field.name, undefined]),
  );

/**
 * @param {LimitsPart} part
 * @returns {LimitsRow}
 */
const emptyRow = (part) => Object.fromEntries(part.fields.map((field) => [field.name, undefined]));

/**
 * Return a row for each part that must have one.
 * @param {readonly LimitsPart[]} parts
 * @returns {LimitsContent}
 */
function emptyContent(parts) {
  const needed = parts.filter((part) => (part.many ? part.fewest > 0 : part.required));
  return Object.fromEntries(
    needed.map((part) => [part.name, part.many ? [emptyRow(part)] : emptyRow(part)]),
  );
}

/**
 * @param {string} place
 * @param {LimitsField} field
 * @param {LimitsRow} row
 */
function choiceField(place, field, row) {
  const isAll = !field.required && field.kind === "choices";
  const legend = isAll ? t("limits.row.none_is_all", { name: fieldName(field) }) : fieldName(field);
  const options = field.options.map(
    (option) => /** @type {const} */ ([option, t(`${field.of}.${option}`)]),
  );
  const kind = field.kind === "choice" ? "radio" : "checkbox";
  const node = choices(legend, kind, `${place}.${field.name}`, options, false);
  const values = [row[field.name] ?? []].flat();
  for (const box of node.querySelectorAll("input")) box.checked = values.includes(box.value);
  return node;
}

/**
 * @param {string} place
 * @param {LimitsField} field
 * @param {LimitsValue} value
 */
function valueField(place, field, value) {
  const name = `${place}.${field.name}`;
  const words = fieldName(field);
  if (field.kind === "boolean")
    return h(
      "label",
      { class: "limits-box" },
      h("input", { type: "checkbox", name, checked: value === true }),
      words,
    );
  if (field.kind === "text")
    return h(
      "label",
      { class: "limits-text" },
      words,
      h("input", {
        type: "text",
        name,
        value: String(value ?? ""),
        maxlength: field.most ?? LONGEST_TEXT,
      }),
    );
  const number = typeof value === "number" ? value : null;
  if (field.kind === "seconds") return timeField(name, words, number);
  const amount = field.kind === "share" && number !== null ? percent(number) : number;
  const unit = field.kind === "share" ? " (%)" : "";
  return h(
    "label",
    {},
    `${words}${unit}`,
    h("input", { type: "number", name, value: amount, step: "any" }),
  );
}

/**
 * @param {string} name
 * @param {string} words
 * @param {number | null} seconds
 */
function timeField(name, words, seconds) {
  const [size] = seconds ? unitOfTime(seconds) : [MINUTE_S];
  return h(
    "span",
    { class: "limits-time" },
    h(
      "label",
      {},
      words,
      h("input", {
        type: "number",
        name,
        value: seconds === null ? null : seconds / size,
        min: 0,
        step: "any",
      }),
    ),
    h(
      "select",
      { name: `${name}.unit`, "aria-label": t("limits.unit_of_time") },
      TIME_UNITS.map(([length, unit]) =>
        h("option", { value: length, selected: length === size }, t(`limits.unit.${unit}`)),
      ),
    ),
  );
}

/**
 * Return the row that the fields of a place have.
 * @param {HTMLElement} node
 * @param {LimitsPart} part
 * @param {number} index
 * @returns {LimitsRow}
 */
function rowOf(node, part, index) {
  /** @type {LimitsRow} */
  const row = {};
  for (const field of part.fields) {
    const value = valueIn(node, field, `${part.name}.${index}.${field.name}`);
    if (value !== undefined) row[field.name] = value;
  }
  return row;
}

/**
 * @param {HTMLElement} node
 * @param {LimitsField} field
 * @param {string} name
 * @returns {LimitsValue}
 */
function valueIn(node, field, name) {
  if (field.kind === "choices") {
    const values = checkedValues(node, name);
    return values.length || field.required ? values : undefined;
  }
  if (field.kind === "choice") return checkedValues(node, name)[0];
  if (field.kind === "boolean") return checkedValues(node, name).length > 0;
  const written = controlText(node, name);
  if (written === "") return field.kind === "text" && field.required ? "" : undefined;
  if (field.kind === "text") return written;
  if (field.kind === "seconds") return Number(written) * Number(controlText(node, `${name}.unit`));
  return field.kind === "share" ? Number((Number(written) / 100).toFixed(6)) : Number(written);
}

/**
 * @param {HTMLElement} node
 * @param {string} name
 */
function controlText(node, name) {
  const control = node.querySelector(`[name="${name}"]`);
  const isField = control instanceof HTMLInputElement || control instanceof HTMLSelectElement;
  return isField ? control.value.trim() : "";
}
