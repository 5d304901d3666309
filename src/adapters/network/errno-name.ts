const errnoNames: Readonly<Record<number, string>> = {
  1: "EPERM",
  12: "ENOMEM",
  11: "EAGAIN",
  19: "ENODEV",
  22: "EINVAL",
  90: "EMSGSIZE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  105: "ENOBUFS",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
};

/** What errno.h calls it, where it is one that sockets give. */
export function errnoName(errno: number): string {
  return errnoNames[errno] ?? `errno ${errno}`;
}
