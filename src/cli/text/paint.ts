import { styleText } from "node:util";

/** What a piece of text means, not what colour it has. */
export type Tone = "good" | "bad" | "warn" | "dim" | "strong" | "title";

/** Colours a text, or leaves it alone. */
export type Paint = (tone: Tone, text: string) => string;

const formats = {
  good: "green",
  bad: "red",
  warn: "yellow",
  dim: "dim",
  strong: "bold",
  title: ["bold", "cyan"],
} as const satisfies Record<Tone, unknown>;

/** For files, pipes and NO_COLOR. */
export const plainPaint: Paint = (_tone, text) => text;

/** For terminals. Whether there is one was decided before; styleText must not look again. */
export const colourPaint: Paint = (tone, text) => {
  const format = formats[tone];
  return text === ""
    ? ""
    : styleText(typeof format === "string" ? format : [...format], text, { validateStream: false });
};
