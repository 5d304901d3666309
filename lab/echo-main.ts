/**
 * A service that needs nothing but an address: `echo-main.ts PORT [ADDRESS...]`.
 *
 * Answers each UDP datagram with "HOST DATAGRAM" and each line of a TCP connection likewise, from the address that was
 * asked. Listens on every address, and on the given ones even while the host does not have them: a socket on 0.0.0.0
 * would answer a datagram for a virtual address from the host's own, which no client takes for an answer.
 */
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";

const [portText = "", ...addresses] = process.argv.slice(2);
const port = Number(portText);
const name = hostname();
const nonlocalBind = "/proc/sys/net/ipv4/ip_nonlocal_bind";

createServer((socket) => {
  socket.on("data", (text) => socket.write(`${name} ${text.toString()}`));
  socket.on("error", () => {}); // A client that went away is not our trouble.
}).listen(port);

const before = readFileSync(nonlocalBind, "utf8");
writeFileSync(nonlocalBind, "1");
await Promise.all(["0.0.0.0", ...addresses].map(listen));
writeFileSync(nonlocalBind, before);
process.stdout.write("ready\n");

async function listen(address: string): Promise<void> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (message, from) => socket.send(`${name} ${message.toString()}`, from.port, from.address));
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, () => {
      socket.off("error", reject).on("error", () => {}); // The address may come and go.
      resolve();
    });
  });
}
