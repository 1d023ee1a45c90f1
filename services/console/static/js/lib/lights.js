// Traffic lights: a shape and a word beside each colour.

import { h } from "./dom.js";

/** @import { Child } from "../types/dom.d.ts" */

/** @typedef {"red" | "yellow" | "green"} LightColour */

/** @type {Record<LightColour, string>} */
const SHAPES = { red: "■", yellow: "▲", green: "●" };

/**
 * Make a light.
 * @param {LightColour} colour
 * @param {Child} words
 * @param {string} [kind] the class of the element
 */
export function light(colour, words, kind = "light") {
  const shape = h("span", { "aria-hidden": "true" }, SHAPES[colour]);
  return h("span", { class: `${kind} ${colour}` }, shape, " ", words);
}
