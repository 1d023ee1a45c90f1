// Photos of a feedback: chosen or taken, made small on the device, sent beside the words.

import { Problem } from "./api.js";
import { ask } from "./dialogs.js";
import { clean, h } from "./dom.js";
import { t, when } from "./i18n.js";

const MOST = 4;
const LONGEST_PX = 1_600;
const QUALITY = 0.8;

/** A control for up to four photos. */
export function photoField(required = false) {
  return h(
    "label",
    { class: "photo-field" },
    t("photo.choose", { n: MOST }),
    h("input", {
      type: "file",
      name: "photos",
      accept: "image/jpeg,image/png,image/webp",
      multiple: true,
      required,
    }),
  );
}

/** The acts that hand over the photos in a form; `note` goes with each. Throws Problem for what is none. */
export async function photoActs(form, one, note = "") {
  const chosen = [...(form.elements.photos?.files ?? [])];
  if (chosen.length > MOST)
    throw new Problem(422, {
      title: t("photo.many", { n: MOST }),
      reason: "photo_many",
    });
  const acts = [];
  for (const file of chosen) {
    const query = note ? `?${new URLSearchParams({ note })}` : "";
    const about = {
      subject: one.assignment_id,
      version: one.version,
      verb: "photo",
      words: one.title,
    };
    acts.push({
      path: `/api/assignments/${one.assignment_id}/photos${query}`,
      file: await small(file),
      about,
    });
  }
  return acts;
}

/** Ask for photos and a few words, and hand them over. */
export function takePhotos(one, deliver) {
  ask({
    words: t("photo.send"),
    about: { status: one.status, place: one.unit_name, headline: one.title },
    fields: [photoField(true)],
    reason: "optional",
    send: async ({ reason, form }) =>
      deliver(await photoActs(form, one, reason)),
  });
}

/** Thumbnails that open the whole picture; nothing where there is none. */
export function photoRow(photos) {
  if (!photos?.length) return null;
  return h(
    "ul",
    { class: "photos", "aria-label": t("photos") },
    photos.map((one) => {
      const words = [
        t("photo.of", { unit: one.unit_name, time: when(one.received_at) }),
        clean(one.note),
      ]
        .filter(Boolean)
        .join("：");
      const image = h("img", {
        src: `/api/photos/${one.photo_id}?size=small`,
        alt: words,
        title: words,
        width: 96,
        height: 72,
        loading: "lazy",
      });
      return h(
        "li",
        {},
        h(
          "a",
          {
            href: `/api/photos/${one.photo_id}`,
            target: "_blank",
            rel: "noopener",
          },
          image,
        ),
      );
    }),
  );
}

/** The picture with its longer side at most 1,600 px as JPEG: what a slow line can carry. */
async function small(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Problem(422, { title: t("photo.none"), reason: "photo_none" });
  }
  const scale = Math.min(
    1,
    LONGEST_PX / Math.max(picture.width, picture.height),
  );
  const canvas = h("canvas", {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", QUALITY),
  );
}
