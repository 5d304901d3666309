import { besideOn } from "../../core/placement/clones.ts";
import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Bench, Checker } from "./checker.ts";
import { avoids, isApart, relatedTo } from "./relations.ts";

/**
 * LIVE-1: once faults are over, every enabled service that some node may run is started, on the best node where it goes back. What an operator
 * has stopped is not started, and what is frozen is as it is.
 */
export function recoveryChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  const { wishes } = truth;
  const all = (): number => truth.entries.length;
  const mayRun = (node: NodeId, service: ServiceConfig): boolean => {
    const { hasDaemon, isPaused } = truth.of(node);
    const isInDomain = !service.domain.restricted || service.domain.nodes.includes(node);
    const isGiven = !wishes.isStandby(node, all()) && !wishes.isNodeFrozen(node, all());
    return hasDaemon && !isPaused && isInDomain && isGiven && isBeside(node, service);
  };
  const isBeside = (node: NodeId, service: ServiceConfig): boolean =>
    besideOn(service, node).every((id) => {
      const instance = truth.service(id);
      return instance !== undefined && truth.isStarted(node, instance);
    });
  const isFull = ({ instance }: ServiceConfig): boolean => {
    const others = config.services.filter((other) => instance !== undefined && other.instance?.of === instance.of);
    const count = others.filter((other) => truth.activeNodes(other).length > 0).length;
    return instance?.limit !== undefined && count >= instance.limit;
  };
  /** A service that it may not meet is there. */
  const isMet = (node: NodeId, service: ServiceConfig): boolean =>
    config.services.some((other) => isApart(service, other) && truth.isActive(node, other));
  /** It waits for another service, or may not be where the others are: as it is to be, when that service is as it is to be. */
  const isKept = (service: ServiceConfig, able: readonly NodeId[]): boolean => {
    const isDown = (id: string): boolean =>
      config.services.every(
        (other) => other.id !== id || !config.nodes.some((node) => truth.isStarted(node.id, other)),
      );
    const isLacking = (service.after ?? []).some((first) => first.soft !== true && isDown(first.service));
    const mates = relatedTo(config.services, service).flatMap((other) => truth.activeNodes(other));
    return (
      isLacking ||
      able.every((node) => isMet(node, service)) ||
      (isWithOthers(service) && mates.some((node) => !able.includes(node)))
    );
  };
  const isWithOthers = (service: ServiceConfig): boolean =>
    config.services.some((other) => (other.id === service.id ? (other.with ?? []).length > 0 : names(other, service)));
  /** It had better not meet another one, which may be worth more to it than the better node. */
  const isShy = (service: ServiceConfig): boolean =>
    config.services.some((other) => avoids(service, other, true) || avoids(other, service, true));
  const isPlain = (service: ServiceConfig): boolean =>
    !isWithOthers(service) &&
    !isShy(service) &&
    service.domain.failbackBetween === undefined &&
    service.domain.stickiness === undefined;
  return {
    onQuiet(): void {
      if (wishes.isClusterStopping(all())) return;
      for (const service of config.services) {
        if (wishes.isFrozen(service.id, all()) || wishes.isAwaiting(service.id, all())) continue;
        const able = config.nodes.map((node) => node.id).filter((node) => mayRun(node, service));
        if (able.length === 0) continue;
        const started = able.filter((node) => truth.isStarted(node, service));
        const isStopped = wishes.isStopped(service.id, all());
        if (isStopped || !wishes.isEnabled(service.id, all())) {
          const unwanted = isStopped ? "stopped by an operator" : "disabled";
          if (truth.activeNodes(service).length > 0)
            bench.report("LIVE-1", `service ${service.id} is ${unwanted}, but active`);
        } else if (started.length === 0) {
          if (!isKept(service, able) && !isFull(service))
            bench.report("LIVE-1", `service ${service.id} is not started, though ${able.join(", ")} may run it`);
        } else if (service.domain.failback && service.domain.ordered && isPlain(service)) {
          const best = service.domain.nodes.find((node) => able.includes(node) && !isMet(node, service));
          if (best !== undefined && started[0] !== best) {
            bench.report("LIVE-1", `service ${service.id} is on ${started[0]}, not on the best node ${best}`);
          }
        }
      }
    },
  };
}

function names(other: ServiceConfig, service: ServiceConfig): boolean {
  return (other.with ?? []).some((relation) => relation.service === service.id);
}
