import { z } from "zod";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { buildFront, isFront } from "./ocf-front.ts";
import { defineKind } from "./kind.ts";
import { mainText, writeBase } from "./operations.ts";

const groupWanted = "the name of a volume group such as vg0";
const volumeWanted = "the name of a logical volume of the group";
const accessWanted = "system-id or tag";
const namePattern = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/;

/** A volume group, or one volume of it, that is active on one node: heartbeat:LVM-activate underneath. */
export const lvm = defineKind({
  key: "lvm",
  schema: z.strictObject({
    group: text(groupWanted, "The volume group."),
    volume: text(volumeWanted, "One logical volume of it. Default: all of the group.").optional(),
    access: z
      .enum(["system-id", "tag"], { error: accessWanted })
      .meta({
        description: "What makes it exclusive: the system ID of the node in the group, or a tag on it.",
        default: "system-id",
      })
      .optional(),
    ...operations,
  }),
  nameOf: (body) => mainText(body, "volume") ?? mainText(body, "group"),
  check,
  build(body, place) {
    const { group, volume, access = "system-id" } = body;
    return buildFront(
      "lvm",
      "LVM-activate",
      volume ?? group,
      { body, place },
      {
        vgname: group,
        vg_access_mode: access === "tag" ? "tagging" : "system_id",
        ...(volume === undefined ? {} : { lvname: volume }),
      },
    );
  },
  isOf: isFront("lvm"),
  write(resource) {
    const { vgname, lvname, vg_access_mode: mode } = resource.parameters;
    const access = mode === "tagging" ? "tag" : "system-id";
    return { group: vgname, ...(lvname === undefined ? {} : { volume: lvname }), access, ...writeBase(resource) };
  },
});

function check(path: Path, body: Mapping): Problem[] {
  return (["group", "volume"] as const).flatMap((key): Problem[] => {
    const name = asText(body[key]);
    if (name === undefined || name === "" || namePattern.test(name)) return [];
    const wanted = key === "group" ? groupWanted : volumeWanted;
    return [{ path: [...path, key], found: describeValue(name), wanted }];
  });
}
