import type { Entry, SubmitId } from "../model/entry.ts";
import type { Electorate, LogPosition, Message, WitnessAsk } from "../model/message.ts";
import { instantMs, wallMs } from "../model/units.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Member } from "../model/view.ts";
import type { BodyReader } from "./body-reader.ts";
import type { BodyWriter } from "./body-writer.ts";
import { encodeEntryBody, parseEntryBody } from "./entry-body.ts";
import { readHeartbeat, writeHeartbeat } from "./heartbeat-body.ts";

type Kind = Message["kind"];

/** Never reuse a number. */
const kindNumbers: Readonly<Record<Kind, number>> = {
  heartbeat: 1,
  propose: 2,
  promise: 3,
  nack: 4,
  abort: 5,
  fetch: 6,
  "log-part": 7,
  install: 8,
  installed: 9,
  start: 10,
  submit: 11,
  busy: 12,
  entry: 13,
  ack: 14,
  commit: 15,
  goodbye: 16,
  "checkpoint-fetch": 17,
  "checkpoint-part": 18,
  ask: 19,
  grant: 20,
  removed: 21,
};

/** Likewise. */
const stepNumbers: Readonly<Record<WitnessAsk["step"], number>> = { hear: 1, promise: 2, install: 3 };

const stepsByNumber = new Map(
  (Object.keys(stepNumbers) as WitnessAsk["step"][]).map((step) => [stepNumbers[step], step]),
);

const kindsByNumber = new Map((Object.keys(kindNumbers) as Kind[]).map((kind) => [kindNumbers[kind], kind]));

/** What the wire needs of an entry whose body cannot be read; never leaves this file, the reader has failed by then. */
const noBody: Entry["body"] = { kind: "electorate", voters: [], reason: "" };

/** Kind, then fields in the order of the model. */
export function writeMessage(writer: BodyWriter, message: Message): void {
  writer.byte(kindNumbers[message.kind]);
  switch (message.kind) {
    case "heartbeat":
      return writeHeartbeat(writer, message);
    case "propose":
      writer.viewId(message.view);
      return writer.nodes(message.members);
    case "promise":
      writer.viewId(message.view);
      return writeLogPosition(writer, message);
    case "nack":
      writer.viewId(message.view);
      return writer.viewId(message.promised);
    case "abort":
    case "installed":
    case "start":
      return writer.viewId(message.view);
    case "fetch":
      return writeNumbers(writer, message.view, message.from, message.to);
    case "checkpoint-fetch":
      return writeNumbers(writer, message.view, message.index, message.from);
    case "checkpoint-part": {
      writeNumbers(writer, message.view, message.index, message.size, message.from);
      writer.shortText(message.check);
      const bytes = Buffer.from(message.text, "latin1");
      writer.natural(bytes.length);
      return writer.bytes(bytes);
    }
    case "log-part":
      writeNumbers(writer, message.view, message.from);
      return writeEntries(writer, message.entries);
    case "install":
      writeNumbers(writer, message.view, message.base, message.committed, message.from);
      writeMembers(writer, message.members);
      writer.nodes(message.founding);
      return writeEntries(writer, message.entries);
    case "submit":
      writeSubmitId(writer, message.id);
      return writeEntryBody(writer, message.body);
    case "busy":
      return writeSubmitId(writer, message.id);
    case "entry":
      writeNumbers(writer, message.view, message.committed);
      return writeEntry(writer, message.entry);
    case "ack":
      return writeNumbers(writer, message.view, message.length);
    case "commit":
      return writeNumbers(writer, message.view, message.committed);
    case "removed":
      return writer.incarnation(message.life);
    case "goodbye":
      return writer.milliseconds(message.at);
    case "ask":
      writer.byte(stepNumbers[message.step]);
      writer.milliseconds(message.sentAt);
      writer.viewId(message.view);
      return writer.viewId(message.basis);
    case "grant":
      writer.byte(stepNumbers[message.step]);
      writer.milliseconds(message.sentAt);
      writer.incarnation(message.asker);
      writer.viewId(message.view);
      writer.flag(message.isGranted);
      writer.viewId(message.promised);
      return writer.viewId(message.logView);
    default:
      return unreachable(message);
  }
}

/** Total: null for bytes that are no message, or more than one. */
export function readMessage(reader: BodyReader): Message | null {
  const kind = kindsByNumber.get(reader.byte());
  if (kind === undefined) return null;
  const message = readKind(reader, kind);
  return reader.isComplete ? message : null;
}

