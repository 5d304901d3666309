import type { ResourceId } from "../../model/ids.ts";
import type { DeathHint } from "../../model/operation.ts";
import { type BusCall, BusConnection } from "./bus-connection.ts";
import type { BusMessage } from "./bus-message.ts";
import type { BusValue } from "./bus-values.ts";
import { isRunningState } from "./unit-state.ts";

const systemd = "org.freedesktop.systemd1";
const bus = "org.freedesktop.DBus";
const properties = "org.freedesktop.DBus.Properties";
const unitInterface = `${systemd}.Unit`;
const activeState = "ActiveState";

/**
 * Hears from systemd, by its signals on D-Bus, when a unit that runs does so no more: its process has ended, somebody has stopped it, its file system
 * was unmounted. A hint, as every death: the agent is asked (ADR 0052, 0070).
 *
 * Nothing depends on it. Where the bus does not answer, monitors find a death, and with each of them that finds its unit running the bus is tried
 * again; what has happened until then is asked for, not lost.
 */
export class UnitWatch {
  readonly #path: string;
  readonly #units = new Map<ResourceId, Watched>();
  #bus: BusConnection | null = null;
  #tell: (hint: DeathHint) => void = () => undefined;

  /** @param path the socket of the system's message bus */
  constructor(path: string) {
    this.#path = path;
  }

  /** Who listened before hears no more. */
  listen(tell: (hint: DeathHint) => void): void {
    this.#tell = tell;
  }

  /** Its agent says that it runs. */
  runs(resource: ResourceId, unit: string): void {
    const known = this.#units.get(resource);
    if (known?.unit === unit) known.isTold = false;
    else this.#add(resource, { unit, path: null, isTold: false });
    if (this.#bus === null) this.#connect();
  }

  /** It is about to be stopped, or does not run: what happens to it now is no news. */
  forget(resource: ResourceId): void {
    const watched = this.#units.get(resource);
    this.#units.delete(resource);
    if (watched?.path === undefined || watched.path === null || this.#bus === null) return;
    void quietly(this.#bus.call(busCall("RemoveMatch"), [ruleOf(watched.path)]));
  }

  close(): void {
    this.#bus?.close();
    this.#bus = null;
    this.#units.clear();
  }

  #add(resource: ResourceId, watched: Watched): void {
    this.forget(resource);
    this.#units.set(resource, watched);
    if (this.#bus !== null) void quietly(this.#follow(this.#bus, resource, watched));
  }

  #connect(): void {
    const connection = new BusConnection(this.#path, {
      onSignal: (message) => this.#hear(message),
      onEnd: () => {
        this.#bus = null;
        for (const watched of this.#units.values()) watched.path = null;
      },
    });
    this.#bus = connection;
    void quietly(connection.call(busCall("Hello")));
    // Without one who asks for them systemd sends no signals.
    void quietly(connection.call(managerCall("Subscribe")));
    for (const [resource, watched] of this.#units) void quietly(this.#follow(connection, resource, watched));
  }

  /** Rejects when systemd or the bus does not answer as wanted. */
  async #follow(connection: BusConnection, resource: ResourceId, watched: Watched): Promise<void> {
    const [path] = await connection.call(managerCall("LoadUnit"), [watched.unit]);
    if (typeof path !== "string" || this.#units.get(resource) !== watched) return;
    watched.path = path;
    await connection.call(busCall("AddMatch"), [ruleOf(path)]);
    // It may have ended between the agent's look and now.
    const get: BusCall = { destination: systemd, path, interface: properties, member: "Get" };
    const [state] = await connection.call(get, [unitInterface, activeState]);
    if (this.#units.get(resource) === watched) this.#judge(resource, watched, state);
  }

  #hear({ member, path, body: [name, changes] }: BusMessage): void {
    if (member !== "PropertiesChanged" || name !== unitInterface || !Array.isArray(changes)) return;
    const state = (changes as [BusValue, BusValue][]).find(([property]) => property === activeState)?.[1];
    for (const [resource, watched] of this.#units) if (watched.path === path) this.#judge(resource, watched, state);
  }

  #judge(resource: ResourceId, watched: Watched, state: BusValue | undefined): void {
    if (typeof state !== "string" || isRunningState(state) || watched.isTold) return;
    watched.isTold = true;
    this.#tell({ resource, what: `unit ${watched.unit} (${state})` });
  }
}

interface Watched {
  readonly unit: string;
  /** What systemd calls it on the bus; null: not followed yet. */
  path: string | null;
  /** Nothing more is told of it before its agent says anew that it runs. */
  isTold: boolean;
}

function busCall(member: string): BusCall {
  return { destination: bus, path: "/org/freedesktop/DBus", interface: bus, member };
}

function managerCall(member: string): BusCall {
  return { destination: systemd, path: "/org/freedesktop/systemd1", interface: `${systemd}.Manager`, member };
}

/** One unit and no other: what becomes of the rest of the machine wakes nobody here. */
function ruleOf(path: string): string {
  const words = {
    type: "signal",
    sender: systemd,
    interface: properties,
    member: "PropertiesChanged",
    path,
    arg0: unitInterface,
  };
  return Object.entries(words)
    .map(([name, value]) => `${name}='${value}'`)
    .join();
}

/** A call that comes to nothing costs a hint and no more. */
async function quietly(call: Promise<unknown>): Promise<void> {
  await call.catch(() => undefined);
}
