// The check before going live 上线自检: the steps of a first start, and what each still lacks.

import { get } from "../../lib/api.js";
import { button, chip, panel } from "../../lib/components.js";
import { fill, h, text } from "../../lib/dom.js";
import { bilingual, currentLanguage, formatTime, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";

/** @import { MissingItem, SelfCheckAnswer } from "../../types/start.d.ts" */
/** @import { AdminTabContext } from "../../types/admin.d.ts" */

const PAUSE_MS = 1_500;
/** The steps in their order: the kinds of lacks that each one mends, and where. */
const STEPS = [
  { name: "units", kinds: ["units"], go: "ledger", href: "/admin#ledger" },
  { name: "people", kinds: ["posts", "signers", "channels"], go: "duty", href: "/#duty" },
  { name: "sensors", kinds: ["sensors"], go: "ledger", href: "/admin#ledger" },
  { name: "sources", kinds: ["readings"], go: "sources", href: "/admin#sources" },
  { name: "rules", kinds: ["rules", "rules_for_sensors"], go: "rules", href: "/admin#rules" },
  {
    name: "plans",
    kinds: ["plans", "plans_for_events", "plans_for_units"],
    go: "rules",
    href: "/admin#rules",
  },
  { name: "test", kinds: ["test_alarm"], go: "test", href: "#test-alarm" },
];

/**
 * Make the panel.
 * @param {AdminTabContext} context
 */
export function selfCheckPanel(context) {
  const summary = h("p", { class: "row", role: "status" });
  const steps = h("ol", { class: "steps start-steps" });
  const load = loader(steps, () => context.current(get("/api/self-check")), draw, PAUSE_MS);

  /** @param {SelfCheckAnswer} answer */
  function draw(answer) {
    const { ready, missing, unit_name: unit, at } = answer;
    fill(
      summary,
      ready ? chip(t("start.ready")) : chip(t("start.missing", { n: missing.length }), "bad"),
      h("span", { class: "muted" }, t("start.at", { unit, time: formatTime(at) })),
    );
    fill(
      steps,
      STEPS.map((step) => {
        const lacks = missing.filter(({ kind }) => step.kinds.includes(kind));
        return h(
          "li",
          { "data-step": step.name },
          h(
            "p",
            { class: "row" },
            h("strong", {}, t(`start.step.${step.name}`)),
            lacks.length ? chip(t("start.open"), "bad") : chip(t("start.done")),
          ),
          lacks.length > 0 &&
            h(
              "ul",
              {},
              lacks.map((lack) => lackLine(lack, step)),
            ),
          step.name === "people" && goLink({ go: "accounts", href: "#accounts" }),
        );
      }),
    );
  }

  return {
    node: panel("start.check", [
      summary,
      h("h3", {}, t("start.steps")),
      steps,
      h(
        "div",
        { class: "acts" },
        button(t("start.again"), () => load(), { class: "plain" }),
      ),
    ]),
    load,
  };
}

/**
 * @param {MissingItem} lack
 * @param {{ go: string, href: string }} step
 */
function lackLine(lack, step) {
  const { zh, en } = bilingual(lack);
  return h(
    "li",
    { "data-kind": lack.kind },
    text(currentLanguage() === "en" ? en : zh),
    " ",
    goLink(step),
  );
}

/**
 * Make a link to where a lack is mended; a part of this tab is scrolled to, since its address is
 * that of a tab.
 * @param {{ go: string, href: string }} place
 */
function goLink({ go, href }) {
  const words = t(`start.go.${go}`);
  if (!href.startsWith("#")) return h("a", { href }, words);
  const scroll = () => {
    const part = document.querySelector(href);
    part?.scrollIntoView({ block: "start" });
    if (part instanceof HTMLElement) part.focus();
  };
  return button(words, scroll, { class: "plain" });
}
