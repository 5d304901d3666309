import type { z } from "zod";
import type { ResourceConfig } from "../../model/cluster-config.ts";
import type { ServiceId } from "../../model/ids.ts";
import type { Path, Problem } from "../config-error.ts";
import type { Mapping } from "../raw.ts";
import type { SourceOf } from "../written.ts";

/** Where a resource stands in the file. */
export interface ResourcePlace {
  readonly service: ServiceId;
  /** Of the resource; its body is one key deeper. */
  readonly path: Path;
  readonly sourceOf: SourceOf;
}

/** What the configuration has to know of one kind of resource; one file for each. */
export interface ResourceKind {
  /** In the file: `- KEY: { ... }`. */
  readonly key: string;
  readonly schema: z.ZodType;
  /** The main value, which names the resource unless `name:` does. undefined when it is missing or malformed. */
  nameOf(body: Mapping): string | undefined;
  /** What the schema cannot say. Of a body as it was written, nothing checked. @param path of the body */
  check(path: Path, body: Mapping): readonly Problem[];
  /** @param body that has passed schema and check */
  build(body: unknown, place: ResourcePlace): ResourceConfig;
  /** True when `write` takes it. */
  isOf(resource: ResourceConfig): boolean;
  /** The body that `build` makes this resource of, with every default written out. */
  write(resource: ResourceConfig): object;
}

/** The same with the types of one kind. */
interface TypedKind<Schema extends z.ZodType, Resource extends ResourceConfig> {
  readonly key: string;
  readonly schema: Schema;
  nameOf(body: Mapping): string | undefined;
  check?(path: Path, body: Mapping): readonly Problem[];
  build(body: z.infer<Schema>, place: ResourcePlace): Resource;
  isOf(resource: ResourceConfig): resource is Resource;
  write(resource: Resource): object;
}

/** Forgets the types, so that kinds fit into one list; the schema and `isOf` have seen to them. */
export function defineKind<Schema extends z.ZodType, Resource extends ResourceConfig>(
  kind: TypedKind<Schema, Resource>,
): ResourceKind {
  return {
    ...kind,
    check: (path, body) => kind.check?.(path, body) ?? [],
    build: (body, place) => kind.build(body as z.infer<Schema>, place),
    isOf: (resource) => kind.isOf(resource),
    write: (resource) => {
      if (!kind.isOf(resource)) throw new TypeError(`Cannot write resource "${resource.id}" as ${kind.key}`);
      return kind.write(resource);
    },
  };
}
