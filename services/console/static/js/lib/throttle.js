// Limits on how often a function runs.

/**
 * Return a function that runs `work` once after the present task, however often it is called
 * before.
 * @param {() => void} work
 */
export function batch(work) {
  let scheduled = false;
  return function run() {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      work();
    });
  };
}

/**
 * Return a function that runs `work` when it has not been called for `pause` ms.
 * @param {() => unknown} work
 * @param {number} [pause]
 */
export function debounce(work, pause = 300) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return function run() {
    clearTimeout(timer);
    timer = setTimeout(work, pause);
  };
}

/**
 * Return a function that runs `work` at most once per `pause` ms, again if it is called meanwhile,
 * and never twice at once. The pause is up to half as long again at random: thousands of screens
 * that receive the same line do not all ask in the same moment.
 * @param {() => Promise<unknown>} work
 * @param {number} [pause]
 */
export function throttle(work, pause = 1_000) {
  let running = false;
  let requested = false;
  return async function run() {
    if (running) {
      requested = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      setTimeout(
        () => {
          running = false;
          if (requested) {
            requested = false;
            run();
          }
        },
        pause * (1 + Math.random() / 2),
      );
    }
  };
}
