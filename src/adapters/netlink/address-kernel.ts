/** An interface as the kernel shows it. */
export interface Interface {
  readonly index: number;
  readonly name: string;
  /** Six bytes on Ethernet and its like; other lengths cannot be announced. */
  readonly hardwareAddress: Uint8Array;
  readonly isUp: boolean;
  /** Up, and there is somebody to talk to: a cable, a peer. */
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
  /** Of one that stands on another one, such as a macvlan: that one's index. */
  readonly parentIndex?: number;
  /** True for point-to-point and other links where nobody asks who has an address. */
  readonly hasNoArp: boolean;
}

/** One address on one interface. */
export interface InterfaceAddress {
  readonly interfaceIndex: number;
  /** 4 or 16 bytes. */
  readonly ip: Uint8Array;
  readonly prefix: number;
  /** IPv4: deleted with its primary, unless promote_secondaries is set. */
  readonly isSecondary: boolean;
  /** IPv6: not usable yet, or never, because duplicate address detection runs or has found a duplicate. */
  readonly isTentative: boolean;
  readonly isDuplicate: boolean;
}

/** All interfaces and their addresses at one moment. */
export interface AddressTable {
  readonly interfaces: readonly Interface[];
  readonly addresses: readonly InterfaceAddress[];
}

/** An address to be set or removed. */
export interface AddressChange {
  readonly interface: Interface;
  readonly ip: Uint8Array;
  readonly prefix: number;
  /** IPv4, for tools that know an address by it: the interface's name, a colon and a word. Default (absent): none. */
  readonly label?: string;
  /** IPv6: let the kernel ask whether somebody else has it, and do not use it before. Default (absent): false. */
  readonly detectsDuplicates?: boolean;
}

/** An interface with a hardware address of its own on another one, a macvlan. */
export interface OwnInterface {
  readonly name: string;
  readonly parent: Interface;
  /** Six bytes. */
  readonly hardwareAddress: Uint8Array;
}

/** What it takes to make and remove one. */
export interface LinkKernel {
  /** It is down at first. One of that name is an error. */
  add(own: OwnInterface): void | Promise<void>;
  up(name: string): void | Promise<void>;
  /** One that is not there is no error. */
  remove(name: string): void | Promise<void>;
}

/** The kernel's word that addresses have changed. */
export interface AddressWatch {
  /** Since it was asked last, or opened. Does not wait. */
  hasChanged(): boolean;
  close(): void;
}

/**
 * What an address resource needs of the kernel. Two ways: rtnetlink and AF_PACKET, or the programs `ip` and `arping`.
 *
 * The first answers at once, before the promise machinery takes part; hence values or promises.
 *
 * All reject (or throw) with an Error whose message begins with the errno's name.
 */
export interface AddressKernel {
  read(): AddressTable | Promise<AddressTable>;
  /** An address that is there already is no error. */
  add(change: AddressChange): void | Promise<void>;
  /** An address that is not there is no error. */
  remove(change: AddressChange): void | Promise<void>;
  /** One announcement of each form: ARP request and reply, or a neighbour advertisement. */
  announce(change: AddressChange): void | Promise<void>;
  readonly links: LinkKernel;
  /** Absent where nothing tells of changes. */
  watch?(): AddressWatch;
  /** Frees what announcing keeps open; usable again afterwards. */
  close(): void;
}
