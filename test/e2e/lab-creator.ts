/** Makes a lab, uses it, and waits to be killed: `lab-creator.ts`, for `lab-leftovers.test.ts`. Says how far it is. */
import { Lab } from "../../lab/lab.ts";

process.stdout.write("creating\n");
const lab = await Lab.create({ hosts: ["n1", "n2"], boot: () => [["sleep", "1000"]] });
process.stdout.write("created\n");
await lab.host("n1").pause();
for (;;) {
  await lab.host("n2").powerOff();
  await lab.cut([["n1"], ["n2"]]);
  await lab.host("n2").powerOn();
  process.stdout.write("used\n");
}
