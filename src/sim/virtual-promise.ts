type Reaction = () => void;

/**
 * A promise that calls back at once when it is settled, instead of in a later turn.
 *
 * The daemon only ever calls `then` on what ports return, so with these a whole cluster runs synchronously: no turn of the
 * event loop per disk write, and an order of events that is the simulator's alone. `await` works too, as on any thenable.
 */
export class VirtualPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "VirtualPromise";
  #outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown } | null = null;
  #reactions: Reaction[] = [];

  static resolved(): VirtualPromise<void> {
    const promise = new VirtualPromise<void>();
    promise.resolve();
    return promise;
  }

  /** A promise of `value` that has come true already. */
  static of<V>(value: V): VirtualPromise<V> {
    const promise = new VirtualPromise<V>();
    promise.resolve(value);
    return promise;
  }

  resolve(value: T): void {
    this.#settle({ ok: true, value });
  }

  reject(error: unknown): void {
    this.#settle({ ok: false, error });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this class is a promise
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const next = new VirtualPromise<A | B>();
    const adopt = (result: A | B | PromiseLike<A | B>): void => {
      if (isThenable(result))
        result.then(
          (value) => next.resolve(value),
          (error: unknown) => next.reject(error),
        );
      else next.resolve(result);
    };
    const react = (): void => {
      const outcome = this.#outcome;
      if (outcome === null) return;
      if (outcome.ok) {
        if (onValue) adopt(onValue(outcome.value));
        else next.resolve(outcome.value as unknown as A);
      } else if (onError) adopt(onError(outcome.error));
      else next.reject(outcome.error);
    };
    if (this.#outcome === null) this.#reactions.push(react);
    else react();
    return next;
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(null, onError);
  }

  finally(onEnd?: (() => void) | null): Promise<T> {
    return this.then(
      (value) => {
        onEnd?.();
        return value;
      },
      (error: unknown) => {
        onEnd?.();
        throw error;
      },
    );
  }

  #settle(outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    const reactions = this.#reactions;
    this.#reactions = [];
    for (const react of reactions) react();
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
