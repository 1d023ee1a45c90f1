// A text with rules or plans: written or read from a file, checked, tried, published on trial.

import { get, post } from "../../lib/api.js";
import { button, panel } from "../../lib/components.js";
import { confirmAction, problemLine, textArea } from "../../lib/dialogs.js";
import { fill, h } from "../../lib/dom.js";
import { select, valueOf } from "../../lib/forms.js";
import { bilingual, t } from "../../lib/i18n.js";
import { backtestResults, caseResults, checkResults, publishedText } from "./definition_results.js";

/** @import { Definition, DefinitionCheck, DefinitionKind } from "../../types/definitions.d.ts" */

const LONGEST = 500_000;
const LONGEST_CASES = 200_000;
const HOURS = [6, 24, 72, 168];

/**
 * Make the editor; `published` is called after a publication.
 * @param {DefinitionKind} kind
 * @param {() => void} published
 */
export function definitionEditor(kind, published) {
  const isRule = kind === "rule";
  const problem = problemLine();
  const results = h("div", { class: "stack", id: "definition-results", "aria-live": "polite" });
  const textField = textArea(t("definitions.text"), "text", LONGEST, true);
  const casesField = textArea(t("definitions.cases"), "cases", LONGEST_CASES);
  const hours = HOURS.map((n) => /** @type {const} */ ([`${n}`, t("definitions.hours", { n })]));
  const hoursField = select(t("definitions.backtest.span"), "hours", hours);
  const file = h("input", {
    type: "file",
    accept: ".yaml,.yml,.json",
    name: "file",
    onchange: readFile,
  });
  /** @type {HTMLFormElement} */
  const form = h(
    "form",
    { class: "stack definition-form", onsubmit: (event) => event.preventDefault() },
    h("label", {}, t("definitions.file"), file),
    textField,
    isRule && casesField,
    isRule && hoursField,
    problem.node,
    h(
      "div",
      { class: "acts" },
      actButton("check", check),
      isRule && actButton("test", test),
      isRule && actButton("backtest", backtest),
      button(t("definitions.publish"), publish, { class: "primary", "data-focus": "publish" }),
    ),
  );

  /**
   * @param {string} name
   * @param {() => Promise<Node>} work
   */
  function actButton(name, work) {
    const act = () => run(work);
    return button(t(`definitions.${name}`), act, { class: "plain", "data-focus": name });
  }

  /** Return the texts of the form as the body of a request. */
  function written() {
    return { kind, text: valueOf(form, "text"), cases: isRule ? valueOf(form, "cases") : "" };
  }

  /** @param {() => Promise<Node>} work */
  async function run(work) {
    if (form.reportValidity()) await showResult(work);
  }

  /** @param {() => Promise<Node>} work */
  async function showResult(work) {
    problem.clear();
    fill(results, h("p", { class: "muted" }, t("definitions.working")));
    try {
      fill(results, await work());
    } catch (error) {
      fill(results);
      problem.show(error);
    }
  }

  async function check() {
    return checkResults(await post("/api/definitions/check", written()));
  }

  async function test() {
    const { text, cases } = written();
    return caseResults(await post("/api/definitions/test", { text, cases }));
  }

  async function backtest() {
    const body = { text: written().text, hours: Number(valueOf(form, "hours")) };
    return backtestResults(await post("/api/definitions/backtest", body));
  }

  /** Check once more, show what would be published, and ask for the reason. */
  async function publish() {
    await run(async () => {
      const answer = await post("/api/definitions/check", written());
      if (!answer.errors && answer.changes.length) confirm(answer);
      return checkResults(answer);
    });
  }

  /** @param {DefinitionCheck} checked */
  function confirm({ changes }) {
    const key = crypto.randomUUID();
    confirmAction({
      title: t("definitions.publish"),
      subject: {
        place: null,
        headline: changes.map(({ id, version }) => `${id} v${version}`).join(", "),
      },
      fields: h("p", { class: "muted" }, t("definitions.publish.note")),
      reason: "required",
      send: async ({ reason }) => {
        const versions = Object.fromEntries(changes.map(({ id, was }) => [id, was]));
        const body = { ...written(), reason, versions };
        const answer = await post("/api/definitions/publish", body, key);
        fill(results, h("p", { role: "status" }, publishedText(answer)));
        published();
      },
    });
  }

  async function readFile() {
    const picked = file.files?.[0];
    if (!picked) return;
    if (picked.size > LONGEST) fill(results, h("p", { class: "problem" }, t("problem.too_large")));
    else setText(await picked.text());
  }

  /** @param {string} content */
  function setText(content) {
    const area = form.elements.namedItem("text");
    if (area instanceof HTMLTextAreaElement) area.value = content;
  }

  return {
    node: panel("definitions.write", [form, results]),
    /** @param {Definition} definition */
    open: async ({ id }) => {
      await showResult(async () => {
        const answer = await get(`/api/definitions/${kind}/${id}`);
        setText(bilingual(answer).text);
        return h("p", { class: "muted" }, t("definitions.opened", { id, n: answer.version }));
      });
    },
  };
}
