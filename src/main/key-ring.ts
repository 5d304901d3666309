import type { Keys } from "../wire/keys.ts";

/** The keys of this daemon as they are now, and everybody who signs or believes with them. */
export class KeyRing {
  readonly #followers: ((keys: Keys) => void)[] = [];
  #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  get keys(): Keys {
    return this.#keys;
  }

  /** Calls back with each change, for the rest of the daemon's life. */
  follow(follower: (keys: Keys) => void): void {
    this.#followers.push(follower);
  }

  /** @returns what has changed, for people; null when nothing has */
  replace(keys: Keys): string | null {
    const before = this.#keys;
    const numbers = [...keys.byNumber.keys()].sort((a, b) => a - b);
    const isSame =
      before.signWith === keys.signWith &&
      before.byNumber.size === keys.byNumber.size &&
      numbers.every((number) => isEqual(before, keys, number));
    if (isSame) return null;
    this.#keys = keys;
    for (const follower of this.#followers) follower(keys);
    return `keys of this node in use: signs with ${keys.signWith}, believes ${numbers.join(", ")}`;
  }
}

function isEqual(before: Keys, now: Keys, number: number): boolean {
  const [old, key] = [before.byNumber.get(number), now.byNumber.get(number)];
  return old !== undefined && key !== undefined && old.equals(key);
}
