/**
 * Loaded before every test file: a warning about leaked listeners fails the run.
 *
 * A daemon's abort signal lives for months, so a listener that is not removed is a leak. An error thrown in a
 * warning handler is uncaught, and vitest counts uncaught errors and unhandled rejections as failures.
 */
const installed = Symbol.for("hale.fail-on-warnings");
const registry = globalThis as { [installed]?: true };

if (registry[installed] === undefined) {
  registry[installed] = true;
  process.on("warning", (warning) => {
    if (warning.name === "MaxListenersExceededWarning") throw warning;
  });
}
