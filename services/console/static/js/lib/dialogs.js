// Dialogs. A dangerous act asks for what it is about: the level shown has to be picked, or the name of
// the place typed, before it goes. In a drill other words are typed than in earnest.

import { Problem } from "./api.js";
import { fill, h, text } from "./dom.js";
import { t } from "./i18n.js";
import { drillTag, isDrill, level, LEVELS } from "./components.js";

let titles = 0;

/** Show a dialog; removed from the page when closed. */
export function open(content, wide = false) {
  const dialog = named(h("dialog", { class: wide ? "wide" : null }, content));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** The heading of a dialog; one that stands on another has its own. */
export const title = (words) =>
  h("h2", { id: `dialog-title-${++titles}` }, words);

/** Called by its heading, as that is now. */
export function named(dialog) {
  dialog.setAttribute("aria-labelledby", dialog.querySelector("h2").id);
  return dialog;
}

/** What is typed to confirm an act on `place`: in a drill the word for it comes first. */
export const typedName = (about, place) =>
  isDrill(about) ? `${t("confirm.drill")} ${place}` : place;

/** A field for free text. */
export function area(label, name, maxlength = 4000, required = false) {
  return h("label", {}, label, h("textarea", { name, maxlength, required }));
}

/**
 * Ask before an act. `about` = {status, headline, place}; `pick` = the level that must be picked
 * (undefined: none); `type` = words that must be typed, or a function that tells them as the form stands;
 * `reason` = "optional" or "required" or null.
 * `fields` are more controls of the form. `send({reason, form})` does it; its Problem is shown and the
 * dialog stays.
 */
export function ask({
  words,
  about,
  pick,
  type,
  fields,
  reason,
  danger,
  send,
}) {
  const go = h(
    "button",
    { type: "submit", class: danger ? "danger" : "primary" },
    words,
  );
  const trouble = h("p", { class: "problem", role: "alert", hidden: true });
  const guarded = pick !== undefined || type !== undefined;
  const wanted = () => (typeof type === "function" ? type() : type);
  const asked = h("span");
  const look = () => {
    if (type !== undefined)
      fill(
        asked,
        document.createTextNode(t("confirm.type", { words: wanted() })),
      );
    go.disabled = guarded && !agreed(form, pick, wanted());
  };
  go.disabled = guarded;
  const form = h(
    "form",
    {
      method: "dialog",
      oninput: look,
      onchange: look,
      onsubmit: (event) => {
        event.preventDefault();
        if (agreed(form, pick, wanted())) attempt();
        else form.reportValidity();
      },
    },
    title(words),
    h(
      "div",
      {},
      h(
        "p",
        {},
        drillTag(about),
        " ",
        h("span", { class: "muted" }, about.place),
      ),
      text(about.headline, "p"),
    ),
    fields,
    pick !== undefined && choices(pick),
    type !== undefined &&
      h(
        "label",
        {},
        asked,
        h("input", { type: "text", name: "typed", autocomplete: "off" }),
      ),
    reason &&
      area(
        t(reason === "required" ? "reason.required" : "reason.optional"),
        "reason",
        4000,
        reason === "required",
      ),
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
  look();
  const dialog = open([
    isDrill(about) &&
      h(
        "div",
        { class: "stripes drill-band" },
        h("span", {}, t("drill.banner")),
      ),
    form,
  ]);

  async function attempt() {
    go.disabled = true;
    trouble.hidden = true;
    try {
      await send({ reason: form.elements.reason?.value.trim() ?? "", form });
      dialog.close();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      fill(trouble, problem.words);
      trouble.hidden = false;
      go.disabled = false;
    }
  }
  return dialog;
}

function choices(pick) {
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, t("confirm.pick", { level: t(`level.${pick ?? "lift"}`) })),
    [...LEVELS, null].map((name) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "shown",
          value: name ?? "lift",
          required: true,
        }),
        level(name),
      ),
    ),
  );
}

function agreed(form, pick, type) {
  if (pick !== undefined && form.elements.shown.value !== (pick ?? "lift"))
    return false;
  if (type !== undefined && form.elements.typed.value.trim() !== type)
    return false;
  return form.checkValidity();
}
