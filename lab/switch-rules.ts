/** Packets that enter the switch at one of `from` do not leave it at one of `to`; `probability` 1 is a cut wire. */
export interface Loss {
  /** Names of switch ports, never empty. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** 0 < probability <= 1 */
  readonly probability: number;
}

const steps = 100_000;

/**
 * The whole rule set of the switch as nftables text, to be loaded as one transaction, so that no packet ever sees
 * half of a change.
 *
 * Dropping happens in the bridge's forward hook, per pair of ports: the hosts keep their carrier, as with a broken
 * wire behind a switch, and each direction can be lost by itself. Broadcasts (ARP) pass the hook once for each
 * port that they leave by, so they are lost like everything else.
 */
export function switchRules(losses: readonly Loss[]): string {
  const rules = losses.map(({ from, to, probability }) => {
    const chance = probability >= 1 ? "" : `numgen random mod ${steps} < ${Math.round(probability * steps)} `;
    return `iifname { ${quoted(from)} } oifname { ${quoted(to)} } ${chance}drop`;
  });
  return [
    "table bridge lab",
    "delete table bridge lab",
    "table bridge lab {",
    "chain forward {",
    "type filter hook forward priority 0; policy accept;",
    ...rules,
    "}",
    "}",
  ].join("\n");
}

function quoted(ports: readonly string[]): string {
  return ports.map((port) => `"${port}"`).join(", ");
}
