// Accounts of the subtree: made, changed and closed by an administrator; the officer alone learns
// the password, by a link that works once.

import { get, post, put } from "../../lib/api.js";
import { button, cardClass, chip, optionsOf, panel } from "../../lib/components.js";
import { confirmAction } from "../../lib/dialogs.js";
import { fill, h, renderList, text } from "../../lib/dom.js";
import { select, textField, textOf, unitPicker, valueOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";

/** @import { Account, AccountsAnswer, AccountVerb } from "../../types/start.d.ts" */
/** @import { Child } from "../../types/dom.d.ts" */
/** @import { AdminTabContext } from "../../types/admin.d.ts" */

const PAUSE_MS = 1_000;
const POSTS = ["B", "A", "commander"];
const RIGHTS = ["see", "be_paged", "command", "administer", "operate"];
const ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._:\\-]{0,95}";

/**
 * Make the panel.
 * @param {AdminTabContext} context
 */
export function accountsPanel(context) {
  const { officer: me } = context;
  const find = textField(t("accounts.find"), "q");
  const cards = h("ul", { class: "cards limited", id: "account-list", tabindex: 0 });
  const outcome = h("p", { role: "status" });
  const load = loader(
    cards,
    () => {
      const q = find.querySelector("input")?.value ?? "";
      return context.current(get("/api/accounts", { q }));
    },
    draw,
    PAUSE_MS,
  );
  find.addEventListener("input", () => load());

  /** @param {AccountsAnswer} answer */
  function draw({ accounts }) {
    renderList(cards, accounts, (account) => account.officer_id, accountCard, t("accounts.none"));
  }

  /** @param {Account} account */
  function accountCard(account) {
    return h(
      "li",
      { class: cardClass({}, null) },
      h(
        "div",
        { class: "row" },
        h("h3", {}, text(account.name)),
        account.disabled
          ? chip(t("accounts.closed"), "bad")
          : chip(t(account.signs_in ? "accounts.signs_in" : "accounts.no_sign_in")),
        account.has_token && chip(t("accounts.token")),
      ),
      h(
        "p",
        { class: "facts" },
        h("span", {}, account.officer_id),
        h("span", {}, `${account.unit_name} ${t(`post.${account.post}`)}`),
        account.phone && h("span", {}, account.phone),
      ),
      h(
        "p",
        { class: "muted" },
        `${t("accounts.rights")} `,
        account.grants.map(grantText).join("；"),
      ),
      h(
        "div",
        { class: "acts" },
        account.may.map((verb) => actButton(account, verb)),
      ),
    );
  }

  /**
   * @param {Account} account
   * @param {AccountVerb} verb
   */
  function actButton(account, verb) {
    const acts = {
      save: () => askAccount(account),
      password_link: () => makeLink(account),
      grant: () => askGrant(account),
      withdraw: () => askWithdrawal(account),
      disable: () => askPlain(account, "disable"),
      enable: () => askPlain(account, "enable"),
    };
    const words = { save: "accounts.save", password_link: "accounts.link" };
    const title = t(
      verb === "save" || verb === "password_link" ? words[verb] : `accounts.do.${verb}`,
    );
    return button(title, acts[verb], {
      class: "plain",
      "data-focus": `${account.officer_id}-${verb}`,
    });
  }

  /** @param {Account | null} account to change; null makes a new one */
  function askAccount(account) {
    const unit = account
      ? { unit: account.unit, name: account.unit_name }
      : { unit: me.unit, name: me.unit_name };
    const picker = unitPicker(t("accounts.unit"), { ...me, ...unit });
    confirmAction({
      title: t(account ? "accounts.save" : "accounts.new"),
      subject: { place: null, headline: account?.name ?? "" },
      fields: [
        !account &&
          textField(t("accounts.id"), "officer_id", { required: true, pattern: ID_PATTERN }),
        textField(t("accounts.name"), "name", { required: true, value: account?.name ?? "" }),
        picker,
        select(t("accounts.post"), "post", optionsOf(POSTS, "post"), {}),
        textField(t("accounts.phone"), "phone", { type: "tel", value: account?.phone ?? "" }),
      ],
      send: async ({ form }) => {
        const officerId = account?.officer_id ?? textOf(form, "officer_id");
        const phone = textOf(form, "phone");
        const body = {
          name: textOf(form, "name"),
          unit: picker.value,
          post: valueOf(form, "post"),
          ...(phone && { phone }),
        };
        await put(`/api/accounts/${officerId}`, body);
        fill(outcome, t("accounts.saved", { name: body.name }));
        load();
      },
    });
  }

  /** @param {Account} account */
  async function makeLink({ officer_id: id, name }) {
    const answer = await post(`/api/accounts/${id}/password-link`);
    const address = new URL(answer.path, location.origin).href;
    fill(
      outcome,
      h("span", {}, t("accounts.link.text", { name, n: answer.minutes })),
      " ",
      h("code", { class: "link-once" }, address),
    );
    outcome.scrollIntoView({ block: "center" });
  }

  /** @param {Account} account */
  function askGrant(account) {
    const picker = unitPicker(t("accounts.grant.place"), me);
    askAct(
      account,
      "grant",
      [select(t("accounts.rights"), "right", optionsOf(RIGHTS, "accounts.right")), picker],
      (form) => ({ right: valueOf(form, "right"), unit: picker.value }),
    );
  }

  /** @param {Account} account */
  function askWithdrawal(account) {
    const options = account.grants.map(
      (grant, index) => /** @type {const} */ ([`${index}`, grantText(grant)]),
    );
    askAct(account, "withdraw", select(t("accounts.rights"), "grant", options), (form) => {
      const { right, unit } = account.grants[Number(valueOf(form, "grant"))];
      return { right, unit };
    });
  }

  /**
   * @param {Account} account
   * @param {"disable" | "enable"} verb
   */
  const askPlain = (account, verb) => askAct(account, verb, null, () => ({}), verb === "disable");

  /**
   * @param {Account} account
   * @param {string} verb
   * @param {Child} fields
   * @param {(form: HTMLFormElement) => object} bodyOf
   * @param {boolean} [danger]
   */
  function askAct(account, verb, fields, bodyOf, danger = false) {
    confirmAction({
      title: t(`accounts.do.${verb}`),
      subject: { place: account.unit_name, headline: account.name },
      fields,
      danger,
      send: async ({ form }) => {
        await post(`/api/accounts/${account.officer_id}/acts`, { verb, ...bodyOf(form) });
        fill(outcome, t("accounts.saved", { name: account.name }));
        load();
      },
    });
  }

  const newButton = button(t("accounts.new"), () => askAccount(null), {
    class: "primary",
    id: "new-account",
  });
  const node = panel("accounts.title", [
    h("div", { class: "acts" }, newButton),
    find,
    outcome,
    cards,
  ]);
  node.id = "accounts";
  node.tabIndex = -1;
  return { node, load };
}

/** @param {Account["grants"][number]} grant */
const grantText = ({ right, unit_name: unit }) => `${t(`accounts.right.${right}`)} ${unit}`;
