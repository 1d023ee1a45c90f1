// The schematic map: a circle for each town at the middle of its sensors, and no borders. Towns
// that would cover each other are moved apart.

/** @import { MapAnswer } from "../types/overview.d.ts" */
/** @import { Projection, TownMap } from "./town_map.js" */

const WIDTH = 1_000;
const HEIGHT = 760;
const EDGE = 90;
const RADIUS = 46;
const GAP = 1.3;
const ROUNDS = 60;

/**
 * Return a map of the towns with sensors; null when none has one.
 * @param {MapAnswer} places
 * @param {Set<string>} units
 * @returns {TownMap | null}
 */
export function schematicMap({ middles, sensors }, units) {
  const towns = middles.filter(({ unit }) => units.has(unit));
  if (!towns.length) return null;
  const projection = projectionOf([...towns, ...sensors]);
  const points = towns.map((town) => ({ unit: town.unit, ...project(projection, town) }));
  moveApart(points);
  const shapes = points.map(({ unit, x, y }) => ({
    unit,
    d: `M${x - RADIUS} ${y}${halfCircle(1)}${halfCircle(-1)}Z`,
    x,
    y,
  }));
  return { width: WIDTH, height: HEIGHT, shapes, projection };
}

/** @param {1 | -1} direction */
const halfCircle = (direction) => `a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS * direction} 0`;

/**
 * Return the place of a position on a map.
 * @param {Projection} projection
 * @param {{ lon: number, lat: number }} position
 */
export const project = ({ west, north, scaleX, scaleY }, { lon, lat }) => ({
  x: Math.round((lon - west) * scaleX),
  y: Math.round((north - lat) * scaleY),
});

/**
 * Both axes fill the drawing: a schematic keeps directions, not distances.
 * @param {{ lon: number, lat: number }[]} positions
 * @returns {Projection}
 */
function projectionOf(positions) {
  const lons = positions.map(({ lon }) => lon);
  const lats = positions.map(({ lat }) => lat);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const scaleX = (WIDTH - 2 * EDGE) / (east - west || 1);
  const scaleY = (HEIGHT - 2 * EDGE) / (north - south || 1);
  return { west: west - EDGE / scaleX, north: north + EDGE / scaleY, scaleX, scaleY };
}

/** @param {{ x: number, y: number }[]} points */
function moveApart(points) {
  const distance = 2 * RADIUS * GAP;
  for (let round = 0; round < ROUNDS; round += 1)
    points.forEach((first, index) => {
      for (const second of points.slice(index + 1)) {
        const dx = second.x - first.x || 1;
        const dy = second.y - first.y;
        const apart = Math.hypot(dx, dy);
        if (apart >= distance) continue;
        const push = (distance - apart) / apart / 2;
        shift(first, -dx * push, -dy * push);
        shift(second, dx * push, dy * push);
      }
    });
}

/**
 * @param {{ x: number, y: number }} point
 * @param {number} dx
 * @param {number} dy
 */
function shift(point, dx, dy) {
  point.x = Math.round(Math.min(WIDTH - EDGE, Math.max(EDGE, point.x + dx)));
  point.y = Math.round(Math.min(HEIGHT - EDGE, Math.max(EDGE, point.y + dy)));
}
