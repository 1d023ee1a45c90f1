// The clocks of a duty to report, each as a light with its words.

import { h } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";

const LIGHT = {
  overdue: "red",
  missed: "red",
  late: "yellow",
  due: "yellow",
  met: "green",
  stopped: "green",
};
const SHAPE = { red: "■", yellow: "▲", green: "●" };

/** One light per deadline that there has been. */
export function clockLights(clocks) {
  return h("span", { class: "clocks" }, clocks.map(light));
}

function light(one) {
  const name = one.clock.replace("report_", "");
  const calling = one.target_name
    ? ` ${t("called", { unit: one.target_name, post: t(`post.${one.target_post}`) })}`
    : "";
  const words = t(`report.${name}`, {}, t(`means.${name}`, {}, name));
  return h(
    "span",
    { class: `clock-light ${LIGHT[one.state]}` },
    h("span", { "aria-hidden": "true" }, `${SHAPE[LIGHT[one.state]]} `),
    `${words} ${t(`duty.${one.state}`)} ${when(one.met_at ?? one.due_at)}${calling}`,
  );
}
