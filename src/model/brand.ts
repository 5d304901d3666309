declare const brand: unique symbol;

/** A primitive that only its parser can make, so that a node's name is never taken for a service's. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
