// Lists that go on: as many entries as are wanted, how many there are, and a button for more.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { act } from "./components.js";

const MOST = 500; // of one answer

/**
 * A list read `size` entries at a time: `name` is its field in the answer, `key` tells its entries apart.
 * `count` and `more` are to be put where they belong; `more` calls `reload`.
 */
export function paged(name, key, reload, size = 100) {
  let wanted = size;
  let shown = size;
  const count = h("span", { class: "how-many" });
  const further = () => {
    wanted += size;
    more.disabled = true;
    reload();
  };
  const more = act(t("more"), further, {
    class: "more",
    hidden: true,
    "data-focus": `more-${name}`,
  });
  return {
    count,
    more,
    /** From the beginning, with as many as at first. */
    restart: () => {
      wanted = shown = size;
    },
    /** The answer with as many entries as are wanted, from as many pages as that takes. */
    read: async (path, query = {}) => {
      const entries = new Map(); // between two pages an entry may have moved from the one to the other
      let after = "";
      let answer;
      do {
        answer = await get(path, {
          ...query,
          after,
          limit: Math.min(MOST, wanted - entries.size),
        });
        for (const one of answer[name])
          if (!entries.has(key(one))) entries.set(key(one), one);
        after = answer.next ?? "";
      } while (after && entries.size < wanted);
      return { ...answer, [name]: [...entries.values()] };
    },
    /** Say how many of how many are shown; gives whether more were asked for than the last time. */
    show: (answer) => {
      const n = answer[name].length;
      const total = answer.total ?? (answer.next ? null : n);
      fill(count, document.createTextNode(countWords(n, total)));
      more.hidden = !answer.next;
      more.disabled = false;
      const grown = wanted > shown;
      shown = wanted;
      return grown;
    },
  };
}

/** How many there are; where not all are shown, how many are. `total` null = more than are shown. */
export function countWords(n, total) {
  if (total === null) return t("count.first", { n });
  return n < total ? t("count.of", { n, total }) : t("count", { n: total });
}
