// The editor of the recipients of a command: parts that are added up, and parts that are excluded.

import { get, problemOf } from "../lib/api.js";
import { button, optionsOf } from "../lib/components.js";
import { fill, h } from "../lib/dom.js";
import { checkedValues, choices, select, selectOf, unitPicker } from "../lib/forms.js";
import { t } from "../lib/i18n.js";

/** @import { Option } from "../types/dom.d.ts" */
/** @import { StoredPart, StoredSelection } from "../types/commands.d.ts" */
/** @import { UnitsAnswer } from "../types/units.d.ts" */
/** @import { Officer } from "../types/page.d.ts" */
/** @import { Tier } from "../types/fields.d.ts" */

/** @type {Tier[]} */
const TIERS = ["city", "district", "town", "village", "grid", "microgrid"];
const KINDS = ["subtree", "departments", "role", "group", "units"];
/** @type {UnitsAnswer} */
const NO_UNITS = { below: [], departments: [], roles: [], groups: [] };

/**
 * @typedef {object} Part
 * @property {HTMLElement} node
 * @property {() => object | null} read the part in the form of the contract; null while it is empty
 * @property {() => boolean} isExcluded
 */

/**
 * Make the editor; `selection()` gives the form of the contract or null while nothing is chosen.
 * `restore` shows the parts of a stored selection instead, by the names of their units and groups.
 * @param {Officer} officer
 * @param {() => void} onChange
 * @param {{ scope?: string, isOptional?: boolean, addWords?: string }} [variant] `scope` tells the
 *   fields of two editors of a form apart; an optional selection begins without a part
 */
