// The tab of the ledger 资源编目.

import { panel } from "../../lib/components.js";
import { h } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/** @import { AdminTabMaker } from "../../types/admin.d.ts" */

/**
 * Make the tab.
 * @type {AdminTabMaker}
 */
export function ledgerTab() {
  return {
    node: panel("admin.ledger", h("p", { class: "muted" }, t("ledger.about"))),
    refresh: () => {},
  };
}
