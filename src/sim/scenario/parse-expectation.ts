import type { Names } from "./names.ts";
import type { Expectation } from "./scenario.ts";
import type { ValueReader } from "./value-reader.ts";

/** Reads what must be so. */
export function parseExpectation(expect: ValueReader, names: Names): Expectation {
  if (!expect.isMapping()) expect.wanted("services, fenced or starts");
  expect.onlyKeys(["services", "fenced", "starts"]);
  const services = expect.at("services");
  if (!services.isMissing && !services.isMapping()) services.wanted("a mapping of services");
  const starts = expect.at("starts");
  return {
    services: services.keys().flatMap((key) => parseService(key, services, names)),
    fenced: expect.at("fenced").isMissing
      ? null
      : expect
          .at("fenced")
          .list("a list of nodes")
          .flatMap((node) => names.node(node) ?? []),
    starts: starts.keys().flatMap((key) => {
      if (!isService(key, starts, names)) return [];
      const times = starts.at(key).integer(0, 1_000_000);
      return times === undefined ? [] : [{ service: key, times }];
    }),
  };
}

function parseService(key: string, services: ValueReader, names: Names): Expectation["services"] {
  const service = services.at(key);
  if (!isService(key, services, names)) return [];
  service.onlyKeys(["owner", "state"]);
  const owner = service.keys().includes("owner") ? parseOwner(service.at("owner"), names) : undefined;
  const state = service.at("state").isMissing ? undefined : service.at("state").text("a state");
  return [{ service: key, ...(owner === undefined ? {} : { owner }), ...(state === undefined ? {} : { state }) }];
}

function parseOwner(owner: ValueReader, names: Names): Expectation["services"][number]["owner"] {
  return owner.isMissing || owner.value === "none" ? null : names.node(owner);
}

function isService(key: string, parent: ValueReader, names: Names): boolean {
  const { services } = names.config;
  if (services.some((service) => service.id === key)) return true;
  parent.at(key).wrong(`found service "${key}", wanted ${services.map((service) => service.id).join(" or ")}`);
  return false;
}
