// A map of the towns from a GeoJSON file (RFC 7946) that the officer loads. The file is read here,
// stored on this device for the unit of the screen, and sent nowhere. Only its numbers are used.

/** @import { Town } from "../types/overview.d.ts" */

const FILE_LIMIT_BYTES = 8 * 1024 * 1024;
const POINT_LIMIT = 300_000;
const WIDTH = 1_000;
/** Points closer than this, in units of the drawing, are merged: less than a pixel of a wall. */
const MIN_DISTANCE = 0.7;
const CODE_FIELDS = ["unit", "code", "adcode", "id"];
const CODE = /^\d{6}(\d{3}){0,2}$/;

/** @typedef {[x: number, y: number]} Point */
/** @typedef {{ unit: string, d: string, x: number, y: number }} TownShape a path and its centre */
/** @typedef {{ west: number, north: number, scaleX: number, scaleY: number }} Projection */
/** @typedef {{ width: number, height: number, shapes: TownShape[] }} Drawing */
/** @typedef {Drawing & { projection: Projection }} TownMap */
/** @typedef {{ file: string, map: TownMap }} StoredMap */
/** @typedef {{ type?: unknown, coordinates?: unknown }} Geometry */

/**
 * @typedef {object} Feature an unchecked feature of the file
 * @property {unknown} [id]
 * @property {Record<string, unknown> | null} [properties]
 * @property {Geometry | null} [geometry]
 */

/** The file is no map of these towns; the message is the key of the words. */
export class MapProblem extends Error {}

/**
 * Read a file of the officer; throw a MapProblem when it is no map of the towns.
 * @param {File} file
 * @param {Town[]} towns
 */
export async function readMapFile(file, towns) {
  if (file.size > FILE_LIMIT_BYTES) throw new MapProblem("map.large");
  return parseMap(await file.text(), towns);
}

/**
 * Return the shapes of the towns; throw a MapProblem when there are none.
 * @param {string} text
 * @param {Town[]} towns
 */
export function parseMap(text, towns) {
  /** @type {Map<string, Point[][]>} */
  const ringsByUnit = new Map();
  let pointCount = 0;
  for (const feature of parseFeatures(text)) {
    const town = townOf(feature, towns);
    if (!town) continue;
    const rings = ringsOf(feature?.geometry);
    pointCount += rings.reduce((sum, ring) => sum + ring.length, 0);
    if (pointCount > POINT_LIMIT) throw new MapProblem("map.large");
    const townRings = ringsByUnit.get(town.unit) ?? [];
    if (rings.length) ringsByUnit.set(town.unit, [...townRings, ...rings]);
  }
  if (!ringsByUnit.size) throw new MapProblem("map.none");
  return project(ringsByUnit);
}

/**
 * @param {string} text
 * @returns {(Feature | null)[]}
 */
function parseFeatures(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    throw new MapProblem("map.bad");
  }
  if (document?.type === "Feature") return [document];
  const features = document?.type === "FeatureCollection" ? document.features : null;
  if (!Array.isArray(features)) throw new MapProblem("map.bad");
  return features;
}

/**
 * Return the town of a feature: by its code of 9 or 12 digits, else by its name.
 * @param {Feature | null} feature
 * @param {Town[]} towns
 */
function townOf(feature, towns) {
  const properties = feature?.properties ?? {};
  const values = [feature?.id, ...CODE_FIELDS.map((field) => properties[field])];
  const codes = values.map(String).filter((code) => CODE.test(code));
  const name = shortName(String(properties.name ?? ""));
  return (
    towns.find((town) => codes.some((code) => town.unit === code.padEnd(12, "0"))) ??
    towns.find((town) => shortName(town.name) === name)
  );
}

/** @param {string} name */
const shortName = (name) => name.replace(/(街道|镇|乡|县|(?<!社)区)$/, "");

/**
 * @param {Geometry | null | undefined} geometry
 * @returns {Point[][]}
 */
function ringsOf(geometry) {
  const { type, coordinates } = geometry ?? {};
  const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
  if (!Array.isArray(polygons) || !polygons.every(isPolygon)) throw new MapProblem("map.bad");
  return polygons.flat();
}

/** @param {unknown} value */
const isPolygon = (value) => Array.isArray(value) && value.every(isRing);

/** @param {unknown} value */
const isRing = (value) => Array.isArray(value) && value.length > 3 && value.every(isPosition);

/** @param {unknown} value */
const isPosition = (value) =>
  Array.isArray(value) &&
  Number.isFinite(value[0]) &&
  Number.isFinite(value[1]) &&
  Math.abs(value[0]) <= 180 &&
  Math.abs(value[1]) <= 90;

/**
 * Draw the rings on a plane. Longitudes are shortened by the cosine of the middle latitude: exact
 * enough for a city.
 * @param {Map<string, Point[][]>} ringsByUnit
 * @returns {TownMap}
 */
function project(ringsByUnit) {
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of [...ringsByUnit.values()].flat(2)) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  }
  const shortening = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = WIDTH / ((east - west) * shortening);
  const height = Math.ceil((north - south) * scale);
  if (!(height > 0) || height > 10 * WIDTH) throw new MapProblem("map.bad"); // almost a line
  /**
   * @param {Point} point
   * @returns {Point}
   */
  const toPlane = ([x, y]) => [(x - west) * shortening * scale, (north - y) * scale];
  const shapes = [...ringsByUnit].map(([unit, rings]) => {
    const paths = rings.map((ring) => mergeClosePoints(ring.map(toPlane)));
    const [x, y] = centreOf(paths);
    return { unit, d: paths.map(pathData).join(""), x: Math.round(x), y: Math.round(y) };
  });
  const projection = { west, north, scaleX: shortening * scale, scaleY: scale };
  return { width: WIDTH, height, shapes, projection };
}

/** @param {Point[]} path */
function pathData(path) {
  const points = path.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${points.join("L")}Z`;
}

/** @param {Point[]} path */
function mergeClosePoints(path) {
  const points = [path[0]];
  for (const point of path) {
    const last = points[points.length - 1];
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= MIN_DISTANCE) points.push(point);
  }
  return points;
}

/**
 * Return the centre of gravity of the largest ring.
 * @param {Point[][]} paths
 * @returns {Point}
 */
function centreOf(paths) {
  let largest = -1;
  let centre = paths[0][0];
  for (const path of paths) {
    let [area, x, y] = [0, 0, 0];
    path.forEach(([ax, ay], index) => {
      const [bx, by] = path[(index + 1) % path.length];
      const cross = ax * by - bx * ay;
      area += cross / 2;
      x += ((ax + bx) * cross) / 6;
      y += ((ay + by) * cross) / 6;
    });
    if (Math.abs(area) <= largest) continue;
    largest = Math.abs(area);
    centre = area ? [x / area, y / area] : path[0];
  }
  return centre;
}

/** @param {string} unit */
const storageKey = (unit) => `areas:${unit}`;

/**
 * Return the map that this device stores for the screen of a unit; null without one.
 * @param {string} unit
 * @returns {StoredMap | null}
 */
export function loadMap(unit) {
  try {
    return JSON.parse(localStorage.getItem(storageKey(unit)) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Store a map, or delete it when it is null. A map that does not fit lives as long as the page.
 * @param {string} unit
 * @param {StoredMap | null} storedMap
 */
export function storeMap(unit, storedMap) {
  try {
    if (storedMap) localStorage.setItem(storageKey(unit), JSON.stringify(storedMap));
    else localStorage.removeItem(storageKey(unit));
  } catch {
    // The storage is full or switched off.
  }
}
