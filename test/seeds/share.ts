/** The part of the seeds that is run: all of them by `npm test`, fewer by the fast gate, which sets `HALE_SEEDS` to a number below 1. */
const part = Number(process.env["HALE_SEEDS"] ?? 1);

/** Whether what only all seeds together show can be asked for. */
export const isWhole = part >= 1;

/** How many of `count` seeds are run; of kinds with few, the fast gate runs none. */
export function share(count: number): number {
  return Math.round(count * part);
}
