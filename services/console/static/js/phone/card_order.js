// Cards stay where they are while somebody is at the list, so that nothing moves under a thumb: what is new comes
// to the end, what is settled stays for a moment. After a while of rest the list takes its own order again.

const SETTLED_MS = 2_000;
const REST_MS = 30_000;
const TOUCHES = ["pointerdown", "touchmove", "wheel", "keydown", "input"];

export class Held {
  /** `draw()` is called when settled cards may go, `rested()` when the list may take its own order. */
  constructor(draw, rested) {
    this.drawn = draw;
    this.rested = rested;
    this.timers = [];
    this.release(); // who opens the page looks at it
    for (const name of TOUCHES)
      addEventListener(name, (event) => this.touched(event), {
        capture: true,
        passive: true,
      });
  }

  get pressing() {
    return Date.now() - this.last < SETTLED_MS;
  }

  get holding() {
    return Date.now() - this.last < REST_MS;
  }

  touched(event) {
    if (!event.target.closest?.("#list")) return;
    this.last = Date.now();
    this.timers.forEach(clearTimeout);
    this.timers = [
      setTimeout(() => this.drawn(), SETTLED_MS + 50),
      setTimeout(() => this.rested(), REST_MS + 50),
    ];
  }

  /** Take the list's own order at the next drawing, and hold that. */
  release() {
    this.last = Date.now() - SETTLED_MS;
    this.keys = [];
  }

  /**
   * Which of `items` stand above and in which order: those that are `needed`; those that stand there already keep
   * their places while somebody is at the list, and what is new follows them.
   */
  arranged(items, key, needed) {
    const known = new Map(items.map((one) => [key(one), one]));
    const stays = (one) => one && (this.pressing || needed(one));
    const kept = this.holding
      ? this.keys.map((id) => known.get(id)).filter(stays)
      : [];
    const there = new Set(kept);
    const arranged = [
      ...kept,
      ...items.filter((one) => needed(one) && !there.has(one)),
    ];
    this.keys = arranged.map(key);
    return arranged;
  }

  /** Draw anew by `draw()`; cards of `container` keep at least the room they had, the first in sight its place. */
  draw(container, draw) {
    const before = new Map(
      [...(container.known ?? [])].map(([id, { node }]) => [id, node]),
    );
    const rooms = this.pressing
      ? new Map([...before].map(([id, node]) => [id, node.offsetHeight]))
      : new Map();
    const tops = new Map(
      [...before].map(([id, node]) => [id, node.getBoundingClientRect()]),
    );
    draw();
    const anchor = [...tops.keys()].find(
      (id) => tops.get(id).bottom > 0 && container.known?.has(id),
    );
    for (const [id, { node }] of container.known ?? [])
      node.style.minHeight = rooms.has(id) ? `${rooms.get(id)}px` : "";
    if (this.holding && anchor)
      scrollBy(
        0,
        container.known.get(anchor).node.getBoundingClientRect().top -
          tops.get(anchor).top,
      );
  }
}
