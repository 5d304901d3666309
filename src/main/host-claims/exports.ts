import type { HostClaim } from "../../cli/node-facts.ts";
import { hostFile, hostFiles } from "./host-files.ts";
import { type ResourceClaims, withoutSlash } from "./resource-claims.ts";

/** exports(5): folders that the machine exports by itself, whoever has them mounted. */
export async function claimsInExports(
  root: string,
  { exported }: ResourceClaims,
): Promise<readonly Omit<HostClaim, "resource">[]> {
  if (exported === undefined) return [];
  const files = [await hostFile(root, "/etc/exports"), ...(await hostFiles(root, "/etc/exports.d", ".exports"))];
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const [, quoted, plain = ""] = /^\s*(?:"([^"]*)"|([^\s#]+))/.exec(line) ?? [];
      const folder = quoted ?? plain;
      return withoutSlash(folder) === exported ? [{ file: path, line: index + 1, what: `exports ${folder}` }] : [];
    }),
  );
}
