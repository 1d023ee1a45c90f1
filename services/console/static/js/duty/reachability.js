// Who on duty would be reached: the posts of a unit and of all below, by which channels, how the tests went.

import { get, post } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, h, list, text } from "../lib/dom.js";
import { select } from "../lib/forms.js";
import { current, t, when } from "../lib/i18n.js";
import { paged } from "../lib/paged_list.js";
import { act, chip } from "../lib/components.js";
import { part } from "../lib/load_status.js";

const PAGE = 100;
const LIGHT = {
  reachable: "green",
  doubtful: "yellow",
  unknown: "yellow",
  unreachable: "red",
  empty: "red",
};
const SHAPE = { red: "■", yellow: "▲", green: "●" };

/** The part of the duty board about reaching people; `unit()` tells which unit it is about. */
export function reachPart(ctx, unit) {
  const sums = h("p", { class: "row", id: "reach-sums" });
  const posts = h("ol", {
    class: "lines tall reach",
    id: "reach",
    tabindex: 0,
  });
  const show = select(
    t("reach.show"),
    "show",
    ["all", "gaps", "silent"].map((one) => [one, t(`reach.show.${one}`)]),
  );
  const listed = paged(
    "posts",
    (one) => `${one.unit}-${one.post}`,
    () => load(),
    PAGE,
  );
  const test = act(t("reach.test"), () => start(), { id: "reach-test" });
  show.addEventListener("change", () => anew());

  const askPosts = async () => {
    const of = unit();
    const found = await ctx.ofHere(
      listed.read("/api/duty/reachability", {
        unit: of.unit,
        show: show.querySelector("select").value,
      }),
    );
    return of.unit === unit().unit ? found : null;
  };
  const load = part(posts, askPosts, (found) => {
    const counts = Object.keys(LIGHT).filter((name) => found.counts[name]);
    fill(
      sums,
      counts.length
        ? counts.map((name) => reach(name, found.counts[name]))
        : h("span", { class: "faint" }, t("duty.no.plan")),
    );
    list(
      posts,
      found.posts,
      (one) => `${one.unit}-${one.post}`,
      line,
      t("reach.none"),
    );
    listed.show(found);
  });

  /** For another unit or another choice of posts. */
  function anew() {
    fill(sums);
    listed.restart();
    load.anew();
  }

  function start() {
    const of = unit();
    const key = crypto.randomUUID();
    ask({
      words: t("reach.test"),
      about: { status: "Test", place: of.name, headline: t("reach.test.note") },
      send: async () => {
        await post("/api/duty/tests", { unit: of.unit }, key);
        setTimeout(load, 1_500);
      },
    });
  }

  return {
    node: h(
      "div",
      { class: "stack" },
      sums,
      h("div", { class: "search" }, show, test),
      posts,
      listed.more,
      h("p", { class: "faint" }, t("duty.reach.note")),
    ),
    load,
    anew,
  };
}

/** Red ■ nobody, yellow ▲ not certain, green ● reached lately: a shape and a word beside the colour. */
function reach(name, n = "") {
  return h(
    "span",
    { class: `light ${LIGHT[name]}` },
    h("span", { "aria-hidden": "true" }, SHAPE[LIGHT[name]]),
    ` ${t(`reach.${name}`)} ${n}`,
  );
}

function line(one) {
  return h(
    "li",
    {},
    reach(one.reach),
    h(
      "span",
      { class: "what" },
      `${one.unit_name} ${t(`post.${one.post}`)} `,
      one.officer_id && text(one.name ?? t("reach.name.hidden")),
      one.phone && h("span", { class: "faint" }, ` ${one.phone}`),
      h("ul", { class: "channels" }, one.channels.map(channel)),
    ),
  );
}

function channel(one) {
  const name = current() === "en" ? one.en : one.zh;
  const score = t("reach.score", { n: Math.round(one.score * 100) });
  const test = one.tested
    ? `${t(`tested.${one.tested}`)} ${when(one.tested_at)}`
    : t("tested.never");
  return h(
    "li",
    {},
    h("span", {
      class: `dot-light ${LIGHT[one.reach]}`,
      "aria-hidden": "true",
    }),
    `${name} ${score} · ${test}`,
    ["silent", "failed"].includes(one.tested) && [
      " ",
      chip(t("reach.silent"), "bad"),
    ],
  );
}
