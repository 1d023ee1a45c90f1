// Who on duty would be reached: the posts of a unit and of all below, by which channels, how the tests went.

import { get, post } from "./api.js";
import { ask } from "./confirm.js";
import { fill, h, list, text } from "./dom.js";
import { select } from "./forms.js";
import { current, t, when } from "./i18n.js";
import { throttle } from "./live.js";
import { act, chip } from "./parts.js";

const PAGE = 100;
const LIGHT = { reachable: "green", doubtful: "yellow", unknown: "yellow", unreachable: "red", empty: "red" };
const SHAPE = { red: "■", yellow: "▲", green: "●" };

/** The part of the duty board about reaching people; `unit()` tells which unit it is about. */
export function reachPart(ctx, unit) {
  const state = { posts: [], next: null };
  const sums = h("p", { class: "row", id: "reach-sums" });
  const posts = h("ol", { class: "lines tall reach", id: "reach", tabindex: 0 });
  const show = select(t("reach.show"), "show", ["all", "gaps", "silent"].map((one) => [one, t(`reach.show.${one}`)]));
  const more = act(t("more"), () => load(true), { hidden: true, id: "reach-more" });
  const test = act(t("reach.test"), () => start(), { id: "reach-test" });
  show.addEventListener("change", () => load());

  async function load(further = false) {
    const of = unit();
    const query = { unit: of.unit, show: show.querySelector("select").value, after: further ? state.next : "", limit: PAGE };
    const found = await ctx.quietly(get("/api/duty/reachability", query));
    if (!found || of.unit !== unit().unit) return;
    state.posts = further ? [...state.posts, ...found.posts] : found.posts;
    state.next = found.next;
    const counts = Object.keys(LIGHT).filter((name) => found.counts[name]);
    fill(sums, counts.length ? counts.map((name) => reach(name, found.counts[name])) : h("span", { class: "faint" }, t("duty.no.plan")));
    list(posts, state.posts, (one) => `${one.unit}-${one.post}`, line, t("reach.none"));
    more.hidden = !found.next;
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
    node: h("div", { class: "stack" }, sums, h("div", { class: "search" }, show, test), posts, more, h("p", { class: "faint" }, t("duty.reach.note"))),
    load: throttle(() => load()),
  };
}

/** Red ■ nobody, yellow ▲ not certain, green ● reached lately: a shape and a word beside the colour. */
function reach(name, n = "") {
  return h("span", { class: `light ${LIGHT[name]}` }, h("span", { "aria-hidden": "true" }, SHAPE[LIGHT[name]]), ` ${t(`reach.${name}`)} ${n}`);
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
  const test = one.tested ? `${t(`tested.${one.tested}`)} ${when(one.tested_at)}` : t("tested.never");
  return h("li", {}, h("span", { class: `dot-light ${LIGHT[one.reach]}`, "aria-hidden": "true" }), `${name} ${score} · ${test}`, ["silent", "failed"].includes(one.tested) && [" ", chip(t("reach.silent"), "bad")]);
}
