// The command board: signed n of N per tier, who is missing, down to the single unit.

import { get, post, Problem } from "../lib/api.js";
import { ask, open, title } from "../lib/dialogs.js";
import { fill, h, list, text } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import {
  act,
  chip,
  drillTag,
  isDrill,
  level,
  openWords,
  tiers,
} from "../lib/components.js";
import { countWords } from "../lib/paged_list.js";
import { photoRow } from "../lib/photos.js";
import { standing } from "../lib/load_status.js";
import { stepButtons } from "./assignment_steps.js";

const PAGE = 100;
const STATES = [
  "delivered",
  "signed",
  "reported",
  "checked",
  "done",
  "returned",
  "suspended",
  "waived",
  "reassigned",
  "recalled",
];
const HEAD = ["unit", "tier", "state", "sign.at", ""];
const MISSING_SHOWN = 6;
const MISSING_EVERY_MS = 4_000;
const heard = new Map();
const asking = new Map(); // what is under way

/** Draw the board. */
export function drawCommands(container, commands, refresh) {
  list(
    container,
    commands,
    (one) => one.command_id,
    (one) => card(one, refresh),
    t("commands.none"),
  );
}

function card(command, refresh) {
  const { totals } = command;
  const late = totals.overdue;
  const missing = h("p", { class: "missing" });
  if (totals.signed < totals.total || late || totals.returned)
    fillMissing(missing, command.command_id);
  return h(
    "li",
    { class: `card ${command.level} ${isDrill(command) ? "drill" : ""}` },
    h(
      "div",
      { class: "row" },
      drillTag(command),
      level(command.level),
      chip(t(`command.${command.state}`)),
      late > 0 && chip(t("late", { n: late }), "bad"),
      totals.returned > 0 &&
        chip(t("returned.n", { n: totals.returned }), "bad"),
      h("span", { class: "tail" }, when(command.sent_at)),
    ),
    h("h3", {}, openWords(command, command.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, `${command.issuer_name} → ${command.root_name}`),
      h("span", {}, t("sign.by", { time: when(command.sign_by) })),
    ),
    h(
      "p",
      { class: "figures" },
      h(
        "span",
        {},
        `${t("signed")} `,
        h("strong", {}, totals.signed),
        ` / ${totals.total}`,
      ),
      h(
        "span",
        { class: "muted" },
        `${t("reported")} `,
        h("strong", {}, totals.reported),
      ),
    ),
    tiers(command.by_tier),
    missing,
    h(
      "div",
      { class: "next" },
      h(
        "div",
        { class: "acts" },
        act(t("units"), () => unitsSheet(command), {
          "data-focus": `${command.command_id}-units`,
        }),
        commandActs(command, refresh),
      ),
    ),
  );
}

/** What can be done with a whole command, where there is something to do it to. */
export function commandActs(command, refresh) {
  const { totals } = command;
  return command.may
    .filter((verb) => verb !== "check" || totals.reported > totals.done)
    .filter((verb) => verb !== "close" || totals.reported > 0)
    .map((verb) =>
      act(t(`command.do.${verb}`), () => manage(command, verb, refresh), {
        class: verb === "revoke" ? "danger" : null,
        "data-focus": `${command.command_id}-${verb}`,
      }),
    );
}

/** Who is missing, as last heard; asked again at most every few seconds per command. */
export async function fillMissing(node, commandId) {
  const known = heard.get(commandId);
  if (known) showMissing(node, known);
  else
    fill(
      node,
      h("span", { class: "muted" }, t("missing")),
      " ",
      h("span", { class: "faint" }, t("loading")),
    );
  if (known && Date.now() - known.at < MISSING_EVERY_MS) return;
  const asked = asking.get(commandId) ?? get(`/api/commands/${commandId}`);
  asking.set(commandId, asked);
  try {
    const { missing, missing_total: total } = await asked;
    heard.set(commandId, { at: Date.now(), missing, total });
    showMissing(node, heard.get(commandId));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    // What was heard last stays; the header tells that the connection is lost.
    if (!known)
      fill(
        node,
        h("span", { class: "muted" }, t("missing")),
        " ",
        h("span", { class: "faint" }, t("reading.failed")),
      );
  } finally {
    asking.delete(commandId);
  }
}

