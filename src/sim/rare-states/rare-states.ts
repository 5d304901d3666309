/**
 * Rare states, by name: what some run of a soak must have been in. A soak that never was in one of them has shown nothing about it.
 *
 * The group's are seen in the state of a node after each step, those of the cluster in what happens to machines and services as well.
 */
export const groupRareStates = {
  "nested-view-change": "a node swears to a later view before the one it had sworn to has begun",
  "proposal-made-anew": "a member dies under a proposal, which is made anew without it at once",
  "start-during-view-change": "a life begins while others change the view",
  "held-proposal": "a proposal waits for the living view to die",
  "view-entered-again": "a node that had left its view enters it again",
  "view-given-up": "a proposal fails and is given up",
  "no-quorum": "all have answered, and they are not quorate",
  "tail-adopted": "entries that were pending when their coordinator was lost are delivered by the next view",
  "tail-dropped": "an installation replaces entries that no quorum had",
  "parts-of-an-installation": "an installation is asked for part by part",
  "joiner-installs-checkpoint": "a checkpoint is taken in during a view change",
  "blank-promises": "a lost disk takes part in a view change, its vote kept back",
  "electorate-in-flight": "a view is changed while a change of the electorate is not known to be committed",
  "lone-view": "a view of one node",
  "lease-out-in-a-view": "a member's lease runs out although its view is active",
  "race-asked": "a node asks for a fence to be quorate alone",
  "race-lost": "a node is shot while its own fence is in flight",
  "peer-returns-under-fence": "a peer is heard again while its fence is in flight",
  "witness-votes": "a view needs the vote of the witness, and gets it",
  "witness-is-lost": "a view ends and the witness is not heard",
  "coordinator-left": "a coordinator that beats, but is not active in the view, is left by a member",
  "better-centre": "a member hears all of its view and more, and proposes the larger set",
  "life-not-new": "a node learns that its disk has forgotten a later life",
} as const satisfies Readonly<Record<string, string>>;

/** As `groupRareStates`, of whole daemons. */
export const clusterRareStates = {
  "lease-out-while-stop-hangs": "the lease of a node has run out, and a stop does not come back",
  frozen: "a node without quorum keeps what runs until the race is decided",
  "start-cut-short": "a lease runs out while a service starts",
  "fence-confirmed-after-return": "a fence is confirmed when its target's next daemon runs already",
  "killed-while-fenced": "a daemon is killed while its node is being fenced",
  "fence-begun-anew": "a fence fails, and another attempt follows",
  "stop-failed": "a stop fails, and the service is blocked",
  "reset-by-watchdog": "a watchdog resets its machine",
  "self-fenced": "a lost node is taken to have been reset by its watchdog",
  "assumed-off": "a lost node counts as off by the time that has passed",
  "services-adopted": "a daemon comes back to services that run",
  "all-dark": "no node has power",
  "failed-everywhere": "a service has failed on every node that may run it, and is tried again",
  "left-cleanly": "a node leaves by an entry of its own",
  halted: "the whole cluster ends by one entry",
  "daemon-without-disk": "a daemon ends because its disk refuses to write",
  "clocks-apart": "monotonic clocks run at rates that differ by more than 0.5 %",
  "wall-clock-steps": "a wall clock is set by hours while services run",
} as const satisfies Readonly<Record<string, string>>;

/** A rare state of the group, or of a cluster. */
export type RareState = keyof typeof groupRareStates | keyof typeof clusterRareStates;

/** The rare states that one run has been in. */
export type RareStates = Set<RareState>;
