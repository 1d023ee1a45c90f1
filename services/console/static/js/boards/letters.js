// The board of the dead letters, for operators of the system: counts by topic and reason, the
// newest letters with their bytes, and the acts on them.

import { get, post } from "../lib/api.js";
import { button, cardClass, chip, headCell, panel, scrollingTable } from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { formatTime, pageData, t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";

/** @import { Letter, LetterGroup, LettersAnswer } from "../types/letters.d.ts" */
/** @import { Option } from "../types/dom.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const LIMIT = 100;
const PAUSE_MS = 1_500;
const ASK = "ask";
const GROUP_COLUMNS = ["topic", "service", "reason", "state"];

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function lettersBoard(context) {
  const groupPart = h("div", { id: "letter-groups" });
  const letterList = h("ul", { class: "cards limited", id: "letter-list", tabindex: 0 });
  const note = h("p", { class: "muted" });
  /** @type {Option[]} */
  const options = [
    ["", t("letters.state.all")],
    ...pageData.states.letter.all.map(
      (state) => /** @type {const} */ ([state, t(`letter_state.${state}`)]),
    ),
  ];
  const stateField = select(t("letters.state"), "state", options);
  const stateList = selectOf(stateField);
  stateList.addEventListener("change", () => load.restart());
  const load = loader([groupPart, letterList], requestLetters, draw, PAUSE_MS);

  async function requestLetters() {
    const state = stateList.value;
    const query = state ? { state, limit: LIMIT } : { limit: LIMIT };
    const answer = await context.current(get("/api/letters", query));
    return state === stateList.value ? answer : null;
  }

  /** @param {LettersAnswer} answer */
  function draw({ groups, letters, total, unread }) {
    fill(groupPart, groups.length ? groupTable(groups) : h("p", { class: "empty" }, noneText()));
    renderList(
      letterList,
      letters,
      (letter) => letter.id,
      (letter) => letterCard(letter, load),
      noneText(),
    );
    const counted = t("letters.total", { n: total });
    fill(note, unread > 0 ? `${counted} ${t("letters.unread", { n: unread })}` : counted);
  }

  return {
    node: h(
      "div",
      { class: "columns two even" },
      h(
        "div",
        { class: "stack" },
        panel("letters.counts", [groupPart, note, h("p", { class: "muted" }, t("letters.how"))]),
      ),
      h("div", { class: "stack" }, panel("letters.newest", [stateField, letterList])),
    ),
    refresh: load,
    line: () => {},
  };
}

const noneText = () => t("letters.none");

/** @param {string} reason */
const reasonText = (reason) => t(`letter_reason.${reason}`, {}, reason);

/** @param {LetterGroup[]} groups */
function groupTable(groups) {
  const heads = [
    ...GROUP_COLUMNS.map((name) => headCell(t(`letters.${name}`))),
    headCell(t("letters.count"), true),
    headCell(t("letters.last"), true),
  ];
  const rows = groups.map((group) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, text(group.topic)),
      h("td", {}, text(group.service)),
      h("td", {}, reasonText(group.reason)),
      h("td", {}, t(`letter_state.${group.state}`)),
      h("td", { class: "number" }, group.count),
      h("td", { class: "number" }, formatTime(group.last)),
    ),
  );
  return scrollingTable({ label: t("letters.counts") }, heads, rows);
}

/**
 * @param {Letter} letter
 * @param {() => void} refresh
 */
function letterCard(letter, refresh) {
  const { act } = letter;
  const size = letter.size === null ? t("letters.no.body") : t("letters.bytes", { n: letter.size });
  const actText = act && [
    `${t(`letter_verb.${act.verb}`)} ${formatTime(act.at)} `,
    text(`${act.actor}: ${act.reason}`),
  ];
  return h(
    "li",
    { class: cardClass({}, null) },
    h(
      "div",
      { class: "row" },
      chip(reasonText(letter.reason), letter.reason === "handler_error" ? "bad" : ""),
      chip(t(`letter_state.${letter.state}`)),
      h("span", { class: "tail" }, formatTime(letter.refused_at)),
    ),
    h("h3", { class: "letter-place" }, letter.place),
    h(
      "p",
      { class: "facts" },
      h("span", {}, t("letters.by", { service: letter.service })),
      h("span", {}, t("letters.from", { sender: letter.sender || t("letters.nobody") })),
      h("span", {}, size),
    ),
    letter.detail && text(letter.detail, "p"),
    h(
      "details",
      {},
      h("summary", {}, t("letters.content")),
      h("p", { class: "muted" }, t("letters.key", { key: letter.key })),
      h("pre", { class: "letter-body", dir: "ltr" }, letter.body),
    ),
    actText && h("p", { class: "muted" }, actText),
    h(
      "div",
      { class: "acts" },
      letter.may.map((verb) => actButton(letter, verb, refresh)),
    ),
  );
}

/**
 * @param {Letter} letter
 * @param {string} verb
 * @param {() => void} refresh
 */
function actButton(letter, verb, refresh) {
  const isRequest = verb === ASK;
  const title = t(`letter_do.${verb}`);
  const key = crypto.randomUUID();
  const ask = () =>
    confirmAction({
      title,
      subject: { place: letter.place, headline: reasonText(letter.reason) },
      fields: h("p", { class: "muted" }, t(`letter_do.${verb}.note`)),
      reason: "required",
      danger: !isRequest,
      send: async ({ reason }) => {
        await post("/api/letters/acts", { place: letter.place, verb, reason }, key);
        refresh();
      },
    });
  return button(title, ask, {
    class: isRequest ? "primary" : "plain",
    "data-focus": `${letter.id}-${verb}`,
  });
}
