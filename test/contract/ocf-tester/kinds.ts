import { join } from "node:path";
import { build } from "esbuild";

/** Packages that are bundled ask for parts of Node in the old way. */
const requireHere = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Makes `kind-as-ocf` one file, which wants koffi beside it. Small, because its start is most of the time that the tester takes. */
export async function bundleKinds(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "kind-as-ocf.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["koffi"],
    minify: true,
    banner: { js: requireHere },
    outfile,
  });
}

/** The text of an executable that offers a kind in the OCF call style; `call` is the command for the action "$1". */
export function kindScript(kind: string, parameters: readonly string[], call: string): string {
  const described = parameters.map(
    (name) =>
      `<parameter name="${name}"><longdesc lang="en">${name}</longdesc><shortdesc lang="en">${name}</shortdesc><content type="string"/></parameter>`,
  );
  const actions = ["start", "stop", "monitor", "meta-data", "validate-all"].map(
    (name) => `<action name="${name}" timeout="20s"/>`,
  );
  return `#!/bin/sh
if [ "$1" != meta-data ]; then ${call}; fi
cat <<'XML'
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="${kind}" version="1.0"><version>1.0</version><longdesc lang="en">${kind}</longdesc><shortdesc lang="en">${kind}</shortdesc>
<parameters>${described.join("")}</parameters><actions>${actions.join("")}</actions></resource-agent>
XML
`;
}
