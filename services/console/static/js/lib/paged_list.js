// Lists that are loaded page by page: a number of entries, how many there are, a button for more.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { button } from "./components.js";

/** @import { AnswerOf, EntryOf } from "../types/answers.d.ts" */
/** @import { ListAnswer } from "../types/fields.d.ts" */
/** @import { Query } from "./api.js" */

const ANSWER_LIMIT = 500;

/**
 * Make a list that shows `size` entries more with each press of the button. `count` and
 * `moreButton` are elements to be placed by the caller; the button calls `reload`.
 * @template {string} Path
 * @template {string} Name
 * @param {Path} path the address of the list
 * @param {Name} name the field of the answer that holds the entries
 * @param {(entry: EntryOf<Path, Name>) => string} keyOf
 * @param {() => void} reload
 * @param {number} [size]
 */
export function pagedList(path, name, keyOf, reload, size = 100) {
  let requested = size;
  let displayed = size;
  /** @type {number | null} */
  let shownTotal = null;
  const count = h("span", { class: "how-many" });
  const moreButton = button(
    t("more"),
    () => {
      requested += size;
      moreButton.disabled = true;
      reload();
    },
    { class: "more", hidden: true, "data-focus": `more-${name}` },
  );

  /**
   * Load the entries, from as many answers as that takes.
   * @param {Query} [query]
   * @returns {Promise<AnswerOf<Path>>}
   */
  async function load(query = {}) {
    /** @type {Map<string, EntryOf<Path, Name>>} */
    const entries = new Map(); // An entry may move from one page to another between two requests.
    /** @type {string | number} */
    let after = "";
    let answer;
    do {
      const limit = Math.min(ANSWER_LIMIT, requested - entries.size);
      answer = await get(path, { ...query, after, limit });
      for (const entry of entriesOf(answer)) {
        const key = keyOf(entry);
        if (!entries.has(key)) entries.set(key, entry);
      }
      after = /** @type {ListAnswer} */ (answer).next ?? "";
    } while (after && entries.size < requested);
    const merged = { ...answer, [name]: [...entries.values()] };
    return /** @type {AnswerOf<Path>} */ (merged);
  }

  /**
   * @param {AnswerOf<Path>} answer
   * @returns {EntryOf<Path, Name>[]}
   */
  function entriesOf(answer) {
    const entries = new Map(Object.entries(answer)).get(name);
    return /** @type {EntryOf<Path, Name>[]} */ (entries);
  }

  /**
   * Show how many of how many entries are displayed. Return whether the officer asked for more
   * entries since the last time.
   * @param {AnswerOf<Path>} answer
   * @param {number | null} [total] how many there are; null when that is not known
   */
  function show(answer, total = totalOf(answer)) {
    shownTotal = total;
    recount(entriesOf(answer).length);
    moreButton.hidden = !(/** @type {ListAnswer} */ (answer).next);
    moreButton.disabled = false;
    const hasGrown = requested > displayed;
    displayed = requested;
    return hasGrown;
  }

  /**
   * Show that only so many of the loaded entries are displayed.
   * @param {number} entryCount
   */
  function recount(entryCount) {
    fill(count, countText(entryCount, shownTotal));
  }

  /** @param {AnswerOf<Path>} answer */
  function totalOf(answer) {
    const { next, total } = /** @type {ListAnswer} */ (answer);
    return total ?? (next ? null : entriesOf(answer).length);
  }

  /** Return to the first page. */
  function restart() {
    requested = displayed = size;
  }

  return { count, moreButton, load, show, recount, restart };
}

/**
 * Return how many entries there are, and how many are displayed where that is not all of them.
 * @param {number} displayed
 * @param {number | null} total null = more than are displayed
 */
export function countText(displayed, total) {
  if (total === null) return t("count.first", { n: displayed });
  return displayed < total ? t("count.of", { n: displayed, total }) : t("count", { n: total });
}
