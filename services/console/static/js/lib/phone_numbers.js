// Texts with telephone numbers that a thumb can dial.

import { clean, h } from "./dom.js";

const NUMBER = /((?:电话|phone) )(\+?[0-9][0-9 -]{2,30}[0-9])/;

/**
 * Make a paragraph of free text; a number after the word for a telephone is a link that dials.
 * @param {unknown} value
 */
export function dialableText(value) {
  const parts = clean(value).split(NUMBER);
  // Of each number the expression gives three parts: the text before, the word, and the number.
  return h(
    "p",
    { class: "text", dir: "auto" },
    parts.map((part, place) => (place % 3 === 2 ? numberLink(part) : part)),
  );
}

/** @param {string} number */
const numberLink = (number) => h("a", { href: `tel:${number.replace(/[ -]/g, "")}` }, number);
