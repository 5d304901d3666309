import { DOMParser, type Element } from "@xmldom/xmldom";

/**
 * What an agent says of itself: the XML that OCF resource agents and fence agents print for `meta-data` and `metadata`.
 *
 * Both have the root `resource-agent`. Read leniently where agents in the wild differ (types beyond the specification, `1` or `true`),
 * strictly where XML does: an agent that prints half a document has failed.
 */
export interface AgentMetadata {
  readonly name: string;
  readonly shortDescription: string;
  readonly parameters: readonly AgentParameter[];
  /** In the agent's order; monitor may occur several times with different depths. */
  readonly actions: readonly AgentAction[];
}

/** One parameter of an agent. */
export interface AgentParameter {
  readonly name: string;
  readonly isRequired: boolean;
  /** Accepted, but another name is wanted by now. */
  readonly isDeprecated: boolean;
  /** The name that replaces this one, or that this one replaced (`obsoletes` of fence agents); empty when none. */
  readonly replacedBy: string;
  /** As the agent says: string, boolean, integer, select, second, ... */
  readonly type: string;
  readonly default: string | null;
  readonly description: string;
  /** Of a select; empty otherwise. */
  readonly options: readonly string[];
}

/** One action of an agent. */
export interface AgentAction {
  readonly name: string;
  /** null: the agent names none. */
  readonly timeoutMs: number | null;
  readonly intervalMs: number | null;
  /** Check level of a monitor; 0 when not given. */
  readonly depth: number;
}

/** Largest document read; the longest in Debian 12 has some 40 kB. */
export const metadataBytesMax = 512 * 1024;

/** @throws SyntaxError when `xml` is not the metadata of an agent */
export function parseAgentMetadata(xml: string): AgentMetadata {
  const root = parseRoot(xml);
  if (root.tagName !== "resource-agent") throw new SyntaxError(`found <${root.tagName}>, wants <resource-agent>`);
  const parameters = children(children(root, "parameters")[0], "parameter").map(toParameter);
  const actions = children(children(root, "actions")[0], "action").map(toAction);
  const shortDescription = textOf(root, "shortdesc") || (root.getAttribute("shortdesc") ?? "");
  return { name: root.getAttribute("name") ?? "", shortDescription, parameters, actions };
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
    type: content?.getAttribute("type") ?? "string",
    default: content?.getAttribute("default") ?? null,
    description: textOf(element, "shortdesc") || textOf(element, "longdesc"),
    options: children(content, "option").map((option) => option.getAttribute("value") ?? ""),
  };
}

function toAction(element: Element): AgentAction {
  const depth = Number(element.getAttribute("depth") ?? "0");
  return {
    name: element.getAttribute("name") ?? "",
    timeoutMs: parseSpan(element.getAttribute("timeout")),
    intervalMs: parseSpan(element.getAttribute("interval")),
    depth: Number.isInteger(depth) ? depth : 0,
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
