// The second script of the live screen, which is requested after the first picture.

/** @type {Promise<typeof import("../later.js")> | null} */
let request = null;

/** Return the modules of the second script; one request at a time, none once it is there. */
export function secondScript() {
  request ??= import("../later.js").catch((error) => {
    request = null;
    throw error;
  });
  return request;
}
