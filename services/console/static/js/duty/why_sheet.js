// The sheet that answers: was I called, and why, or why not; who was called when, and what they
// said. For the screen of a centre and for the phone.

import { get, problemOf } from "../lib/api.js";
import { button, chip, drillTag } from "../lib/components.js";
import { dialogTitle, labelDialog, openDialog } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { Call, WhyAnswer } from "../types/overview.d.ts" */

/**
 * Make the button that opens the sheet.
 * @param {`/api/pages/${string}/why` | `/api/alerts/${string}/why`} path
 * @param {string} focus
 */
export const whyButton = (path, focus) =>
  button(t("why"), () => openWhySheet(path), { class: "plain", "data-focus": `${focus}-why` });

/** @param {`/api/pages/${string}/why` | `/api/alerts/${string}/why`} path */
async function openWhySheet(path) {
  const body = h("div", { class: "sheet" }, dialogTitle(t("loading")));
  const dialog = openDialog(body, true);
  const buttons = h(
    "div",
    { class: "buttons" },
    button(t("close"), () => dialog.close()),
  );
  try {
    fill(body, content(await get(path)), buttons);
  } catch (error) {
    const problem = h("p", { class: "problem", role: "alert" }, problemOf(error).text);
    fill(body, dialogTitle(t("why")), problem, buttons);
  }
  labelDialog(dialog);
}

/** @param {WhyAnswer} answer */
function content(answer) {
  const { calls, reason, place_name: place } = answer;
  const own = calls.findLast((call) => call.own);
  const before = own ? calls.slice(0, calls.indexOf(own)).filter((call) => !call.own) : [];
  const settled = calls.find((call) => call.answer === "coming");
  const words = t(`why.${reason}`, {
    place,
    unit: own?.unit_name,
    post: own && t(`post.${own.post}`),
    people: [...new Set(before.map(personText))].join("、"),
    officer: settled && personText(settled),
    time: settled?.answered_at && formatTime(settled.answered_at),
    n: own?.round,
  });
  return [
    dialogTitle([drillTag(answer), " ", t("why")]),
    h("p", { class: "why-reason" }, words),
    calls.length > 0 && h("h3", {}, t("why.calls")),
    calls.length > 0 && h("ol", { class: "lines why-calls" }, calls.map(callItem)),
    h("p", { class: "faint" }, t("case.zone")),
  ];
}

/** @param {Call} call */
function personText(call) {
  const place = `${call.unit_name} ${t(`post.${call.post}`)}`;
  return call.officer_name ? `${call.officer_name}（${place}）` : place;
}

/** @param {Call} call */
function callItem(call) {
  const outcome =
    call.answer && call.answered_at
      ? t("why.answered", { event: t(`answer.${call.answer}`), time: formatTime(call.answered_at) })
      : t(`page.${call.state}`);
  return h(
    "li",
    {},
    h("time", { datetime: call.called_at }, formatTime(call.called_at)),
    h(
      "span",
      { class: "description" },
      h("strong", {}, personText(call)),
      call.own && [" ", chip(t("why.me"))],
      h("br"),
      h("span", { class: "muted" }, callText(call)),
    ),
    h("span", {}, outcome),
  );
}

/** @param {Call} call */
function callText({ channel, round }) {
  const way = channel ? t(`channel.${channel}`, {}, channel) : "";
  return round > 1 ? `${way} ${t("why.round", { n: round })}` : way;
}
