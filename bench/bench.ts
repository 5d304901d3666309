import { parseArgs } from "node:util";
import { attackedFailover } from "./attacked-failover.ts";
import { attackCosts } from "./attacks.ts";
import { badLinks } from "./bad-links.ts";
import { busyCores } from "./busy-cores.ts";
import { cost } from "./cost.ts";
import { decision } from "./decision.ts";
import { idle } from "./idle.ts";
import { killedDaemon } from "./killed-daemon.ts";
import { killedService } from "./killed-service.ts";
import { monitors, serviceStart } from "./many-resources.ts";
import { postgres } from "./postgres.ts";
import { relocation } from "./relocation.ts";
import { formatRows, isMet, type Row } from "./row.ts";
import { silentDeath } from "./silent-death.ts";
import { simulator } from "./simulator.ts";

// `npm run bench [-- NAME...] [--json]`: figures as ratios to a peer in the same run. Exit code 1: a goal was missed.

type Figure = (say: (text: string) => void) => Promise<readonly Row[]>;

const figures: Readonly<Record<string, Figure>> = {
  "silent-death": silentDeath,
  relocation,
  "killed-daemon": killedDaemon,
  "killed-service": killedService,
  "service-start": serviceStart,
  monitors,
  "busy-cores": busyCores,
  attacks: attackCosts,
  "attacked-failover": attackedFailover,
  idle,
  simulator,
  "bad-links": badLinks,
  cost,
  decision,
  postgres,
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "boolean" } } });
const names = positionals.length > 0 ? positionals : Object.keys(figures);
const unknown = names.filter((name) => !Object.hasOwn(figures, name));
if (unknown.length > 0) {
  console.error(`Cannot find figure ${unknown.join(", ")}: there are ${Object.keys(figures).join(", ")}`);
  process.exit(2);
}

const rows: Row[] = [];
for (const name of names) {
  console.error(`${name} ...`);
  rows.push(...((await figures[name]?.((text) => console.error(`  ${text}`))) ?? []));
}
console.log(
  values.json === true
    ? JSON.stringify(
        rows.map((row) => ({ ...row, isMet: isMet(row) })),
        null,
        2,
      )
    : formatRows(rows),
);
process.exitCode = rows.every(isMet) ? 0 : 1;
