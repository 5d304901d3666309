import { z } from "zod";
import type { FilesystemResource } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { directoryName } from "./directory-name.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const deviceWanted = "a device such as /dev/sdb1, LABEL=data, UUID=…, server:/export or //server/share";
const directoryWanted = "the absolute path of a folder, without a slash at its end";
const fsckWanted = "auto, force or no";
const optionsWanted = "options as for mount -o, with commas and without blanks";

/** A file system, mounted by hale itself. */
export const filesystem = defineKind({
  key: "filesystem",
  schema: z.strictObject({
    device: text(deviceWanted, "A path, a label or an id, an NFS or SMB share; with options: bind, a folder."),
    directory: text(directoryWanted, "Where it is mounted; made when it is missing."),
    fstype: z
      .string()
      .regex(/^[a-z0-9._-]+$/, { error: "the name of a file system such as ext4" })
      .meta({ description: "Default: mount finds out." })
      .optional(),
    options: z
      .string({ error: optionsWanted })
      .regex(/^[^\s-]\S*$/, { error: optionsWanted })
      .meta({ description: "As for mount -o." })
      .optional(),
    fsck: z
      .enum(["auto", "force", "no"], { error: fsckWanted })
      .meta({
        description: "auto: repair what is safe, as at boot; force: check even what looks clean; no.",
        default: "auto",
      })
      .optional(),
    ...operations,
  }),
  nameOf: (body) => nameOfDirectory(mainText(body, "directory")),
  check,
  build(body, place): FilesystemResource {
    const { device, directory, fstype, options, fsck = "auto" } = body;
    return {
      ...buildBase(directoryName(directory), body, place),
      kind: "filesystem",
      device,
      directory,
      fsck,
      ...(fstype === undefined ? {} : { fstype }),
      ...(options === undefined ? {} : { options }),
    };
  },
  isOf: (resource) => resource.kind === "filesystem",
  write(resource) {
    const { device, directory, fstype, options, fsck } = resource;
    return { device, directory, fstype, options, fsck, ...writeBase(resource) };
  },
});

function nameOfDirectory(directory: string | undefined): string | undefined {
  return directory === undefined ? undefined : directoryName(directory);
}

function check(path: Path, body: Mapping): Problem[] {
  const problems: Problem[] = [];
  const directory = asText(body["directory"]);
  // A path with `..` or a slash too many is not the one that the kernel shows.
  if (directory !== undefined && !/^(\/[^/]+)+$/.test(directory))
    problems.push({ path: [...path, "directory"], found: describeValue(directory), wanted: directoryWanted });
  if (directory !== undefined && /\/\.\.?(\/|$)/.test(directory))
    problems.push({ path: [...path, "directory"], found: describeValue(directory), wanted: "a path without . and .." });
  const device = asText(body["device"]);
  const isOfNone = body["fstype"] !== undefined && /^[a-z0-9]+$/.test(device ?? "");
  if (device !== undefined && !isOfNone && !devicePattern.test(device))
    problems.push({ path: [...path, "device"], found: describeValue(device), wanted: deviceWanted });
  return problems;
}

const devicePattern =
  /^(\/[^\s]+|(LABEL|UUID|PARTLABEL|PARTUUID)=[^\s].*|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(,[^\s:]+)*:\/?[^\s]*)$/;
