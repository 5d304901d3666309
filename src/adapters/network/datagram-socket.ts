import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type Libc, libcProblem, loadLibc } from "../native/libc.ts";
import { attachFilter } from "./attach-filter.ts";
import { errnoName } from "./errno-name.ts";
import { familyOf, makeSockaddr } from "./ip-address.ts";

const sockDatagram = 2;
const sockCloexec = 0o2000000;
const sockNonblock = 0o4000;
const solSocket = 1;
const soPriority = 12;
const soBindToDevice = 25;
const soReceiveBuffer = 8;
const soReceiveBufferForce = 33;
const ipLevel = 0;
const ipTypeOfService = 1;
const ipv6Level = 41;
const ipv6TrafficClass = 67;

/**
 * Packets that arrive while the main loop is busy wait here. The kernel doubles it, and counts 0.75 kB for the shortest and 2.3 kB to
 * 4 kB for the longest datagrams: enough for two seconds of 31 peers with 20 of these a second each.
 */
const receiveBufferBytes = 4 * 1024 * 1024;
/** CS6, network control: before the traffic of the services. */
const trafficClass = 0xc0;
const priorityControl = 6;

const sendFlags = 0x40 | 0x4000; // MSG_DONTWAIT, MSG_NOSIGNAL

/** Where a datagram goes, made once. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly sockaddr: Uint8Array;
}

/** A bound socket. */
export interface DatagramSocket {
  readonly socket: Socket;
  /** Index of the device it is bound to; 0 when it is bound to the address only. */
  readonly deviceIndex: number;
  /** Why the filter is not in force; null when it is. */
  readonly filterProblem: string | null;
  /** Another filter from now on; what waits already is not filtered again. @returns null when done, otherwise why not */
  setFilter(filter: Uint8Array): string | null;
  /** Sends at once; `failed` is told the errno's name, perhaps later. */
  send(target: Target, bytes: Uint8Array, failed: (code: string) => void): void;
}

/** Makes a target. @throws TypeError when `address` is not an IP address */
export function makeTarget(address: string, port: number): Target {
  return { address, port, sockaddr: makeSockaddr(address, port) };
}

/** The device's index, 0 when there is none or nobody can tell. */
export function deviceIndexOf(device: string): number {
  return loadLibc()?.ifNametoindex(device) ?? 0;
}

/** What a socket is bound to. */
export interface DatagramPlace {
  readonly address: string;
  /** 0: any, for a socket that only sends. */
  readonly port: number;
  /** null: any. */
  readonly device: string | null;
  /** The bytes of a `FilterProgram`, in force from the first packet on, where the kernel has filters. */
  readonly filter: Uint8Array;
}

/**
 * A datagram socket on `address` and `device`, receiving. Falls back to a plain socket on the address, without a filter, where the
 * kernel may not be asked for more.
 *
 * @returns rejects with the system's error when not even the plain one can be had
 */
export async function bindDatagramSocket(place: DatagramPlace): Promise<DatagramSocket> {
  const { address, port, device } = place;
  const libc = loadLibc();
  const { fd, filterProblem } = libc === null ? noDeviceSocket : makeDeviceSocket(libc, place);
  const socket = createSocket({
    type: isIPv6(address) ? "udp6" : "udp4",
    lookup: noLookup,
    // Node cannot force it: the socket made here has more already.
    ...(fd < 0 ? { recvBufferSize: receiveBufferBytes } : {}),
  });
  await new Promise<void>((done, fail) => {
    socket.once("error", fail);
    const bound = (): void => {
      socket.off("error", fail);
      done();
    };
    if (fd >= 0) socket.bind({ fd }, bound);
    else socket.bind({ address, port, exclusive: true }, bound);
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  if (libc === null || fd < 0) {
    const noFilter = libc === null ? `no koffi (${libcProblem()})` : "the socket cannot be bound to its device";
    return {
      socket,
      deviceIndex: 0,
      filterProblem: noFilter,
      setFilter: () => noFilter,
      send: (...call) => sendPlain(socket, ...call),
    };
  }
  return {
    socket,
    deviceIndex: device === null ? 0 : deviceIndexOf(device),
    filterProblem,
    setFilter: (filter) => attachFilter(libc, fd, filter),
    send: (...call) => sendNow(libc, fd, ...call),
  };
}

/** One system call in 2 us; node's own way costs ten times that and answers later. */
function sendNow(libc: Libc, fd: number, target: Target, bytes: Uint8Array, failed: (code: string) => void): void {
  const { sockaddr } = target;
  if (libc.sendto(fd, bytes, bytes.length, sendFlags, sockaddr, sockaddr.length) < 0) failed(errnoName(libc.errno()));
}

function sendPlain(socket: Socket, target: Target, bytes: Uint8Array, failed: (code: string) => void): void {
  socket.send(bytes, target.port, target.address, (error) => {
    if (error !== null) failed((error as NodeJS.ErrnoException).code ?? error.message);
  });
}

interface DeviceSocket {
  /** -1 when any step that matters is refused: then the plain way tells why, or does it. */
  readonly fd: number;
  readonly filterProblem: string | null;
}

const noDeviceSocket: DeviceSocket = { fd: -1, filterProblem: null };

function makeDeviceSocket(libc: Libc, { address, port, device, filter }: DatagramPlace): DeviceSocket {
  const fd = libc.socket(familyOf(address), sockDatagram | sockCloexec | sockNonblock, 0);
  if (fd < 0) return noDeviceSocket;
  const filterProblem = attachFilter(libc, fd, filter);
  const name = Buffer.from(`${device ?? ""}\0`, "latin1");
  const sockaddr = makeSockaddr(address, port);
  const isBound =
    (device === null || libc.setsockopt(fd, solSocket, soBindToDevice, name, name.length) === 0) &&
    libc.bind(fd, sockaddr, sockaddr.length) === 0;
  if (!isBound) {
    libc.close(fd);
    return noDeviceSocket;
  }
  const set = (level: number, option: number, value: number): boolean => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return libc.setsockopt(fd, level, option, bytes, 4) === 0;
  };
  // Wishes, not needs: who may not force a buffer gets the system's largest, who may not set a class goes without.
  if (!set(solSocket, soReceiveBufferForce, receiveBufferBytes)) set(solSocket, soReceiveBuffer, receiveBufferBytes);
  if (isIPv6(address)) set(ipv6Level, ipv6TrafficClass, trafficClass);
  else set(ipLevel, ipTypeOfService, trafficClass);
  set(solSocket, soPriority, priorityControl);
  return { fd, filterProblem };
}

/** Addresses are numbers already: node would ask its resolver's queue for each packet. */
function noLookup(
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, host, isIPv6(host) ? 6 : 4);
}
