/**
 * A scanner that is just good enough to find imports: it knows comments, strings, templates and regular expressions,
 * so that the word "import" inside one of them is never taken for the real thing.
 */

/** A word, a string literal (its text without quotes) or a single other character. */
export interface Token {
  readonly kind: "word" | "string" | "mark";
  readonly text: string;
  /** Line of its first character, from 1. */
  readonly line: number;
}

/** Words after which a slash opens a regular expression instead of dividing. */
const wordsBeforeRegex = new Set(["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "await"]);

const patterns = {
  space: /\s+/y,
  comment: /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y,
  word: /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*/uy,
  // A string ends at its line's end at the latest, so that an apostrophe in JSX text loses one line only.
  string: /"((?:[^"\\\n]|\\[^])*)"?|'((?:[^'\\\n]|\\[^])*)'?/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  templateText: /(?:[^`\\$]|\\[^]|\$(?!\{))*/y,
} as const;

/** Split TypeScript source into tokens, in order; comments, template text and regular expressions are left out. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  // One entry per open `${`: how many braces are open inside it.
  const openBraces: number[] = [];
  let at = 0;
  let line = 1;

  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null || match[0] === "") return undefined;
    at += match[0].length;
    line += match[0].split("\n").length - 1;
    return match;
  }

  /** Skip template text up to its end or to the next `${`. */
  function takeTemplate(): void {
    take(patterns.templateText);
    if (source.startsWith("${", at)) {
      openBraces.push(0);
      at += 2;
    } else {
      at += 1;
    }
  }

  /** @returns true when `mark` closed a `${` and template text goes on */
  function closesTemplate(mark: string): boolean {
    const open = openBraces.at(-1);
    if (open === undefined) return false;
    if (mark === "}" && open === 0) {
      openBraces.pop();
      return true;
    }
    if (mark === "{") openBraces[openBraces.length - 1] = open + 1;
    if (mark === "}") openBraces[openBraces.length - 1] = open - 1;
    return false;
  }

  while (at < source.length) {
    const startLine = line;
    if (take(patterns.space) || take(patterns.comment)) continue;
    if (source[at] === "/" && regexMayFollow(tokens.at(-1)) && take(patterns.regex)) continue;
    const word = take(patterns.word);
    if (word) {
      tokens.push({ kind: "word", text: word[0], line: startLine });
      continue;
    }
    const string = take(patterns.string);
    if (string) {
      tokens.push({ kind: "string", text: string[1] ?? string[2] ?? "", line: startLine });
      continue;
    }
    const mark = source.charAt(at);
    at += 1;
    if (mark === "`" || closesTemplate(mark)) takeTemplate();
    else tokens.push({ kind: "mark", text: mark, line: startLine });
  }
  return tokens;
}

function regexMayFollow(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === "word") return wordsBeforeRegex.has(previous.text);
  return previous.kind === "mark" && !")]}".includes(previous.text);
}
