import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ResourceConfig } from "../../src/model/cluster-config.ts";
import type { ServiceId } from "../../src/model/ids.ts";
import type { DeathHint, Operation, OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, type InstantMs, instantMs, never } from "../../src/model/units.ts";
import type { ResourceAgent } from "../../src/ports/resource-agent.ts";

/** What the suite needs of an agent under test. A new one per test, with its resource stopped. */
export interface ResourceAgentHarness {
  readonly agent: ResourceAgent;
  /** A resource that this node can run. */
  readonly resource: ResourceConfig;
  /** A resource of another kind. */
  readonly foreign: ResourceConfig;
  /** The clock of the agent reads this from now on. */
  setNow(now: InstantMs): void;
  /** It puts back by itself what is ended behind its back. Default (absent): its next monitor says that it does not run. */
  readonly mends?: true;
  /** Looked at from outside, not through the agent. */
  isRunning(): boolean | Promise<boolean>;
  /** Ends the resource behind the agent's back. */
  kill(): void | Promise<void>;
  /** The agent tells of a death at once. Absent: it cannot here, and only monitors find it. */
  readonly tellsDeaths?: boolean;
  /** An agent that knows nothing of what the first has done: that of the next daemon. */
  readonly successor?: () => ResourceAgent;
  /** The resource, changed so that the action never ends. Absent where nothing can hang. */
  readonly hanging?: (action: OperationAction) => ResourceConfig | undefined;
  /** The resource, changed so that the action fails. */
  readonly failing?: (action: OperationAction) => ResourceConfig | undefined;
  close(): void | Promise<void>;
}

let operations = 0;

/** An operation as the core would ask for it. */
export function operation(resource: ResourceConfig, action: OperationAction, more: Partial<Operation> = {}): Operation {
  operations += 1;
  const service = resource.id.split("/", 1)[0] as ServiceId;
  return { id: operations, service, resource, action, timeoutMs: durationMs(20_000), notAfter: never, ...more };
}

