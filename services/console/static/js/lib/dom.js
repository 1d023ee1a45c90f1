// Elements of the page. Text enters through text nodes alone: nothing here parses markup.

/** @import { Child, Properties } from "../types/dom.d.ts" */

const CONTROL_CHARACTERS =
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u007f]/g;
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Return text from outside without characters that reverse or hide its surroundings.
 * @param {unknown} value
 */
export function clean(value) {
  return String(value ?? "").replace(CONTROL_CHARACTERS, "");
}

/**
 * Make an HTML element: properties by name, `on…` as listeners, children as nodes or text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  addContent(node, properties, children);
  return node;
}

/**
 * Make an SVG element in the same way.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, properties = {}, ...children) {
  const node = document.createElementNS(SVG_NAMESPACE, tag);
  addContent(node, properties, children);
  return node;
}

/**
 * @param {Element} node
 * @param {Properties} properties
 * @param {Child[]} children
 */
function addContent(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function")
      node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...nodesOf(children));
}

/**
 * @param {readonly Child[]} children
 * @returns {Node[]}
 */
function nodesOf(children) {
  return children.flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    if (Array.isArray(child)) return nodesOf(child);
    return child instanceof Node ? child : document.createTextNode(clean(child));
  });
}

/**
 * Make an element for free text of people and machines, isolated from its surroundings.
 * @param {unknown} value
 * @param {"span" | "p"} [tag]
 */
export function text(value, tag = "span") {
  return h(tag, { class: "text", dir: "auto" }, clean(value));
}

/**
 * Replace the content of a node.
 * @template {Element} Container
 * @param {Container} container
 * @param {Child[]} children
 */
export function fill(container, ...children) {
  container.replaceChildren(...nodesOf(children));
  return container;
}

/**
 * Return the element of the page with this id, or null when the page does not show it.
 * @param {string} id
 */
export const optionalElement = (id) => document.getElementById(id);

/**
 * Return the element of the page with this id, which the page always has.
 * @param {string} id
 */
export function elementById(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/**
 * Return a function that moves the focus to the new element with the `data-focus` of the element in
 * `container` that has the focus now.
 * @param {Element} container
 */
export function rememberFocus(container) {
  const active = document.activeElement;
  const id = active instanceof HTMLElement || active instanceof SVGElement;
  const focus = id && container.contains(active) ? active.dataset.focus : undefined;
  return () => {
    if (focus === undefined) return;
    const target = container.querySelector(`[data-focus="${CSS.escape(focus)}"]`);
    if (target instanceof HTMLElement || target instanceof SVGElement) target.focus();
  };
}

/** @typedef {Map<string, { state: string, node: HTMLElement | SVGElement }>} ListItems */

/** @type {WeakMap<Element, ListItems>} */
const itemsByList = new WeakMap();

/**
 * Return the items that a list shows, by key; undefined before its first drawing.
 * @param {Element} container
 */
export const itemsOf = (container) => itemsByList.get(container);

/**
 * Empty a list and forget its items, so that none of the next ones counts as new.
 * @param {Element} container
 */
export function clearList(container) {
  itemsByList.delete(container);
  fill(container);
}

/**
 * Bring a list to a new state: the node of an unchanged item stays, with focus, scroll position and
 * open details. `make(item)` builds a node. Return the keys of the items that are new.
 * @template Item
 * @param {Element} container
 * @param {readonly Item[]} items
 * @param {(item: Item) => string | number} keyOf
 * @param {(item: Item) => HTMLElement | SVGElement} make
 * @param {Child} emptyText
 * @returns {string[]}
 */
export function renderList(container, items, keyOf, make, emptyText) {
  const previousItems = itemsOf(container);
  /** @type {ListItems} */
  const updatedItems = new Map();
  const newKeys = [];
  const restoreFocus = rememberFocus(container);
  for (const item of items) {
    const key = String(keyOf(item));
    const state = JSON.stringify(item) + document.documentElement.lang;
    const previous = previousItems?.get(key);
    if (previous && previous.state === state) {
      updatedItems.set(key, previous);
      continue;
    }
    const node = make(item);
    if (previous?.node.querySelector("details[open]"))
      node.querySelector("details")?.setAttribute("open", "");
    if (!previous && previousItems) {
      node.classList.add("fresh");
      newKeys.push(key);
    }
    updatedItems.set(key, { state, node });
  }
  itemsByList.set(container, updatedItems);
  const nodes = items.flatMap((item) => updatedItems.get(String(keyOf(item)))?.node ?? []);
  const isUnchanged =
    nodes.length === container.children.length &&
    nodes.every((node, index) => container.children[index] === node);
  if (!isUnchanged || !nodes.length)
    fill(container, nodes.length ? nodes : h("li", { class: "empty" }, emptyText));
  restoreFocus();
  return newKeys;
}
