import { median } from "./gap.ts";
import { type Failover, PostgresSite } from "./postgres-site.ts";
import type { Row } from "./row.ts";

const failovers = 20;

/** A primary with two standbys under a client that writes: it loses its power, or is killed, in turns. How long is the client without a commit, and what of it is lost? */
export async function postgres(say: (text: string) => void): Promise<readonly Row[]> {
  await using site = await PostgresSite.start();
  const seen: Failover[] = [];
  for (let number = 0; number < failovers; number += 1) {
    const failover = await site.failover(number % 2 === 0 ? "power" : "kill -9");
    say(`${failover.loss}: ${failover.from} -> ${failover.to}, ${failover.outageMs} ms`);
    seen.push(failover);
  }
  const outages = (loss: Failover["loss"]): readonly number[] =>
    seen.filter((failover) => failover.loss === loss).map(({ outageMs }) => outageMs);
  const lost = await site.lostCommits();
  const { length } = await site.acknowledged();
  return [
    row("PostgreSQL, primary without power: no commit for", outages("power")),
    row("PostgreSQL, primary killed: no commit for", outages("kill -9")),
    {
      figure: `the same, ${failovers} times: acknowledged commits lost of ${length}`,
      unit: "commits",
      hale: lost.length,
      against: "limit",
      other: 0,
      limit: 0,
    },
  ];
}

function row(figure: string, samples: readonly number[]): Row {
  return {
    figure,
    unit: "ms",
    hale: median(samples),
    against: "the longest",
    other: Math.max(...samples),
    samples: { samples },
  };
}
