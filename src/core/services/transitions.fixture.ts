import { parseServiceId } from "../../model/ids.ts";
import { guarded, only, Site, siteConfig } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const web = parseServiceId("web");

/** A service on n1, at rest; fence devices decide what is off. */
function running(): Site {
  return new Site(siteConfig(nodes, { web: {} }, guarded));
}

/** It is told to start on n1. */
function starting(): Site {
  const site = running().ask({ kind: "restart-service", service: web });
  site.obey();
  return site;
}

function stopping(): Site {
  return running().ask({ kind: "disable-service", service: web });
}

function stopped(): Site {
  return stopping().done();
}

/** It may run on n1 alone, and does not start there. */
function failed(domain = only("n1")): Site {
  return lonely(domain).fail("web", "start", "hard");
}

/** It is told to start where alone it may run. */
function lonely(domain = only("n1")): Site {
  const site = new Site(siteConfig(nodes, { web: { domain, enabled: false } }, guarded));
  return site.ask({ kind: "enable-service", service: web });
}

/** Its stop has failed on n1. */
function blocked(): Site {
  return stopping().fail("web", "stop");
}

function fenced(site: Site): Site {
  site.lose("n1");
  return site.off("n1");
}

/** It is new in the configuration, somebody has started it by hand, and it cannot be stopped. */
function strangerBlocked(): Site {
  const site = new Site(siteConfig(nodes, {}, guarded));
  site
    .reload(siteConfig(nodes, { web: { enabled: false } }, guarded))
    .report("n2")
    .report("n3")
    .report("n1", ["web"]);
  return site.fail("web", "stop");
}

/** How a phase is left, by the phase that follows: what is there before, and what happens. */
export const transitions: readonly (readonly [
  from: string,
  to: string,
  how: string,
  make: () => Site,
  then: (site: Site) => Site,
])[] = [
  [
    "stopped",
    "starting",
    "it is wanted, free of doubt, and a node may run it",
    stopped,
    (s) => s.ask({ kind: "enable-service", service: web }),
  ],
  [
    "stopped",
    "started",
    "all of it is found running",
    () =>
      running()
        .lose("n1")
        .off("n1")
        .ask({ kind: "disable-service", service: web })
        .done()
        .enter("n1")
        .ask({ kind: "enable-service", service: web }),
    (s) => s.report("n2").report("n3").report("n1", ["web"]),
  ],
  [
    "stopped",
    "stopping",
    "it is found running where it is not wanted",
    () => fenced(stopped()).enter("n1"),
    (s) => s.report("n1", ["web"]),
  ],
  ["stopped", "failed", "every node that may run it has failed", () => lonely(), (s) => s.fail("web", "start", "hard")],
  ["starting", "started", "its node has started it", starting, (s) => s.done()],
  ["starting", "stopped", "its start has failed, and is cleaned up", starting, (s) => s.fail("web", "start")],
  ["starting", "stopping", "it is wanted no more", starting, (s) => s.ask({ kind: "disable-service", service: web })],
  ["starting", "blocked", "its start has failed, and cannot be cleaned up", starting, (s) => s.fail("web", "stop")],
  [
    "started",
    "stopping",
    "it is wanted no more, or elsewhere",
    running,
    (s) => s.ask({ kind: "relocate-service", service: web }),
  ],
  ["started", "stopped", "its node is known to be off", running, fenced],
  [
    "started",
    "stopped",
    "its node reports that it does not run",
    () => running().vanish("n1").comeBack("n1"),
    (s) => s.report("n1"),
  ],
  ["started", "blocked", "its node could not mend it, nor stop it", running, (s) => s.fail("web", "stop")],
  ["stopping", "stopped", "its node has stopped it", stopping, (s) => s.done()],
  ["stopping", "blocked", "its stop has failed", stopping, (s) => s.fail("web", "stop")],
  ["failed", "stopped", "it is tried again", failed, (s) => s.retry("web")],
  [
    "failed",
    "stopped",
    "an operator forgets its failures",
    failed,
    (s) => s.ask({ kind: "clear-service", service: web }),
  ],
  ["failed", "stopped", "it is wanted no more", failed, (s) => s.ask({ kind: "disable-service", service: web })],
  [
    "failed",
    "starting",
    "a node that has not failed comes",
    () => failed(only("n1", "n2")).fail("web", "start", "hard"),
    (s) => s.lose("n2").join("n2"),
  ],
  ["blocked", "stopped", "its node is known to be off", blocked, fenced],
  [
    "blocked",
    "stopped",
    "its node is back, and runs nothing",
    () => blocked().vanish("n1").enter("n1"),
    (s) => s.report("n1"),
  ],
  [
    "blocked",
    "stopping",
    "what was never started there is to be stopped once more",
    strangerBlocked,
    (s) => s.ask({ kind: "disable-service", service: web }),
  ],
];
