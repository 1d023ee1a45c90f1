// Photos of a feedback: chosen or taken, made small on the device, sent beside the words.

import { assignmentSummary } from "./action_summary.js";
import { Problem } from "./api.js";
import { confirmAction } from "./dialogs.js";
import { clean, h } from "./dom.js";
import { formatTime, t } from "./i18n.js";

/** @import { Assignment } from "../types/commands.d.ts" */
/** @import { Photo } from "../types/units.d.ts" */
/** @import { Action, ActionSummary, Deliver } from "../types/actions.d.ts" */

const PHOTO_LIMIT = 4;
const LONGEST_PX = 1_600;
const QUALITY = 0.8;

/**
 * Make a control for up to four photos.
 * @param {boolean} [required]
 */
export function photoField(required = false) {
  return h(
    "label",
    { class: "photo-field" },
    t("photo.choose", { n: PHOTO_LIMIT }),
    h("input", {
      type: "file",
      name: "photos",
      accept: "image/jpeg,image/png,image/webp",
      multiple: true,
      required,
    }),
  );
}

/**
 * Return the actions that send the photos of a form about an assignment.
 * @param {HTMLFormElement} form
 * @param {Assignment} assignment
 * @param {string} [note] accompanies each photo
 * @returns {Promise<Action[]>}
 */
export function photoActions(form, assignment, note = "") {
  const query = note ? `?${new URLSearchParams({ note })}` : "";
  const path = `/api/assignments/${assignment.assignment_id}/photos${query}`;
  return photoUploads(form, path, assignmentSummary(assignment, "photo"));
}

/**
 * Return the actions that send the photos of a form to `path`. Throw a Problem for a file that is
 * no picture.
 * @param {HTMLFormElement} form
 * @param {string} path
 * @param {ActionSummary} summary
 * @returns {Promise<Action[]>}
 */
export async function photoUploads(form, path, summary) {
  const field = form.elements.namedItem("photos");
  const files = field instanceof HTMLInputElement ? [...(field.files ?? [])] : [];
  if (files.length > PHOTO_LIMIT) {
    const title = t("photo.many", { n: PHOTO_LIMIT });
    throw new Problem(422, { title, reason: "photo_many" });
  }
  const actions = [];
  for (const file of files) actions.push({ path, file: await shrink(file), summary });
  return actions;
}

/**
 * Ask for photos and a few words, and deliver them.
 * @param {Assignment} assignment
 * @param {Deliver} deliver
 */
export function sendPhotos(assignment, deliver) {
  confirmAction({
    title: t("photo.send"),
    subject: {
      status: assignment.status,
      place: assignment.unit_name,
      headline: assignment.title,
    },
    fields: [photoField(true)],
    reason: "optional",
    send: async ({ reason, form }) => deliver(await photoActions(form, assignment, reason)),
  });
}

/**
 * Make thumbnails that open the whole picture; nothing where there is no photo.
 * @param {Photo[] | undefined} photos
 */
export function photoRow(photos) {
  if (!photos?.length) return null;
  return h("ul", { class: "photos", "aria-label": t("photos") }, photos.map(thumbnail));
}

/** @param {Photo} photo */
function thumbnail(photo) {
  const source = t("photo.of", { unit: photo.unit_name, time: formatTime(photo.received_at) });
  const words = [source, clean(photo.note)].filter(Boolean).join("：");
  const address = `/api/photos/${photo.photo_id}`;
  const image = h("img", {
    src: `${address}?size=small`,
    alt: words,
    title: words,
    width: 96,
    height: 72,
    loading: "lazy",
  });
  return h("li", {}, h("a", { href: address, target: "_blank", rel: "noopener" }, image));
}

/**
 * Return the picture as JPEG with its longer side at most 1,600 px: as much as a slow line carries.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function shrink(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Problem(422, { title: t("photo.none"), reason: "photo_none" });
  }
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = h("canvas", {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  });
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture cannot be encoded"))),
      "image/jpeg",
      QUALITY,
    );
  });
}
