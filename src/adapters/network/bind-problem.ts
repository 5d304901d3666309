const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has the port; stop it, or set another heartbeat port on every node",
  EADDRNOTAVAIL: 'this machine does not have the address; give it one, or mend "addresses"',
  EACCES: "not permitted; run haled as root, or choose a port above 1023",
};

/** Why an address and port could not be had, and what to do. */
export function bindProblem({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : `${code}, ${remedies[code] ?? message}`;
}
