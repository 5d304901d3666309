/**
 * Closes a switch over a union: a new member does not compile until it is handled.
 *
 * @throws TypeError when a value from outside slipped past its parser
 */
export function unreachable(value: never): never {
  throw new TypeError(`Cannot handle ${JSON.stringify(value)}: not a member of the union`);
}
