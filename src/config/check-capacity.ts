import { formatAmount, parseAmount } from "./amount.ts";
import { describeValue, type Problem } from "./config-error.ts";
import { asMapping, type Mapping } from "./raw.ts";
import { restrictedTo } from "./restricted-to.ts";

/** What services need is offered by every node that may run them, and there is one that has as much. */
export function checkCapacity(root: Mapping): Problem[] {
  const nodes = Object.entries(asMapping(root["nodes"])).map(([id, node]) => ({
    id,
    offers: asMapping(asMapping(node)["offers"]),
  }));
  const told = new Set<string>();
  return Object.entries(asMapping(root["services"])).flatMap(([id, service]): Problem[] =>
    Object.entries(asMapping(asMapping(service)["needs"])).flatMap(([name, amount]): Problem[] => {
      const able = nodes.filter((node) => mayRun(asMapping(service), node.id));
      const silent = able.filter((node) => node.offers[name] === undefined && !told.has(`${node.id} ${name}`));
      for (const node of silent) told.add(`${node.id} ${name}`);
      const problems = silent.map(
        (node): Problem => ({
          path: ["nodes", node.id],
          atKey: true,
          found: `no offers of ${name}`,
          wanted: `offers: { ${name}: AMOUNT }, which service ${id} needs`,
        }),
      );
      if (problems.length > 0) return problems;
      const most = Math.max(...able.map((node) => parseAmount(node.offers[name]) ?? 0));
      if ((parseAmount(amount) ?? 0) <= most) return [];
      const wanted = `at most ${formatAmount(most)}, the most that a node which may run it offers`;
      return [{ path: ["services", id, "needs", name], found: describeValue(amount), wanted }];
    }),
  );
}

function mayRun(service: Mapping, node: string): boolean {
  return restrictedTo(service)?.includes(node) ?? true;
}
