// Whether the officers on duty can be reached: the posts of a unit and of all units below, their
// channels, and the results of the tests.

import { post } from "../lib/api.js";
import { button, chip, optionsOf } from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { currentLanguage, formatTime, t } from "../lib/i18n.js";
import { light } from "../lib/lights.js";
import { loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";

/** @import { Reach, ReachableChannel, ReachablePost } from "../types/duty.d.ts" */
/** @import { Unit } from "../types/units.d.ts" */
/** @import { BoardContext } from "../types/page.d.ts" */
/** @import { LightColour } from "../lib/lights.js" */

const PAGE_SIZE = 100;
const TEST_MS = 1_500;
/** @type {Record<Reach, LightColour>} */
const COLOURS = {
  reachable: "green",
  doubtful: "yellow",
  unknown: "yellow",
  unreachable: "red",
  empty: "red",
};
const REACHES = /** @type {Reach[]} */ (Object.keys(COLOURS));
const UNANSWERED_TESTS = new Set(["silent", "failed"]);

/** @param {ReachablePost} item */
const keyOf = (item) => `${item.unit}-${item.post}`;

/**
 * Make the part of the duty board about reachability; `currentUnit()` gives the unit it is about.
 * @param {BoardContext} context
 * @param {() => Unit} currentUnit
 */
export function reachabilityPart(context, currentUnit) {
  const summary = h("p", { class: "row", id: "reach-sums" });
  const list = h("ol", { class: "lines tall reach", id: "reach", tabindex: 0 });
  const filter = select(
    t("reach.show"),
    "show",
    optionsOf(["all", "gaps", "silent"], "reach.show"),
  );
  const path = "/api/duty/reachability";
  const posts = pagedList(path, "posts", keyOf, () => load(), PAGE_SIZE);
  const testButton = button(t("reach.test"), () => confirmTest(), { id: "reach-test" });
  filter.addEventListener("change", () => restart());

  async function request() {
    const { unit } = currentUnit();
    const query = { unit, show: selectOf(filter).value };
    const answer = await context.current(posts.load(query));
    return unit === currentUnit().unit ? answer : null;
  }

  const load = loader(list, request, (answer) => {
    const lights = REACHES.filter((reach) => answer.counts[reach]).map((reach) =>
      reachLight(reach, ` ${answer.counts[reach]}`),
    );
    fill(summary, lights.length ? lights : h("span", { class: "faint" }, t("duty.no.plan")));
    renderList(list, answer.posts, keyOf, postItem, t("reach.none"));
    posts.show(answer);
  });

  /** Load the list for another unit or another filter. */
  function restart() {
    fill(summary);
    posts.restart();
    load.restart();
  }

  function confirmTest() {
    const unit = currentUnit();
    const key = crypto.randomUUID();
    confirmAction({
      title: t("reach.test"),
      subject: { status: "Test", place: unit.name, headline: t("reach.test.note") },
      send: async () => {
        await post("/api/duty/tests", { unit: unit.unit }, key);
        setTimeout(load, TEST_MS);
      },
    });
  }

  const node = h(
    "div",
    { class: "stack" },
    summary,
    h("div", { class: "search" }, filter, testButton),
    list,
    posts.moreButton,
    h("p", { class: "faint" }, t("duty.reach.note")),
  );
  return { node, load, restart };
}

/**
 * Make a light: red for nobody, yellow for uncertain, green for reached lately.
 * @param {Reach} reach
 * @param {string} [detail]
 */
const reachLight = (reach, detail = "") => light(COLOURS[reach], [t(`reach.${reach}`), detail]);

/** @param {ReachablePost} item */
function postItem(item) {
  return h(
    "li",
    {},
    reachLight(item.reach),
    h(
      "span",
      { class: "description" },
      `${item.unit_name} ${t(`post.${item.post}`)} `,
      item.officer_id && text(item.name ?? t("reach.name.hidden")),
      item.phone && h("span", { class: "faint" }, ` ${item.phone}`),
      h("ul", { class: "channels" }, item.channels.map(channelItem)),
    ),
  );
}

/** @param {ReachableChannel} channel */
function channelItem(channel) {
  const name = currentLanguage() === "en" ? channel.en : channel.zh;
  const score = t("reach.score", { n: Math.round(channel.score * 100) });
  const { tested, tested_at: testedAt } = channel;
  const test = tested
    ? `${t(`tested.${tested}`)} ${formatTime(testedAt ?? "")}`
    : t("tested.never");
  return h(
    "li",
    {},
    h("span", { class: `dot-light ${COLOURS[channel.reach]}`, "aria-hidden": "true" }),
    `${name} ${score} · ${test}`,
    UNANSWERED_TESTS.has(tested ?? "") && [" ", chip(t("reach.silent"), "bad")],
  );
}
