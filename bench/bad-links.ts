import { type Links, quietHour, takeoverMs } from "../src/sim/explore/link-figures.ts";
import { median } from "./gap.ts";
import type { Row } from "./row.ts";

const takeovers = 60;
const hours = 3;
const takeoverGoalMs = 2_000;

const good: Links = { count: 2, loss: 0 };
const lossy: Links = { count: 2, loss: 0.3 };

/** What bad links cost three nodes at the default timings: simulated, so the same on every machine. */
export async function badLinks(say: (text: string) => void): Promise<readonly Row[]> {
  const [fair, bad] = [takeoversOf(good), takeoversOf(lossy)];
  say(`takeover without loss: median ${median(fair)} ms, worst ${Math.max(...fair)} ms`);
  say(`takeover with 30 % loss: median ${median(bad)} ms, worst ${Math.max(...bad)} ms`);
  const single = hoursOf({ count: 1, loss: 0.3 });
  say(`one link, 30 % loss: ${single.views} view changes and ${single.moves} moves in ${hours} hours`);
  return Promise.resolve([
    {
      figure: "power loss to service elsewhere, 30 % loss on both links (simulated)",
      unit: "ms",
      hale: median(bad),
      against: "no loss",
      other: median(fair),
      limit: takeoverGoalMs,
      samples: { hale: bad, other: fair },
    },
    calm("30 % loss on both links", lossy),
    calm("two of three links dead", { count: 3, loss: 0, dead: 2 }),
    {
      figure: `30 % loss on the only link: view changes in ${hours} hours (simulated)`,
      unit: "views",
      hale: single.views,
      against: "limit",
      other: 0,
    },
  ]);
}

function calm(what: string, links: Links): Row {
  const { views, moves } = hoursOf(links);
  const figure = `${what}: view changes and moves in ${hours} hours (simulated)`;
  return { figure, unit: "", hale: views + moves, against: "limit", other: 0, limit: 0 };
}

function takeoversOf(links: Links): readonly number[] {
  return Array.from({ length: takeovers }, (_, seed) => takeoverMs(seed + 1, links));
}

function hoursOf(links: Links): { readonly views: number; readonly moves: number } {
  const all = Array.from({ length: hours }, (_, seed) => quietHour(seed + 1, links));
  return {
    views: all.reduce((sum, { viewChanges }) => sum + viewChanges, 0),
    moves: all.reduce((sum, { moves, fences }) => sum + moves + fences, 0),
  };
}
