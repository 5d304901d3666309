/** Makes a lab and uses it until it is killed, saying how far it is. For `test/e2e/lab-leftovers.test.ts`. */
import { Lab } from "./lab.ts";

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
