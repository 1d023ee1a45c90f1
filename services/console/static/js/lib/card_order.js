// The order of the cards of a list. While somebody touches the list or points at it, cards keep
// their places, so that nothing moves under a thumb: new cards come to the end, settled ones stay
// for a moment. After a while without a touch the list takes its own order.

import { itemsOf } from "./dom.js";

const SETTLED_MS = 2_000;
const IDLE_MS = 30_000;
const GESTURES = ["pointerdown", "pointermove", "touchmove", "wheel", "keydown", "input"];

/** Keeps the order of the cards of a list. */
export class CardOrder {
  /**
   * @param {EventTarget} target receives the gestures on the list
   * @param {string} selector of the part of the target that is the list
   * @param {() => void} onSettled called when settled cards may disappear
   * @param {() => void} onIdle called when the list may take its own order
   */
  constructor(target, selector, onSettled, onIdle) {
    this.selector = selector;
    this.onSettled = onSettled;
    this.onIdle = onIdle;
    /** @type {ReturnType<typeof setTimeout>[]} */
    this.timers = [];
    /** @type {string[]} */
    this.keys = [];
    this.touchedAt = 0;
    this.reset(); // An officer who opens the page reads it.
    for (const name of GESTURES)
      target.addEventListener(name, (event) => this.noteTouch(event), {
        capture: true,
        passive: true,
      });
  }

  /** Return whether the list was touched a moment ago. */
  get isTouched() {
    return Date.now() - this.touchedAt < SETTLED_MS;
  }

  /** Return whether cards keep their places. */
  get isStable() {
    return Date.now() - this.touchedAt < IDLE_MS;
  }

  /** @param {Event} event */
  noteTouch(event) {
    if (!(event.target instanceof Element && event.target.closest(this.selector))) return;
    this.touchedAt = Date.now();
    this.timers.forEach(clearTimeout);
    this.timers = [
      setTimeout(() => this.onSettled(), SETTLED_MS + 50),
      setTimeout(() => this.onIdle(), IDLE_MS + 50),
    ];
  }

  /**
   * Take the list's own order at the next drawing.
   * @param {boolean} [isRead] whether somebody reads the list now: then it keeps that order
   */
  reset(isRead = true) {
    this.touchedAt = isRead ? Date.now() - SETTLED_MS : 0;
    this.keys = [];
  }

  /**
   * Return the items of the upper list in their order: those that need the officer, those that are
   * shown there keep their places, and new ones follow.
   * @template {object} Item
   * @param {Item[]} items
   * @param {(item: Item) => string} keyOf
   * @param {(item: Item) => boolean} needsOfficer
   */
  arrange(items, keyOf, needsOfficer) {
    const itemsByKey = new Map(items.map((item) => [keyOf(item), item]));
    const placed = (this.isStable ? this.keys : []).flatMap((key) => {
      const item = itemsByKey.get(key);
      return item && (this.isTouched || needsOfficer(item)) ? [item] : [];
    });
    const placedItems = new Set(placed);
    const added = items.filter((item) => needsOfficer(item) && !placedItems.has(item));
    const arranged = [...placed, ...added];
    this.keys = arranged.map(keyOf);
    return arranged;
  }

  /**
   * Call `draw()`; the cards of `container` keep at least the height that they had, the first
   * visible one keeps its place on the screen.
   * @param {HTMLElement} container
   * @param {() => void} draw
   */
  draw(container, draw) {
    const previous = [...(itemsOf(container) ?? [])].map(([key, { node }]) => ({
      key,
      height: node instanceof HTMLElement ? node.offsetHeight : 0,
      box: node.getBoundingClientRect(),
    }));
    const heights = new Map(this.isTouched ? previous.map(({ key, height }) => [key, height]) : []);
    draw();
    const items = itemsOf(container);
    for (const [key, { node }] of items ?? [])
      node.style.minHeight = heights.has(key) ? `${heights.get(key)}px` : "";
    const top = Math.max(0, container.getBoundingClientRect().top);
    const anchor = previous.find(({ key, box }) => box.bottom > top && items?.has(key));
    const node = anchor && items?.get(anchor.key)?.node;
    if (!this.isStable || !node) return;
    const scroller = getComputedStyle(container).overflowY === "visible" ? window : container;
    scroller.scrollBy(0, node.getBoundingClientRect().top - anchor.box.top);
  }
}
