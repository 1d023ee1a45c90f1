// Building the page from nodes. Text enters through textContent alone: nothing here parses markup.

const CONTROLS =
  /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u007f]/g;
const SVG = "http://www.w3.org/2000/svg";

/** Text from outside without marks that turn its surroundings around or hide. */
export function clean(text) {
  return String(text ?? "").replace(CONTROLS, "");
}

/** An element: properties by name, `on…` as listeners, children as nodes or text. */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function s(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.setAttribute("class", value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(
      child instanceof Node ? child : document.createTextNode(clean(child)),
    );
  }
  return node;
}

/** Free text of people and machines, isolated from what stands around it. */
export function text(value, tag = "span") {
  return h(tag, { class: "text", dir: "auto" }, value);
}

/** Put children into a node, in place of what was there. */
export function fill(node, ...children) {
  node.replaceChildren(
    ...children
      .flat(3)
      .filter(
        (child) => child !== null && child !== undefined && child !== false,
      ),
  );
  return node;
}

/**
 * Bring a list to a new state: a node whose item is unchanged stays, with focus, scroll and open
 * details. `make(item)` builds a node; returns the keys that are new.
 */
export function list(container, items, key, make, empty) {
  const known = container.known ?? new Map();
  const next = new Map();
  const fresh = [];
  const nodes = [];
  const focused = container.contains(document.activeElement)
    ? document.activeElement.dataset.focus
    : null;
  for (const item of items) {
    const id = key(item);
    const state = JSON.stringify(item) + document.documentElement.lang;
    const before = known.get(id);
    if (before && before.state === state) {
      next.set(id, before);
    } else {
      const node = make(item);
      if (before?.node.querySelector("details[open]"))
        node.querySelector("details")?.setAttribute("open", "");
      if (!before && container.known) {
        node.classList.add("fresh");
        fresh.push(id);
      }
      next.set(id, { state, node });
    }
    nodes.push(next.get(id).node);
  }
  container.known = next;
  const same =
    nodes.length === container.children.length &&
    nodes.every((node, n) => container.children[n] === node);
  if (!same || !nodes.length)
    fill(container, nodes.length ? nodes : h("li", { class: "empty" }, empty));
  if (focused)
    container.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  return fresh;
}
