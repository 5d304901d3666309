import type { Path } from "./config-error.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";

/** One word of one service about another one, as it is written. */
export interface Link {
  readonly kind: "after" | "with" | "apart";
  readonly from: string;
  readonly to: string;
  readonly isSoft: boolean;
  readonly path: Path;
}

/** All that a service says of others. */
export function linksOf(from: string, service: Mapping): Link[] {
  return (["after", "with", "apart"] as const).flatMap((kind) =>
    asList(service[kind]).flatMap((value, index): Link[] => {
      const name = asText(value);
      const path: Path = ["services", from, kind, index];
      if (name !== undefined) return [{ kind, from, to: name, isSoft: false, path }];
      const { service: to, soft } = asMapping(value);
      const isSoft = soft === true;
      return typeof to === "string" ? [{ kind, from, to, isSoft, path: [...path, "service"] }] : [];
    }),
  );
}
