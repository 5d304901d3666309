import { execFileSync } from "node:child_process";

/** Paths of all shared libraries that a program is linked with. */
export function librariesOf(program: string): readonly string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
}
