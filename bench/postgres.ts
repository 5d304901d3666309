import { median } from "./gap.ts";
import { type Failover, type Loss, PostgresSite } from "./postgres-site.ts";
import type { Row } from "./row.ts";

const failovers = 20;
/** In turns: each of them ends with another primary. */
const losses: readonly Loss[] = ["power", "cut", "daemon"];
/** Of the database alone, which may be back before the others have said how new their data is. */
const kills = 4;

/**
 * A primary with two standbys under a client that writes: it is lost twenty times, and twenty times another one is promoted; then it is killed a few times. How long is the
 * client without a commit, and what of it is lost?
 */
export async function postgres(say: (text: string) => void): Promise<readonly Row[]> {
  await using site = await PostgresSite.start();
  const seen: Failover[] = [];
  const lost = new Set<number>();
  say("| | lost by | primary | no commit for | acknowledged | of these lost |");
  say("| --- | --- | --- | --- | --- | --- |");
  for (let number = 0; number < failovers + kills; number += 1) {
    const failover = await site.failover(number < failovers ? (losses[number % losses.length] ?? "power") : "killed");
    const { loss, from, to, outageMs } = failover;
    for (const one of await site.lostCommits()) lost.add(one);
    const { length } = await site.acknowledged();
    say(`| ${number + 1} | ${loss} | ${from} -> ${to} | ${outageMs} ms | ${length} | ${lost.size} |`);
    seen.push(failover);
  }
  const { length } = await site.acknowledged();
  const moved = seen.filter(({ loss, from, to }) => loss !== "killed" && from !== to);
  const limit = { against: "limit", other: 0, limit: 0 };
  return [
    ...[...losses, "killed" as const].map((loss) => row(loss, seen)),
    {
      figure: `${failovers} failovers: primaries that did not move`,
      unit: "times",
      hale: failovers - moved.length,
      ...limit,
    },
    { figure: `acknowledged commits lost of ${length}`, unit: "commits", hale: lost.size, ...limit },
  ];
}

function row(loss: Loss, seen: readonly Failover[]): Row {
  const samples = seen.filter((failover) => failover.loss === loss).map(({ outageMs }) => outageMs);
  return {
    figure: `PostgreSQL, primary lost by ${loss}: no commit for`,
    unit: "ms",
    hale: median(samples),
    against: "the longest",
    other: Math.max(...samples),
    samples: { samples },
  };
}
