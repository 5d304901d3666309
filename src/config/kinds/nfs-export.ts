import { z } from "zod";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { buildFront, isFront } from "./ocf-front.ts";
import { directoryName } from "./directory-name.ts";
import { defineKind } from "./kind.ts";
import { mainText, writeBase } from "./operations.ts";

const directoryWanted = "the absolute path of a folder";
const clientsWanted = "who may mount it such as 192.168.1.0/24, a host name, or *; several with blanks between";
const optionsWanted = "options as in exports(5), with commas and without blanks or brackets";
const fsidWanted = "a whole number from 0 to 255, or a UUID; the same on every node";

/** A folder that an NFS server gives to others: heartbeat:exportfs underneath. */
export const nfsExport = defineKind({
  key: "nfs-export",
  schema: z.strictObject({
    directory: text(directoryWanted, "What is exported."),
    clients: text(clientsWanted, "Who may mount it."),
    fsid: z
      .union([z.int().min(0).max(255), z.string().regex(/^[0-9a-fA-F-]{32,36}$/)], { error: fsidWanted })
      .meta({ description: "What clients know the file system by, so that they go on after a takeover." }),
    options: z
      .string({ error: optionsWanted })
      .regex(/^[^\s()-][^\s()]*$/, { error: optionsWanted })
      .meta({ description: "As in exports(5).", default: "rw" })
      .optional(),
    ...operations,
  }),
  nameOf: (body) => nameOfDirectory(mainText(body, "directory")),
  check,
  build(body, place) {
    const { directory, clients, fsid, options = "rw" } = body;
    return buildFront(
      "nfs-export",
      "exportfs",
      nameOfDirectory(directory) ?? directory,
      { body, place },
      {
        clientspec: clients,
        directory,
        fsid: String(fsid),
        options,
        // A client that holds a lock would keep the file system busy that is to be unmounted next.
        unlock_on_stop: "1",
      },
    );
  },
  isOf: isFront("nfs-export"),
  write(resource) {
    const { directory, clientspec, fsid = "", options } = resource.parameters;
    const written = /^\d+$/.test(fsid) ? Number(fsid) : fsid;
    return { directory, clients: clientspec, fsid: written, options, ...writeBase(resource) };
  },
});

/** `/srv/www` -> `nfs-srv-www`: the mount beside it has the folder's name. */
function nameOfDirectory(directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  return `nfs-${directoryName(directory)}`;
}

function check(path: Path, body: Mapping): Problem[] {
  const directory = asText(body["directory"]);
  const clients = asText(body["clients"]);
  return [
    ...(directory !== undefined && directory !== "" && !/^(\/[^/]+)+$/.test(directory)
      ? [{ path: [...path, "directory"], found: describeValue(directory), wanted: directoryWanted }]
      : []),
    ...(clients !== undefined && clients !== "" && !/^[^\s()-][^()\n]*$/.test(clients)
      ? [{ path: [...path, "clients"], found: describeValue(clients), wanted: clientsWanted }]
      : []),
  ];
}
