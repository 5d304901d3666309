import type { GroupStatus, Hearing, HeartbeatBody } from "../model/message.ts";
import type { InstantMs } from "../model/units.ts";
import { instantMs } from "../model/units.ts";
import type { BodyReader } from "./body-reader.ts";
import type { BodyWriter } from "./body-writer.ts";

/** The wire's number of a status is its place here; only ever append. */
const statuses: readonly GroupStatus[] = ["electing", "proposing", "promised", "active"];

/**
 * `sentAt` comes first and in fixed width, so that a sender could stamp a body made ready earlier. Then whom it hears, because
 * that list names nearly everyone: `members` and the electorate are then bits.
 */
export function writeHeartbeat(writer: BodyWriter, body: HeartbeatBody & { readonly sentAt: InstantMs }): void {
  writer.fixed(Math.max(0, Math.floor(body.sentAt)), 6);
  writer.nodes(body.hears.map((hearing) => hearing.node));
  for (const { incarnation, isHeard, echo } of body.hears) {
    writer.incarnation(incarnation);
    writer.natural(Math.floor(echo) * 2 + (isHeard ? 1 : 0));
  }
  writer.byte(statuses.indexOf(body.status) * 4 + (body.isBlank ? 2 : 0) + (body.coordinator === null ? 0 : 1));
  if (body.coordinator !== null) writer.name(body.coordinator);
  writer.viewId(body.promised);
  writer.viewId(body.view);
  writer.nodes(body.members);
  writer.natural(body.delivered);
  writer.natural(body.committed);
  writer.natural(body.electorate.index);
  writer.nodes(body.electorate.voters);
  writer.milliseconds(body.loopLateMs);
  writer.milliseconds(body.diskLateMs);
  writer.natural(body.reach?.of ?? 0);
  if (body.reach !== undefined && body.reach.of > 0) writer.natural(body.reach.reached);
}

/** The inverse of `writeHeartbeat`; meaningful only when the reader is still good afterwards. */
export function readHeartbeat(reader: BodyReader): HeartbeatBody & { readonly sentAt: InstantMs } {
  const sentAt = instantMs(reader.fixed(6));
  const hears = reader.nodes().map((node): Hearing => {
    const incarnation = reader.incarnation();
    const packed = reader.natural();
    return { node, incarnation, isHeard: packed % 2 === 1, echo: instantMs(Math.floor(packed / 2)) };
  });
  const packed = reader.byte();
  const status = statuses[packed >> 2];
  if (status === undefined) reader.fail();
  return {
    sentAt,
    hears,
    status: status ?? "electing",
    isBlank: (packed & 2) !== 0,
    coordinator: (packed & 1) === 0 ? null : reader.name(),
    promised: reader.viewId(),
    view: reader.viewId(),
    members: reader.nodes(),
    delivered: reader.natural(),
    committed: reader.natural(),
    electorate: { index: reader.natural(), voters: reader.nodes() },
    loopLateMs: reader.natural(),
    diskLateMs: reader.natural(),
    ...readReach(reader),
  };
}

function readReach(reader: BodyReader): Pick<HeartbeatBody, "reach"> {
  const of = reader.natural();
  return of === 0 ? {} : { reach: { reached: reader.natural(), of } };
}
