// A map of the towns out of a GeoJSON file (RFC 7946) that the person loads. It is read here, kept on this
// device for the unit whose screen it is, and sent nowhere. Of the file only numbers are used.

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_POINTS = 300_000;
const WIDTH = 1_000;
const NEAR = 0.7; // points closer than that, in units of the drawing, are one: less than a pixel of a wall
const CODES = ["unit", "code", "adcode", "id"];
const CODE = /^\d{9}(\d{3})?$/;

/** Why a file is no map of these towns; the message is the key of the words. */
export class MapProblem extends Error {}

/** Read a chosen file; raises MapProblem. `towns` = [{unit, name}]. */
export async function readFile(file, towns) {
  if (file.size > MOST_BYTES) throw new MapProblem("map.large");
  return readMap(await file.text(), towns);
}

/** The towns' shapes as {width, height, shapes: [{unit, d, x, y}]}; raises MapProblem. */
export function readMap(text, towns) {
  const areas = new Map();
  let points = 0;
  for (const feature of features(text)) {
    const town = townOf(feature, towns);
    if (!town) continue;
    const rings = ringsOf(feature.geometry);
    points += rings.reduce((sum, ring) => sum + ring.length, 0);
    if (points > MOST_POINTS) throw new MapProblem("map.large");
    if (rings.length)
      areas.set(town.unit, [...(areas.get(town.unit) ?? []), ...rings]);
  }
  if (!areas.size) throw new MapProblem("map.none");
  return drawn(areas);
}

function features(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new MapProblem("map.bad");
  }
  const all =
    found?.type === "Feature"
      ? [found]
      : found?.type === "FeatureCollection"
        ? found.features
        : null;
  if (!Array.isArray(all)) throw new MapProblem("map.bad");
  return all;
}

// By its code of 9 or 12 digits, else by its name.
function townOf(feature, towns) {
  const said = feature?.properties ?? {};
  const codes = [feature?.id, ...CODES.map((name) => said[name])]
    .map(String)
    .filter((one) => CODE.test(one));
  const name = bare(String(said.name ?? ""));
  return (
    towns.find((town) =>
      codes.some((code) => town.unit.startsWith(code.slice(0, 9))),
    ) ?? towns.find((town) => bare(town.name) === name)
  );
}

const bare = (name) => name.replace(/(街道|镇|乡)$/, "");

function ringsOf(geometry) {
  const { type, coordinates } = geometry ?? {};
  const polygons =
    type === "Polygon"
      ? [coordinates]
      : type === "MultiPolygon"
        ? coordinates
        : [];
  const sound =
    Array.isArray(polygons) &&
    polygons.every((rings) => Array.isArray(rings) && rings.every(isRing));
  if (!sound) throw new MapProblem("map.bad");
  return polygons.flat();
}

const isRing = (ring) =>
  Array.isArray(ring) && ring.length > 3 && ring.every(isPosition);
const isPosition = (at) =>
  Array.isArray(at) &&
  Number.isFinite(at[0]) &&
  Number.isFinite(at[1]) &&
  Math.abs(at[0]) <= 180 &&
  Math.abs(at[1]) <= 90;

// Longitudes are shortened by the cosine of the middle latitude: right enough for a city.
function drawn(areas) {
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const rings of areas.values())
    for (const ring of rings)
      for (const [x, y] of ring) {
        west = Math.min(west, x);
        east = Math.max(east, x);
        south = Math.min(south, y);
        north = Math.max(north, y);
      }
  const shorter = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = WIDTH / ((east - west) * shorter);
  const height = Math.ceil((north - south) * scale);
  if (!(height > 0) || height > 10 * WIDTH) throw new MapProblem("map.bad"); // a line, or all but one
  const place = ([x, y]) => [(x - west) * shorter * scale, (north - y) * scale];
  const shapes = [...areas].map(([unit, rings]) => {
    const paths = rings.map((ring) => thinned(ring.map(place)));
    const [x, y] = middle(paths);
    return {
      unit,
      d: paths
        .map(
          (path) =>
            `M${path.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}Z`,
        )
        .join(""),
      x: Math.round(x),
      y: Math.round(y),
    };
  });
  return { width: WIDTH, height, shapes };
}

function thinned(path) {
  const kept = [path[0]];
  for (const point of path) {
    const last = kept[kept.length - 1];
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= NEAR)
      kept.push(point);
  }
  return kept;
}

// The centre of gravity of the largest ring.
function middle(paths) {
  let best = { size: -1, at: paths[0][0] };
  for (const path of paths) {
    let [area, x, y] = [0, 0, 0];
    path.forEach(([ax, ay], n) => {
      const [bx, by] = path[(n + 1) % path.length];
      const cross = ax * by - bx * ay;
      area += cross / 2;
      x += ((ax + bx) * cross) / 6;
      y += ((ay + by) * cross) / 6;
    });
    if (Math.abs(area) > best.size)
      best = {
        size: Math.abs(area),
        at: area ? [x / area, y / area] : path[0],
      };
  }
  return best.at;
}

/** The map kept on this device for a unit's screen, as {file, map}; null without one. */
export function keptMap(unit) {
  try {
    return JSON.parse(localStorage.getItem(`map:${unit}`));
  } catch {
    return null;
  }
}

/** Keep it; null = forget it. What does not fit is gone with the page. */
export function keepMap(unit, kept) {
  try {
    if (kept) localStorage.setItem(`map:${unit}`, JSON.stringify(kept));
    else localStorage.removeItem(`map:${unit}`);
  } catch {
    // full, or storage is off
  }
}
