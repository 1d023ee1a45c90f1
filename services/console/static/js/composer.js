// Writing a command: what, to whom, how many that are, and the number typed before it goes.

import { post, Problem } from "./api.js";
import { area, open, title } from "./confirm.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { LEVELS } from "./parts.js";

const TIERS = ["district", "town", "village", "grid", "microgrid"];
const BELOW = { city: 0, district: 1, town: 2, village: 3 };
const EVENTS = ["11A01", "11B03", "12:gas_leak"];

/** Open the composer for the officer's own subtree. */
export function compose(me, status, towns, refresh) {
  const key = crypto.randomUUID();
  const count = h("strong", { id: "recipients" }, "–");
  const byTier = h("span", { class: "muted" });
  const trouble = h("p", { class: "problem", role: "alert", hidden: true });
  const go = h("button", { type: "submit", class: "primary" }, t("send"));
  const typed = h("input", { type: "text", name: "typed", inputmode: "numeric", autocomplete: "off" });
  let seen = null;
  go.disabled = true;

  const roots = [{ unit: me.unit, name: me.unit_name }, ...towns.filter((one) => one.unit !== me.unit)];
  const tiersOffered = TIERS.slice(BELOW[me.tier] ?? 0);
  const form = h(
    "form",
    { method: "dialog", oninput: check, onchange: changed, onsubmit: submit },
    title(t(status === "Exercise" ? "compose.drill" : "compose")),
    h("label", {}, t("compose.title"), h("input", { type: "text", name: "title", maxlength: 200, required: true })),
    area(t("compose.instruction"), "instruction"),
    h("label", {}, t("compose.event"), select("event", EVENTS.map((one) => [one, t(`event.${one}`)]))),
    choices(t("compose.level"), "radio", "level", LEVELS.map((one) => [one, t(`level.${one}`)])),
    h("label", {}, t("compose.root"), select("root", roots.map((one) => [one.unit, one.name]))),
    choices(t("compose.tiers"), "checkbox", "tiers", tiersOffered.map((one) => [one, t(`tier.${one}`)])),
    h("p", { class: "figures", "aria-live": "polite" }, t("compose.recipients"), " ", count, " ", byTier),
    h("label", {}, t("compose.type"), typed),
    trouble,
    h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")), go),
  );
  const dialog = open([status === "Exercise" && h("div", { class: "stripes drill-band" }, h("span", {}, t("drill.banner"))), form]);

  const chosen = () => [...form.querySelectorAll("[name=tiers]:checked")].map((one) => one.value);

  const selection = () => ({ include: [{ kind: "subtree", of: form.elements.root.value, tiers: chosen() }] });

  async function changed(event) {
    if (!["root", "tiers"].includes(event.target.name)) return;
    seen = null;
    trouble.hidden = true;
    fill(count, "–");
    fill(byTier);
    const tiers = chosen();
    if (tiers.length) {
      try {
        seen = await post("/api/commands/preview", { selection: selection(), limit: 0 });
        fill(count, String(seen.recipients));
        fill(byTier, Object.entries(seen.by_tier).map(([tier, n]) => `${t(`tier.${tier}`)} ${n}`).join("  "));
      } catch (problem) {
        show(problem);
      }
    }
    check();
  }

  function check() {
    go.disabled = !(seen?.recipients > 0 && typed.value.trim() === String(seen.recipients) && form.checkValidity());
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
      selection: selection(),
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

function select(name, options) {
  return h("select", { name }, options.map(([value, words]) => h("option", { value }, words)));
}

function choices(legend, type, name, options) {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, legend),
    options.map(([value, words]) => h("label", {}, h("input", { type, name, value, required: type === "radio" }), words)),
  );
}
