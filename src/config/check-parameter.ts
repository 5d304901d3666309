import type { Path, Problem } from "./config-error.ts";

/** Parameters travel as lines `key=value` and as environment variables: neither may hold a line break. */
export function checkParameter(path: Path, key: string, value: unknown): Problem[] {
  if (!/^[A-Za-z][\w-]*$/.test(key)) {
    const wanted = "a parameter name of letters, digits, underscores and hyphens";
    return [{ path, atKey: true, found: `key ${JSON.stringify(key)}`, wanted }];
  }
  // oxlint-disable-next-line no-control-regex -- a zero byte is what is looked for
  if (typeof value === "string" && /[\n\r\0]/.test(value))
    return [{ path, found: "a text of several lines", wanted: "one line" }];
  return [];
}