export function selectionEditor(officer, onChange, variant = {}) {
  const { scope = "", isOptional = false, addWords = t("part.add") } = variant;
  const ownUnit = { unit: officer.unit, name: officer.unit_name };
  const unitsRequest = readUnits(officer.unit);
  const rows = h("div", { class: "selection-parts" });
  const addButton = button(addWords, () => addPart(true), {
    class: "plain",
    id: `${scope}part-add`,
  });
  /** @type {Part[]} */
  const parts = [];
  const firstTier = TIERS.indexOf(officer.tier) + (officer.tier === "city" ? 1 : 0);
  const tiersBelow = TIERS.slice(firstTier);

  /** @param {boolean} removable */
  function addPart(removable) {
    const number = parts.length;
    const body = h("div", { class: "part-body" });
    const kind = select(t("part.kind"), `${scope}kind-${number}`, optionsOf(KINDS, "part"));
    const sign = select(
      t("part.sign"),
      `${scope}sign-${number}`,
      optionsOf(["include", "exclude"], "part"),
    );
    const node = h(
      "fieldset",
      { class: "part" },
      h("legend", {}, t("compose.root")),
      h(
        "div",
        { class: "part-head" },
        kind,
        removable && sign,
        removable && button(t("part.remove"), () => removePart(part), { class: "plain" }),
      ),
      body,
    );
    /** @type {Part} */
    const part = {
      node,
      read: () => null,
      isExcluded: () => removable && selectOf(sign).value === "exclude",
    };
    kind.addEventListener("change", () => drawPart(part, body, selectOf(kind).value, number));
    node.addEventListener("change", onChange);
    parts.push(part);
    rows.append(node);
    drawPart(part, body, KINDS[0], number);
  }

  /** @param {Part} part */
  function removePart(part) {
    parts.splice(parts.indexOf(part), 1);
    part.node.remove();
    onChange();
  }

  /**
   * @param {Part} part
   * @param {HTMLElement} body
   * @param {string} kind
   * @param {number} number
   */
  async function drawPart(part, body, kind, number) {
    const units = await unitsRequest;
    const root = unitPicker(t("part.of"), ownUnit);
    /** @param {Tier[]} tiers */
    const tierChoices = (tiers) =>
      choices(t("compose.tiers"), "checkbox", `${scope}tiers-${number}`, optionsOf(tiers, "tier"));
    /**
     * @param {string} legend
     * @param {readonly Option[]} options
     */
    const listChoices = (legend, options) =>
      options.length
        ? choices(legend, "checkbox", `${scope}listed-${number}`, options)
        : h("p", { class: "empty" }, t("part.nothing"));
    const tiers = () => checkedValues(body, `${scope}tiers-${number}`);
    const listed = () => checkedValues(body, `${scope}listed-${number}`);
    /**
     * @param {string[]} codes
     * @param {string} prefix
     */
    const codeOptions = (codes, prefix) =>
      codes.map((code) => /** @type {const} */ ([code, t(`${prefix}.${code}`, {}, code)]));

    switch (kind) {
      case "subtree":
        fill(body, root, tierChoices(tiersBelow));
        part.read = () => (tiers().length ? { kind, of: root.value, tiers: tiers() } : null);
        break;
      case "departments":
        fill(
          body,
          root,
          tierChoices(tiersBelow.filter((tier) => tier === "district" || tier === "town")),
          listChoices(t("part.departments"), codeOptions(units.departments, "department")),
        );
        part.read = () =>
          tiers().length && listed().length
            ? { kind, of: root.value, tiers: tiers(), departments: listed() }
            : null;
        break;
      case "role":
        fill(body, root, listChoices(t("part.role"), codeOptions(units.roles, "role")));
        part.read = () => (listed().length ? { kind, of: root.value, roles: listed() } : null);
        break;
      case "group":
        fill(body, groupField(units, `${scope}group-${number}`));
        part.read = () => {
          const group = body.querySelector("select")?.value;
          return group ? { kind, group } : null;
        };
        break;
      default: {
        const options = units.below.map(({ unit, name }) => /** @type {const} */ ([unit, name]));
        fill(body, listChoices(t("part.units"), options));
        part.read = () => (listed().length ? { kind, units: listed() } : null);
      }
    }
  }

  function selection() {
    /** @param {boolean} excluded */
    const read = (excluded) =>
      parts
        .filter((part) => part.isExcluded() === excluded)
        .map((part) => part.read())
        .filter(Boolean);
    const include = read(false);
    const exclude = read(true);
    return include.length ? { include, ...(exclude.length && { exclude }) } : null;
  }

  /**
   * @param {StoredPart} stored a part in the form of the contract
   * @param {boolean} excluded
   * @param {Record<string, string>} names
   */
  function addStored(stored, excluded, names) {
    const words = storedWords(stored, names);
    const sign = excluded && h("span", { class: "chip" }, t("part.exclude"));
    /** @type {Part} */
    const part = {
      node: h(
        "p",
        { class: "part stored" },
        sign,
        h("span", {}, words),
        button(t("part.remove"), () => removePart(part), { class: "plain" }),
      ),
      read: () => stored,
      isExcluded: () => excluded,
    };
    parts.push(part);
    rows.append(part.node);
  }

  /**
   * @param {StoredSelection | null} stored
   * @param {Record<string, string>} names
   */
  function restore(stored, names) {
    if (!stored) return;
    parts.length = 0;
    fill(rows);
    stored.include.forEach((part) => addStored(part, false, names));
    stored.exclude?.forEach((part) => addStored(part, true, names));
  }

  if (!isOptional) addPart(false);
  return { node: h("div", {}, rows, addButton), selection, restore };
}

/**
 * Return a stored part in words: its kind, its units, and the tiers, departments or roles.
 * @param {StoredPart} part
 * @param {Record<string, string>} names
 */
function storedWords(part, names) {
  const ids = [part.of, part.group, ...(part.units ?? [])].filter((id) => id !== undefined);
  const lists = [
    ids.map((id) => names[id] ?? id),
    (part.tiers ?? []).map((tier) => t(`tier.${tier}`)),
    (part.departments ?? []).map((code) => t(`department.${code}`, {}, code)),
    (part.roles ?? []).map((code) => t(`role.${code}`, {}, code)),
  ];
  const words = lists.filter((list) => list.length).map((list) => list.join(t("list.comma")));
  return [t(`part.${part.kind}`), ...words].join(" · ");
}

/** @param {string} unit */
async function readUnits(unit) {
  try {
    return await get("/api/units", { unit });
  } catch (error) {
    problemOf(error);
    return NO_UNITS;
  }
}

/**
 * @param {UnitsAnswer} units
 * @param {string} name
 */
function groupField(units, name) {
  if (!units.groups.length) return h("p", { class: "empty" }, t("part.nothing"));
  const options = units.groups.map(
    (group) => /** @type {const} */ ([group.group, `${group.name} (${group.members})`]),
  );
  return select(t("part.group"), name, [["", t("part.choose")], ...options]);
}