/** Holds an adapter, real or fake, to the port `ResourceAgent`. */
export function resourceAgentContract(
  name: string,
  open: () => ResourceAgentHarness | Promise<ResourceAgentHarness>,
): void {
  describe(`ResourceAgent: ${name}`, () => {
    let harness: ResourceAgentHarness;
    const neverAborted = new AbortController().signal;

    beforeEach(async () => {
      harness = await open();
    });

    afterEach(async () => {
      await run("stop");
      await harness.agent.close();
      await harness.close();
    });

    async function run(
      action: OperationAction,
      more: Partial<Operation> = {},
      signal = neverAborted,
    ): Promise<OperationOutcome> {
      const outcome = await harness.agent.run(operation(harness.resource, action, more), signal);
      expect(outcome.reason).not.toMatch(/\n/);
      expect(outcome.reason).not.toBe("");
      expect(Buffer.byteLength(outcome.output)).toBeLessThanOrEqual(4096);
      expect(outcome.durationMs).toBeGreaterThanOrEqual(0);
      return outcome;
    }

    function listen(agent: ResourceAgent): { readonly told: DeathHint[]; readonly next: () => Promise<DeathHint> } {
      const told: DeathHint[] = [];
      let heard: (hint: DeathHint) => void = () => undefined;
      agent.onDeath?.((hint) => {
        told.push(hint);
        heard(hint);
      });
      const next = async (): Promise<DeathHint> =>
        new Promise((resolve) => {
          heard = resolve;
        });
      return { told, next };
    }

    async function statusOf(action: OperationAction): Promise<OperationOutcome["status"]> {
      return (await run(action)).status;
    }

    test("a probe finds a stopped resource not running", async () => {
      expect(await run("monitor")).toMatchObject({ status: "not-running" });
    });

    test("start, monitor, stop, monitor", async () => {
      expect(await run("start")).toMatchObject({ status: "ok", severity: "none" });
      expect(await harness.isRunning()).toBe(true);
      expect(await run("monitor")).toMatchObject({ status: "ok", severity: "none" });
      expect(await run("stop")).toMatchObject({ status: "ok", severity: "none" });
      expect(await harness.isRunning()).toBe(false);
      expect(await statusOf("monitor")).toBe("not-running");
    });

    test("starting what runs and stopping what is stopped is fine", async () => {
      expect(await statusOf("start")).toBe("ok");
      expect(await statusOf("start")).toBe("ok");
      expect(await harness.isRunning()).toBe(true);
      expect(await statusOf("stop")).toBe("ok");
      expect(await statusOf("stop")).toBe("ok");
      expect(await harness.isRunning()).toBe(false);
    });

    test("a resource that died is not ok, can be stopped and started again", async () => {
      await run("start");
      await harness.kill();
      const expected = harness.mends === true ? ["ok"] : ["not-running", "failed"];
      expect(expected).toContain(await statusOf("monitor"));
      expect(await statusOf("stop")).toBe("ok");
      expect(await statusOf("start")).toBe("ok");
      expect(await harness.isRunning()).toBe(true);
    });

    test("[SVC-32] a death is told at once, once, and of what runs only", async () => {
      if (harness.tellsDeaths !== true) return;
      const { told, next } = listen(harness.agent);
      await run("start");
      await run("monitor");
      const first = next();
      await harness.kill();
      expect((await first).resource).toBe(harness.resource.id);
      expect((await first).what).toMatch(/^process \d+/);
      expect(await statusOf("stop")).toBe("ok");
      // Who is stopped on purpose has not died.
      await run("start");
      await run("stop");
      await run("monitor");
      expect(told).toHaveLength(1);
    });

    test("[SVC-32] the next daemon is told of the death of what it found running", async () => {
      const successor = harness.successor?.();
      if (successor === undefined) return;
      await run("start");
      const { next } = listen(successor);
      await successor.run(operation(harness.resource, "monitor"), neverAborted);
      const first = next();
      await harness.kill();
      expect((await first).resource).toBe(harness.resource.id);
      await successor.close();
    });

    test("a start at or after the end of the lease does nothing", async () => {
      harness.setNow(instantMs(1000));
      expect(await run("start", { notAfter: instantMs(1000) })).toMatchObject({ status: "refused", severity: "none" });
      expect(await harness.isRunning()).toBe(false);
      expect((await run("start", { notAfter: instantMs(1001) })).status).toBe("ok");
    });

    test("a lease does not hold a stop or a monitor", async () => {
      await run("start");
      harness.setNow(instantMs(1000));
      expect((await run("monitor", { notAfter: instantMs(1) })).status).toBe("ok");
      expect((await run("stop", { notAfter: instantMs(1) })).status).toBe("ok");
    });

    test("an operation aborted beforehand does nothing", async () => {
      expect(await run("start", {}, AbortSignal.abort())).toMatchObject({ status: "failed" });
      expect(await harness.isRunning()).toBe(false);
    });

    test("a resource of another kind is a failure for every node, not an exception", async () => {
      const outcome = await harness.agent.run(operation(harness.foreign, "monitor"), neverAborted);
      expect(outcome).toMatchObject({ status: "failed", severity: "fatal" });
    });

    test("closing the agent leaves the resource alone", async () => {
      await run("start");
      await harness.agent.close();
      expect(await harness.isRunning()).toBe(true);
    });

    test.each(["start", "stop", "monitor"] as const)(
      "a %s that hangs is timed out, or ended by abort",
      async (action) => {
        const resource = harness.hanging?.(action);
        if (resource === undefined) return;
        const started = Date.now();
        expect(await run(action, { resource, timeoutMs: durationMs(200) })).toMatchObject({ status: "timed-out" });
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 100);
        expect(await run(action, { resource }, controller.signal)).toMatchObject({ status: "failed" });
        expect(Date.now() - started).toBeLessThan(5000);
      },
    );

    test.each(["start", "stop", "monitor"] as const)("a %s that fails is failed, with a severity", async (action) => {
      const resource = harness.failing?.(action);
      if (resource === undefined) return;
      const outcome = await run(action, { resource });
      expect(outcome).toMatchObject({ status: "failed" });
      expect(outcome.severity).not.toBe("none");
    });
  });
}
