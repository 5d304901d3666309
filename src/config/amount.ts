/** What an amount looks like, for messages. */
export const amountWanted = "an amount such as 8, 512M or 16G";

const sizes: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** `16G` -> 17179869184. undefined when it is no amount, not whole, or too much to count. */
export function parseAmount(value: unknown): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)$/.exec(typeof value === "number" ? String(value) : asText(value));
  if (match === null) return undefined;
  const amount = Number(match[1]) * (sizes[match[2] ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** 17179869184 -> `16G`. */
export function formatAmount(amount: number): string {
  for (const unit of ["T", "G", "M", "K"]) {
    const size = sizes[unit] ?? 1;
    if (amount >= size && amount % size === 0) return `${amount / size}${unit}`;
  }
  return String(amount);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