function readKind(reader: BodyReader, kind: Kind): Message {
  switch (kind) {
    case "heartbeat":
      return { kind, ...readHeartbeat(reader) };
    case "propose":
      return { kind, view: reader.viewId(), members: reader.nodes() };
    case "promise":
      return { kind, view: reader.viewId(), ...readLogPosition(reader) };
    case "nack":
      return { kind, view: reader.viewId(), promised: reader.viewId() };
    case "abort":
    case "installed":
    case "start":
      return { kind, view: reader.viewId() };
    case "fetch":
      return { kind, view: reader.viewId(), from: reader.natural(), to: reader.natural() };
    case "checkpoint-fetch":
      return { kind, view: reader.viewId(), index: reader.natural(), from: reader.natural() };
    case "checkpoint-part":
      return readCheckpointPart(reader);
    case "log-part":
      return { kind, view: reader.viewId(), from: reader.natural(), entries: readEntries(reader) };
    case "install":
      return readInstall(reader);
    case "submit":
      return { kind, id: readSubmitId(reader), body: readEntryBody(reader) };
    case "busy":
      return { kind, id: readSubmitId(reader) };
    case "entry":
      return { kind, view: reader.viewId(), committed: reader.natural(), entry: readEntry(reader) };
    case "ack":
      return { kind, view: reader.viewId(), length: reader.natural() };
    case "commit":
      return { kind, view: reader.viewId(), committed: reader.natural() };
    case "removed":
      return { kind, life: reader.incarnation() };
    case "goodbye":
      return { kind, at: wallMs(reader.natural()) };
    case "ask":
      return { kind, ...readStep(reader), view: reader.viewId(), basis: reader.viewId() };
    case "grant":
      return {
        kind,
        ...readStep(reader),
        asker: reader.incarnation(),
        view: reader.viewId(),
        isGranted: reader.flag(),
        promised: reader.viewId(),
        logView: reader.viewId(),
      };
    default:
      return unreachable(kind);
  }
}

function readStep(reader: BodyReader): Pick<WitnessAsk, "step" | "sentAt"> {
  const step = stepsByNumber.get(reader.byte());
  if (step === undefined) reader.fail();
  return { step: step ?? "hear", sentAt: instantMs(reader.natural()) };
}

function readInstall(reader: BodyReader): Message {
  return {
    kind: "install",
    view: reader.viewId(),
    base: reader.natural(),
    committed: reader.natural(),
    from: reader.natural(),
    members: reader.list((): Member => ({ node: reader.name(), incarnation: reader.incarnation() })),
    founding: reader.nodes(),
    entries: readEntries(reader),
  };
}

function readCheckpointPart(reader: BodyReader): Message {
  return {
    kind: "checkpoint-part",
    view: reader.viewId(),
    index: reader.natural(),
    size: reader.natural(),
    from: reader.natural(),
    check: latin1(reader.bytes(reader.byte())),
    text: latin1(reader.bytes(reader.natural())),
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function writeNumbers(writer: BodyWriter, view: Entry["view"], ...numbers: readonly number[]): void {
  writer.viewId(view);
  for (const number of numbers) writer.natural(number);
}

function writeMembers(writer: BodyWriter, members: readonly Member[]): void {
  writer.natural(members.length);
  for (const { node, incarnation } of members) {
    writer.name(node);
    writer.incarnation(incarnation);
  }
}

function writeLogPosition(writer: BodyWriter, position: LogPosition): void {
  writer.viewId(position.logView);
  writer.natural(position.length);
  writer.natural(position.committed);
  writer.flag(position.isBlank);
  writer.natural(position.electorates.length);
  for (const { index, voters } of position.electorates) {
    writer.natural(index);
    writer.nodes(voters);
  }
}

function readLogPosition(reader: BodyReader): LogPosition {
  return {
    logView: reader.viewId(),
    length: reader.natural(),
    committed: reader.natural(),
    isBlank: reader.flag(),
    electorates: reader.list((): Electorate => ({ index: reader.natural(), voters: reader.nodes() })),
  };
}

function writeSubmitId(writer: BodyWriter, id: SubmitId): void {
  writer.name(id.origin);
  writer.incarnation(id.incarnation);
  writer.natural(id.sequence);
}

function readSubmitId(reader: BodyReader): SubmitId {
  return { origin: reader.name(), incarnation: reader.incarnation(), sequence: reader.natural() };
}

function writeEntries(writer: BodyWriter, entries: readonly Entry[]): void {
  writer.natural(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
}

function readEntries(reader: BodyReader): readonly Entry[] {
  return reader.list(() => readEntry(reader));
}

function writeEntry(writer: BodyWriter, entry: Entry): void {
  writer.natural(entry.index);
  writer.viewId(entry.view);
  writeSubmitId(writer, entry.id);
  writer.milliseconds(entry.at);
  writeEntryBody(writer, entry.body);
}

function readEntry(reader: BodyReader): Entry {
  return {
    index: reader.natural(),
    view: reader.viewId(),
    id: readSubmitId(reader),
    at: wallMs(reader.natural()),
    body: readEntryBody(reader),
  };
}

function writeEntryBody(writer: BodyWriter, body: Entry["body"]): void {
  const bytes = encodeEntryBody(body);
  writer.natural(bytes.length);
  writer.bytes(bytes);
}

function readEntryBody(reader: BodyReader): Entry["body"] {
  const body = parseEntryBody(reader.bytes(reader.natural()));
  if (body === null) reader.fail();
  return body ?? noBody;
}
