/** Which hosts answer an ICMP echo. */
export interface Reach {
  /**
   * Asks all of them at once, each more than once, because one packet may be lost.
   *
   * @param hosts IPv4 and IPv6 addresses, each once
   * @returns how many have answered within `timeoutMs`; sooner when all have. Rejects when nothing can be asked here at all.
   */
  count(hosts: readonly string[], timeoutMs: number): Promise<number>;
}
