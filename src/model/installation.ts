import type { Entry } from "./entry.ts";
import type { NodeId } from "./ids.ts";
import type { Member, ViewId } from "./view.ts";

/** A view with the log it begins with: what a proposer sends to each member, and what the member writes in one switch. */
export interface Installation {
  readonly view: ViewId;
  readonly members: readonly Member[];
  /** Length of the log after installation; its last entry is the view's own. */
  readonly base: number;
  readonly committed: number;
  /** Voters of the founding electorate, which no entry says. */
  readonly founding: readonly NodeId[];
  /** Replace everything from this index on. */
  readonly from: number;
  readonly entries: readonly Entry[];
}
