import { defineConfig } from "vitest/config";
import type { Patch } from "./plant-mistake.ts";

// The core's unit tests on a core with a mistake in it, which comes in PLANTED as JSON.

const patches = JSON.parse(process.env["PLANTED"] ?? "[]") as readonly Patch[];

export default defineConfig({
  plugins: [
    {
      name: "plant",
      enforce: "pre",
      transform(code, id) {
        let planted = code;
        for (const { file, find, replace } of patches) {
          if (!id.endsWith(`/src/core/${file}`)) continue;
          if (planted.split(find).length !== 2) throw new TypeError(`Cannot plant in ${file}: ${find}`);
          planted = planted.replace(find, () => replace);
        }
        return planted;
      },
    },
  ],
  test: { root: `${import.meta.dirname}/../..`, include: ["src/core/**/*.test.ts"], bail: 1, maxWorkers: 1 },
});
