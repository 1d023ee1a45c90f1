// Whom a command reaches: parts that are added up, and parts that are taken out again.

import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { checked, choices, select, unitPicker } from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { act } from "../lib/components.js";

const TIERS = ["city", "district", "town", "village", "grid", "microgrid"];
const KINDS = ["subtree", "departments", "role", "group", "units"];

/** The editor; `selection()` is the contract's form or null while nothing is chosen. */
export function selectionParts(me, changed) {
  const own = { unit: me.unit, name: me.unit_name };
  const offered = get("/api/units", { unit: me.unit }).catch(() => ({
    below: [],
    departments: [],
    roles: [],
    groups: [],
  }));
  const rows = h("div", { class: "selection-parts" });
  const node = h(
    "div",
    {},
    rows,
    act(t("part.add"), () => add(true), { class: "plain", id: "part-add" }),
  );
  const parts = [];
  const tiersBelow = TIERS.slice(
    TIERS.indexOf(me.tier) + (me.tier === "city" ? 1 : 0),
  );

  function add(removable) {
    const number = parts.length;
    const body = h("div", { class: "part-body" });
    const kind = select(
      t("part.kind"),
      `kind-${number}`,
      KINDS.map((one) => [one, t(`part.${one}`)]),
    );
    const sign = select(
      t("part.sign"),
      `sign-${number}`,
      ["include", "exclude"].map((one) => [one, t(`part.${one}`)]),
    );
    const box = h(
      "fieldset",
      { class: "part" },
      h("legend", {}, t("compose.root")),
      h(
        "div",
        { class: "part-head" },
        kind,
        removable && sign,
        removable &&
          act(t("part.remove"), () => remove(part), { class: "plain" }),
      ),
      body,
    );
    const part = {
      box,
      read: () => null,
      excludes: () =>
        removable && sign.querySelector("select").value === "exclude",
    };
    kind.addEventListener("change", () =>
      draw(part, body, kind.querySelector("select").value, number),
    );
    box.addEventListener("change", changed);
    parts.push(part);
    rows.append(box);
    draw(part, body, KINDS[0], number);
  }

  function remove(part) {
    parts.splice(parts.indexOf(part), 1);
    part.box.remove();
    changed();
  }

  async function draw(part, body, kind, number) {
    const found = await offered;
    const of = unitPicker(t("part.of"), own);
    const tiers = (wanted) =>
      choices(
        t("compose.tiers"),
        "checkbox",
        `tiers-${number}`,
        wanted.map((one) => [one, t(`tier.${one}`)]),
      );
    const listed = (legend, options) =>
      options.length
        ? choices(legend, "checkbox", `listed-${number}`, options)
        : h("p", { class: "empty" }, t("part.nothing"));
    const chosen = (name) => checked(body, `${name}-${number}`);
    const some = (values, made) => (values.length ? made : null);
    if (kind === "subtree") {
      fill(body, of, tiers(tiersBelow));
      part.read = () =>
        some(chosen("tiers"), { kind, of: of.value, tiers: chosen("tiers") });
    } else if (kind === "departments") {
      fill(
        body,
        of,
        tiers(tiersBelow.filter((one) => one === "district" || one === "town")),
        listed(
          t("part.departments"),
          found.departments.map((one) => [
            one,
            t(`department.${one}`, {}, one),
          ]),
        ),
      );
      part.read = () =>
        some(
          chosen("tiers"),
          some(chosen("listed"), {
            kind,
            of: of.value,
            tiers: chosen("tiers"),
            departments: chosen("listed"),
          }),
        );
    } else if (kind === "role") {
      fill(
        body,
        of,
        listed(
          t("part.role"),
          found.roles.map((one) => [one, t(`role.${one}`, {}, one)]),
        ),
      );
      part.read = () =>
        some(chosen("listed"), { kind, of: of.value, roles: chosen("listed") });
    } else if (kind === "group") {
      const name = `group-${number}`;
      fill(
        body,
        found.groups.length
          ? select(t("part.group"), name, [
              ["", t("part.choose")],
              ...found.groups.map((one) => [
                one.group,
                `${one.name} (${one.members})`,
              ]),
            ])
          : h("p", { class: "empty" }, t("part.nothing")),
      );
      part.read = () => {
        const group = body.querySelector("select")?.value;
        return group ? { kind, group } : null;
      };
    } else {
      fill(
        body,
        listed(
          t("part.units"),
          found.below.map((one) => [one.unit, one.name]),
        ),
      );
      part.read = () =>
        some(chosen("listed"), { kind, units: chosen("listed") });
    }
  }

  add(false);
  return {
    node,
    selection: () => {
      const read = (excluding) =>
        parts
          .filter((one) => one.excludes() === excluding)
          .map((one) => one.read())
          .filter(Boolean);
      const include = read(false);
      const exclude = read(true);
      return include.length
        ? { include, ...(exclude.length && { exclude }) }
        : null;
    },
  };
}
