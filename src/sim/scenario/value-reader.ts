import { parseDuration, durationWanted } from "../../config/duration.ts";
import type { Path } from "../../config/config-error.ts";
import { describeValue } from "../../config/config-error.ts";

/** Something wrong at a place in the file. */
export interface Mistake {
  readonly path: Path;
  readonly text: string;
}

/** A value of the file and the way to it. Every reader reports what is wrong and returns undefined, so that all errors come at once. */
export class ValueReader {
  readonly value: unknown;
  readonly path: Path;
  readonly #mistakes: Mistake[];

  constructor(value: unknown, path: Path, mistakes: Mistake[]) {
    this.value = value;
    this.path = path;
    this.#mistakes = mistakes;
  }

  get isMissing(): boolean {
    return this.value === undefined || this.value === null;
  }

  wrong(text: string): undefined {
    this.#mistakes.push({ path: this.path, text });
    return undefined;
  }

  wanted(what: string): undefined {
    return this.wrong(`found ${describeValue(this.value)}, wanted ${what}`);
  }

  /** The value under a key; missing when this is no mapping. */
  at(key: string): ValueReader {
    const inner = this.mapping()?.[key];
    return new ValueReader(inner, [...this.path, key], this.#mistakes);
  }

  /** Keys in file order, none when this is no mapping. */
  keys(): readonly string[] {
    return Object.keys(this.mapping() ?? {});
  }

  /** Reports keys that mean nothing here. */
  onlyKeys(allowed: readonly string[]): void {
    for (const key of this.keys()) {
      if (!allowed.includes(key)) this.at(key).wrong(`found key ${JSON.stringify(key)}, wanted ${allowed.join(", ")}`);
    }
  }

  isMapping(): boolean {
    return this.mapping() !== undefined;
  }

  /** Reports what is not a list. */
  list(what: string): readonly ValueReader[] {
    if (!Array.isArray(this.value)) {
      this.wanted(what);
      return [];
    }
    return this.value.map((item: unknown, index) => new ValueReader(item, [...this.path, index], this.#mistakes));
  }

  text(what: string): string | undefined {
    if (typeof this.value === "string" && this.value !== "") return this.value;
    if (typeof this.value === "number") return String(this.value);
    return this.wanted(what);
  }

  oneOf<T extends string>(allowed: readonly T[]): T | undefined {
    const found = allowed.find((each) => each === this.value);
    return found ?? this.wanted(allowed.join(" or "));
  }

  truth(): boolean | undefined {
    return typeof this.value === "boolean" ? this.value : this.wanted("true or false");
  }

  number(low: number, high: number): number | undefined {
    const isIn = typeof this.value === "number" && this.value >= low && this.value <= high;
    return isIn ? this.value : this.wanted(`a number from ${low} to ${high}`);
  }

  integer(low: number, high: number): number | undefined {
    const isIn = Number.isInteger(this.value) && (this.value as number) >= low && (this.value as number) <= high;
    return isIn ? (this.value as number) : this.wanted(`a whole number from ${low} to ${high}`);
  }

  durationMs(): number | undefined {
    return parseDuration(this.value) ?? this.wanted(durationWanted);
  }

  private mapping(): Readonly<Record<string, unknown>> | undefined {
    const { value } = this;
    const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMapping ? (value as Readonly<Record<string, unknown>>) : undefined;
  }
}
