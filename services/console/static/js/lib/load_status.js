// What a part of a screen says of itself: that it is being read, that it could not be read, that what it shows
// is old. A part that has not been read never looks as if there were nothing.

import { Problem } from "./api.js";
import { fill, h } from "./dom.js";
import { t, when } from "./i18n.js";
import { throttle } from "./live_stream.js";

const AGAIN_MS = 5_000;

/** What to say of something that was read at `read` (null = never) and could not be read since if `failed`. */
export function standingWords(read, failed) {
  if (failed)
    return read === null
      ? t("reading.failed")
      : t("reading.old", { time: when(read) });
  return read === null ? t("loading") : "";
}

/** The standing of what is shown in `node`, said in a line before it from `begin` on. */
export function standing(node) {
  const note = h("p", { class: "reading", role: "status" });
  let read = null;
  const show = (failed) => {
    const words = standingWords(read, failed);
    if (!note.isConnected && node.parentNode) node.before(note);
    note.hidden = !words;
    note.classList.toggle("failed", failed);
    if (note.textContent !== words) note.textContent = words;
  };
  return {
    /** It is asked for. */
    begin: () =>
      read === null && !note.classList.contains("failed") && show(false),
    /** Data of now is shown. */
    done: () => {
      read = Date.now();
      show(false);
    },
    /** It could not be read. */
    failed: () => show(true),
    /** Something else is asked for. */
    restart: () => {
      read = null;
      note.classList.remove("failed");
    },
  };
}

/**
 * How a part of a board is read: `ask()` gives the answer, or null when there is none for this screen, and
 * `draw` puts it into `nodes`, one or several. The function that comes back reads it, at most once per `pause`
 * ms; its `anew` does so for another question.
 */
export function part(nodes, ask, draw, pause = 1_000) {
  const shown = [nodes].flat();
  const states = shown.map(standing);
  const all = (name) => states.forEach((one) => one[name]());
  let again = null;
  const run = throttle(async () => {
    clearTimeout(again);
    all("begin");
    let found;
    try {
      found = await ask();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      all("failed");
      again = setTimeout(() => shown[0].isConnected && run(), AGAIN_MS);
      return;
    }
    if (found === null) return;
    draw(found);
    all("done");
  }, pause);
  run.anew = () => {
    all("restart");
    for (const node of shown) {
      node.known = undefined;
      fill(node); // what is shown is not about it
    }
    return run();
  };
  return run;
}
