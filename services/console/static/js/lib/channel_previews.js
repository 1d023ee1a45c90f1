// A page as each channel will send it, in both languages, in a panel that is closed at first.

import { problemLine } from "./dialogs.js";
import { fill, h, text } from "./dom.js";
import { formatTime, t } from "./i18n.js";

/** @import { ChannelPreview, ChannelText, PagePreview } from "../types/alerts.d.ts" */

const LANGUAGES = /** @type {const} */ (["zh", "en"]);

/**
 * Make the panel; it asks when it is opened, and again after each change of the form around it.
 * @param {(form: HTMLFormElement) => Promise<PagePreview | null>} ask
 * @param {string} [note] what the texts lack
 */
export function channelPreviews(ask, note) {
  const content = h("div", { class: "channel-texts", "aria-live": "polite" });
  const problem = problemLine();
  const panel = h(
    "details",
    { class: "channel-previews", ontoggle: show },
    h("summary", {}, t("preview.channels")),
    problem.node,
    content,
  );
  let requestCount = 0;
  let isWatching = false;

  async function show() {
    const form = panel.closest("form");
    if (!panel.open || !form) return;
    if (!isWatching) form.addEventListener("change", show);
    isWatching = true;
    requestCount += 1;
    const number = requestCount;
    problem.clear();
    if (!content.hasChildNodes()) fill(content, h("p", { class: "muted" }, t("loading")));
    try {
      const answer = await ask(form);
      if (number === requestCount) fill(content, previewContent(answer, note));
    } catch (error) {
      fill(content);
      problem.show(error);
    }
  }
  return panel;
}

/**
 * @param {PagePreview | null} preview
 * @param {string} [note]
 */
function previewContent(preview, note) {
  if (!preview) return h("p", { class: "muted" }, t("preview.unfilled"));
  const { unit_name: unit, post, channels } = preview;
  const { names_hidden: isHidden, deadlines_given: isGiven = true } = preview;
  return [
    h("p", { class: "muted" }, t("preview.to", { unit, post: t(`post.${post}`) })),
    channels.map(channelSection),
    h("p", { class: "muted" }, t("preview.examples", { time: formatTime(preview.answer_by) })),
    note && h("p", { class: "muted" }, note),
    !isGiven && h("p", { class: "muted" }, t("preview.deadlines")),
    isHidden && h("p", { class: "muted" }, t("preview.hidden")),
  ];
}

/** @param {ChannelPreview} preview */
function channelSection(preview) {
  const { channel } = preview;
  return h(
    "section",
    { "data-channel": channel, "aria-label": t(`channel.${channel}`) },
    h("h4", {}, t(`channel.${channel}`)),
    h(
      "div",
      { class: "wording" },
      LANGUAGES.map((language) => languageText(preview[language], language)),
    ),
  );
}

/**
 * @param {ChannelText} sent
 * @param {"zh" | "en"} language
 */
function languageText(sent, language) {
  return h(
    "blockquote",
    {},
    h("p", { class: "muted" }, t(`words.in.${language}`), " · ", lengthText(sent)),
    sent.title && h("p", { lang: language }, h("strong", {}, text(sent.title))),
    h("p", { class: "sent-text", lang: language }, text(sent.text)),
    sent.shortened && h("p", { class: "shortened" }, t("preview.shortened")),
  );
}

/** @param {ChannelText} sent */
function lengthText({ characters: n, size_bytes: bytes, most, parts }) {
  if (parts !== null) return t("preview.parts", { n, parts, most: most ?? n });
  if (bytes !== null) return t("preview.bytes", { n: bytes, most: most ?? bytes });
  return t("preview.length", { n });
}
