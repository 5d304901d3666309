import { DOMParser, type Element } from "@xmldom/xmldom";
import type { AgentAction, AgentMetadata, AgentParameter } from "../../model/agent-metadata.ts";

/** Largest document read; the longest in Debian 12 has some 40 kB. */
export const metadataBytesMax = 512 * 1024;

/** @throws SyntaxError when `xml` is not the metadata of an agent */
export function parseAgentMetadata(xml: string): AgentMetadata {
  const root = parseRoot(xml);
  if (root.tagName !== "resource-agent") throw new SyntaxError(`found <${root.tagName}>, wants <resource-agent>`);
  const parameters = children(children(root, "parameters")[0], "parameter").map(toParameter);
  const actions = children(children(root, "actions")[0], "action").map(toAction);
  const shortDescription = textOf(root, "shortdesc") || (root.getAttribute("shortdesc") ?? "");
  const longDescription = textOf(root, "longdesc");
  const apiVersion = textOf(root, "version");
  return { name: root.getAttribute("name") ?? "", apiVersion, shortDescription, longDescription, parameters, actions };
}

function parseRoot(xml: string): Element {
  try {
    // Some agents print a line of log before the document.
    const start = xml.indexOf("<?xml");
    const parser = new DOMParser({
      onError: (level, message) => {
        if (level !== "warning") throw new SyntaxError(message);
      },
    });
    const { documentElement } = parser.parseFromString(start > 0 ? xml.slice(start) : xml, "text/xml");
    if (documentElement === null) throw new SyntaxError("empty");
    return documentElement;
  } catch (error) {
    throw new SyntaxError(`not XML: ${(error as Error).message.split("\n", 1)[0] ?? ""}`, { cause: error });
  }
}

function toParameter(element: Element): AgentParameter {
  const [content] = children(element, "content");
  const [deprecated] = children(element, "deprecated");
  const replacement = children(deprecated, "replaced-with")[0]?.getAttribute("name") ?? "";
  return {
    name: element.getAttribute("name") ?? "",
    isRequired: isTrue(element.getAttribute("required")),
    isDeprecated: deprecated !== undefined || isTrue(element.getAttribute("deprecated")),
    replacedBy: replacement,
    replaces: element.getAttribute("obsoletes") ?? "",
    type: content?.getAttribute("type") ?? "string",
    default: content?.getAttribute("default") ?? null,
    description: descriptionOf(element),
    options: children(content, "option").map((option) => option.getAttribute("value") ?? ""),
  };
}

/** Short; but many agents only repeat the name there. */
function descriptionOf(element: Element): string {
  const short = textOf(element, "shortdesc");
  const isEmpty = short === "" || short === element.getAttribute("name");
  return isEmpty ? textOf(element, "longdesc") || short : short;
}

function toAction(element: Element): AgentAction {
  const depth = Number(element.getAttribute("depth") ?? "0");
  return {
    name: element.getAttribute("name") ?? "",
    timeoutMs: parseSpan(element.getAttribute("timeout")),
    intervalMs: parseSpan(element.getAttribute("interval")),
    depth: Number.isInteger(depth) ? depth : 0,
    role: element.getAttribute("role") ?? "",
    isAutomatic: isTrue(element.getAttribute("automatic")),
    isOnTarget: isTrue(element.getAttribute("on_target")),
  };
}

/** Seconds, or with a unit; null for what is neither. */
function parseSpan(text: string | null): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|msec|s|sec|m|min|h|hr|d)?\s*$/.exec(text ?? "");
  if (match === null) return null;
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    msec: 1,
    s: 1000,
    sec: 1000,
    m: 60_000,
    min: 60_000,
    h: 3_600_000,
    hr: 3_600_000,
    d: 86_400_000,
  };
  return Math.round(Number(match[1]) * (units[match[2] ?? "s"] ?? 1000));
}

function isTrue(text: string | null): boolean {
  return text !== null && /^(1|true|yes)$/i.test(text);
}

function children(element: Element | undefined, tagName: string): readonly Element[] {
  if (element === undefined) return [];
  return [...element.childNodes].filter((node): node is Element => node.nodeName === tagName);
}

function textOf(element: Element, tagName: string): string {
  return (children(element, tagName)[0]?.textContent ?? "").trim().replaceAll(/\s+/g, " ");
}
