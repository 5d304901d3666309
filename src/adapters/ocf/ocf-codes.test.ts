import { describe, expect, test } from "vitest";
import { resourceId, parseServiceId } from "../../model/ids.ts";
import { ocfVerdict } from "./ocf-codes.ts";
import { exitReason, instanceName } from "./ocf-environment.ts";

describe("[OCF-1, OCF-2] OCF exit codes", () => {
  test.each([
    ["start", 0, false, "ok", "none"],
    ["stop", 0, false, "ok", "none"],
    ["monitor", 0, false, "ok", "none"],
    ["monitor", 0, true, "ok", "none"],
    ["start", 1, false, "failed", "soft"],
    ["stop", 1, false, "failed", "soft"],
    ["monitor", 1, true, "failed", "soft"],
    ["start", 2, false, "failed", "hard"],
    ["start", 3, false, "failed", "hard"],
    ["start", 4, false, "failed", "hard"],
    ["start", 5, false, "failed", "hard"],
    ["stop", 5, false, "failed", "hard"],
    ["monitor", 5, false, "failed", "hard"],
    ["monitor", 5, true, "not-running", "hard"],
    ["start", 6, false, "failed", "fatal"],
    ["monitor", 6, true, "failed", "fatal"],
    ["monitor", 7, true, "not-running", "none"],
    ["monitor", 7, false, "not-running", "none"],
    ["start", 7, false, "failed", "soft"],
    ["stop", 7, false, "failed", "soft"],
    ["monitor", 8, false, "ok", "none"],
    ["monitor", 9, false, "failed", "soft"],
    ["monitor", 190, false, "ok", "none"],
    ["monitor", 191, false, "ok", "none"],
    ["start", 190, false, "ok", "none"],
    ["stop", 190, false, "failed", "soft"],
    ["monitor", 3, false, "ok", "none"],
    ["monitor", 3, true, "failed", "hard"],
    ["monitor", 2, false, "failed", "hard"],
    ["monitor", 4, false, "failed", "hard"],
    ["monitor", 190, true, "ok", "none"],
    ["stop", 2, false, "failed", "hard"],
    ["stop", 6, false, "failed", "fatal"],
    ["monitor", 42, false, "failed", "soft"],
  ] as const)("%s %d (probe %s) is %s, %s", (action, code, isProbe, status, severity) => {
    expect(ocfVerdict(action, code, isProbe)).toMatchObject({ status, severity });
  });
});

test.each([
  ["start", 190],
  ["monitor", 190],
  ["monitor", 191],
] as const)("%s with exit code %d is degraded", (action, code) => {
  expect(ocfVerdict(action, code, false)).toMatchObject({ status: "ok", isDegraded: true });
  expect(ocfVerdict(action, 0, false).isDegraded).toBeUndefined();
});

describe("what agents read and say", () => {
  test.each([
    ["Dummy", "web__Dummy"],
    ["heartbeat:apache", "web__heartbeat_apache"],
    ["/srv/www", "web___srv_www"],
    ["a b;c$d", "web__a_b_c_d"],
  ])("an instance name is a file name: %s", (name, expected) => {
    expect(instanceName(resourceId(parseServiceId("web"), name))).toBe(expected);
  });

  test.each([
    ["", null],
    ["noise\n", null],
    ["ocf-exit-reason:\n", null],
    ["ocf-exit-reason: no disk \nmore\n", "no disk"],
    ["ocf-exit-reason:first\nocf-exit-reason:last\n", "last"],
  ])("the exit reason of %j is %j", (output, expected) => {
    expect(exitReason(output)).toBe(expected);
  });
});
