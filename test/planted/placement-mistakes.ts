import type { TestedMistake, ToldMistake } from "./manager-mistakes.ts";
import { patch } from "./plant-mistake.ts";

// Mistakes in what operators ask of places: relations, domains, room, windows; and in what they ask to be left alone.

const after = "services/after.ts";
const settle = "services/settle.ts";
const eligibility = "services/eligibility.ts";
const plan = "services/plan.ts";
const choose = "placement/choose-owner.ts";
const relations = "placement/relations.ts";
const together = "services/together.ts";
const frozen = "services/frozen.ts";

export const toldPlacementMistakes: readonly ToldMistake[] = [
  {
    name: "a service starts before what it comes after",
    story: "dependent-waits-for-its-database",
    patches: [patch(settle, "    if (awaitedBy(draft, record).length > 0) return;\n", "")],
  },
  {
    name: "services that are kept together are placed each by itself",
    story: "relocation-takes-the-group",
    patches: [
      patch(
        together,
        "if (members.length < 2) return chooseOwner(question);",
        "if (members.length > 0) return chooseOwner(question);",
      ),
    ],
  },
  {
    name: "what must not meet is given one node when there is no other",
    story: "apart-even-on-the-last-node",
    patches: [patch(eligibility, "if (near !== undefined) against.push", "if (near?.isRemoved) against.push")],
  },
  {
    name: "a sticky service returns for the smallest advantage",
    story: "sticky-service-stays",
    patches: [patch(choose, " - (question.domain.stickiness ?? 0)", "")],
  },
  {
    name: "a service returns outside its window",
    story: "failback-waits-for-the-night",
    patches: [patch(settle, "  if (definition.domain.failbackBetween !== undefined) return;\n", "")],
  },
  {
    name: "a service is given a node without room for it",
    story: "no-room-for-all",
    patches: [patch(eligibility, "if (lack !== null) against.push(lack);", "")],
  },
  {
    name: "what a lost node had, that was leaving, is not frozen",
    story: "maintenance-leaving-node-is-lost",
    patches: [patch(frozen, "here?.isLeaving === true && isLive(here)", "here?.isLeaving === true")],
  },
  {
    name: "what dies in maintenance is started again",
    story: "maintenance-a-service-dies",
    patches: [
      patch(
        plan,
        'return frozenText(state, record) === null\n          ? [{ ...base, action: "keep"',
        'return record.attempt > 0\n          ? [{ ...base, action: "keep"',
      ),
      patch(
        "services/apply-service-result.ts",
        " && frozenText(draft, before) !== null) return;",
        " && before.attempt < 0) return;",
      ),
      patch(settle, "  if (frozenText(draft, record) !== null) return;\n", ""),
    ],
  },
  {
    name: "what is frozen is looked at",
    story: "maintenance-a-service-dies",
    patches: [
      patch(
        plan,
        'return frozenText(state, record) === null\n          ? [{ ...base, action: "keep"',
        'return record.attempt > 0\n          ? [{ ...base, action: "keep"',
      ),
    ],
  },
  {
    name: "a stop lasts when a node goes",
    story: "stop-ends-with-a-node",
    patches: [patch("services/apply-view.ts", "  if (hasChanged) endStops(draft);\n", "")],
  },
  {
    name: "a daemon that ends stops what is frozen",
    story: "daemons-are-upgraded-in-maintenance",
    patches: [
      patch(
        "manager-leaving.ts",
        "&& mayStayBehind(cluster, self)) {",
        "&& mayStayBehind(cluster, self) && work.facts.view === null) {",
      ),
    ],
  },
];

export const testedPlacementMistakes: readonly TestedMistake[] = [
  {
    name: "a node that reboots in maintenance is fenced",
    tests: "services/operators",
    patches: [
      patch(
        plan,
        "servicesInOrder(state).filter((service) => frozenText(state, service) === null)",
        "servicesInOrder(state)",
      ),
    ],
  },
  {
    name: "an exclusive service keeps away from others, and they not from it",
    tests: "services/relations",
    patches: [patch(relations, "(isAlone(one, other) || isAlone(other, one) || ", "(isAlone(one, other) || ")],
  },
  {
    name: "what others come after stops first",
    tests: "services/relations",
    patches: [patch(after, 'return !isSoft || kind === "stopping";', 'return isSoft && kind === "starting";')],
  },
  {
    name: "priorities are ignored",
    tests: "services/domains",
    patches: [patch(choose, "  if (domain.priorities !== undefined) return domain.priorities[node] ?? 0;\n", "")],
  },
  {
    name: "a soft order is waited for although nothing comes",
    tests: "services/relations",
    patches: [patch(after, "      if (soft && !isComing) return [];\n", "")],
  },
  {
    name: "soft wishes do not count",
    tests: "services/relations",
    patches: [patch(choose, "    candidate.misfits,\n", "    0,\n")],
  },
  {
    name: "a window is open all day",
    tests: "manager-failback",
    patches: [
      patch(
        "manager-failback.ts",
        "return sinceFrom < lengthMs ? 0 : dayMs - sinceFrom;",
        "return lengthMs > 0 ? 0 : dayMs - sinceFrom;",
      ),
    ],
  },
  {
    name: "what is frozen returns at its time of day",
    tests: "services/operators",
    patches: [patch("services/failback.ts", "  if (frozenText(state, record) !== null) return null;\n", "")],
  },
  {
    name: "a frozen node is given services",
    tests: "services/operators",
    patches: [patch("services/node-against.ts", "if (node.frozen) against.push(`frozen (${node.frozen.by})`);", "")],
  },
  {
    name: "nobody looks at what was frozen",
    tests: "services/operators",
    patches: [
      patch(
        frozen,
        'if (text === null && record.phase.kind === "started"',
        'if (text !== null && record.phase.kind === "stopped"',
      ),
    ],
  },
  {
    name: "a daemon leaves behind what is not frozen",
    tests: "services/operators",
    patches: [
      patch(
        frozen,
        "here.every((record) => frozenText(state, record) !== null)",
        "here.some((record) => frozenText(state, record) !== null)",
      ),
    ],
  },
  {
    name: "a fence that was ordered after the maintenance is made",
    tests: "services/operators",
    patches: [patch("services/apply-fence.ts", "  if (needReason(draft, body.target) === null) return;\n", "")],
  },
];