function showMissing(node, { missing, total }) {
  const shown = missing
    .slice(0, MISSING_SHOWN)
    .map((one) =>
      chip(
        `${one.unit_name} ${t(`assignment.${one.state}`)}`,
        one.supervision ? "bad" : "",
      ),
    );
  const more =
    total > shown.length &&
    h("span", { class: "faint" }, t("and.more", { n: total - shown.length }));
  fill(
    node,
    shown.length
      ? [h("span", { class: "muted" }, t("missing")), shown, more]
      : [],
  );
}

function manage(command, verb, refresh) {
  const revoke = verb === "revoke";
  ask({
    words: t(`command.do.${verb}`),
    about: {
      status: command.status,
      place: command.root_name,
      headline: command.title,
    },
    pick: revoke ? command.level : undefined,
    type: revoke ? String(command.recipients) : undefined,
    danger: revoke,
    send: async () => {
      await post(`/api/commands/${command.command_id}/${verb}`, {
        version: command.version,
      });
      refresh();
    },
  });
}

/** The units of a command one by one, with what can be done about each. */
export function unitsSheet(command) {
  const rows = h("tbody");
  const more = act(t("more"), () => load());
  const state = picker("state", "assignment", STATES);
  const scroller = h(
    "div",
    { class: "scroller", tabindex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          HEAD.map((key) => h("th", { scope: "col" }, key && t(key))),
        ),
      ),
      rows,
    ),
  );
  const reading = standing(scroller);
  const count = h("span", { class: "muted", role: "status" });
  let after = "";
  const again = () => {
    after = "";
    fill(rows);
    reading.restart();
    load();
  };
  state.addEventListener("change", again);

  async function load() {
    more.disabled = true;
    reading.begin();
    let found;
    try {
      found = await get("/api/assignments", {
        unit: command.root,
        subtree: 1,
        command: command.command_id,
        state: state.value,
        after,
        limit: PAGE,
      });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      reading.failed();
      more.disabled = false;
      more.hidden = false; // the way to try again
      return;
    }
    reading.done();
    rows.append(...found.assignments.map((one) => unitRow(one, again)));
    after = found.next ?? "";
    more.hidden = !after;
    more.disabled = false;
    fill(
      count,
      document.createTextNode(countWords(rows.children.length, found.total)),
    );
    if (!rows.children.length)
      rows.append(
        h("tr", {}, h("td", { colspan: 5, class: "empty" }, t("units.none"))),
      );
  }

  const dialog = open(
    h(
      "div",
      { class: "sheet" },
      title([drillTag(command), " ", openWords(command, command.title)]),
      h(
        "div",
        { class: "figures" },
        level(command.level),
        h(
          "span",
          {},
          `${t("signed")} `,
          h("strong", {}, command.totals.signed),
          ` / ${command.totals.total}`,
        ),
      ),
      h("div", { class: "row" }, h("label", {}, t("state"), state), count),
      scroller,
      h(
        "div",
        { class: "buttons" },
        more,
        act(t("close"), () => dialog.close()),
      ),
    ),
    true,
  );
  load();
}

function picker(name, prefix, values) {
  return h(
    "select",
    { name },
    h("option", { value: "" }, t("all")),
    values.map((value) => h("option", { value }, t(`${prefix}.${value}`))),
  );
}

function unitRow(one, refresh) {
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      one.unit_name,
      one.synthetic && h("span", { class: "faint" }, ` ${t("synthetic")}`),
    ),
    h("td", {}, t(`tier.${one.unit_tier}`)),
    h(
      "td",
      {},
      t(`assignment.${one.state}`),
      one.reason && [h("br"), text(one.reason)],
      photoRow(one.photos),
    ),
    h(
      "td",
      {},
      one.signed_at
        ? when(one.signed_at)
        : t("sign.by", { time: when(one.sign_by) }),
    ),
    h("td", {}, h("div", { class: "acts" }, stepButtons(one, refresh))),
  );
}
