// oxlint-disable-next-line no-control-regex -- terminals are steered by them
const steering = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Columns that a text takes on a terminal. Names are ASCII; only texts in a last column may be wider than they count. */
export function widthOf(text: string): number {
  return text.replaceAll(steering, "").length;
}

/** Rows as aligned lines, two blanks between columns, nothing trailing. */
export function alignRows(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    // A last cell is free to be as long as it likes: it must not push the others apart.
    for (const [column, cell] of row.slice(0, -1).entries())
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : padTo(cell, widths[column] ?? 0)));
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}

function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** The line cut to the width of the terminal, colours kept and closed. */
export function cutLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let room = columns - 1;
  let cut = "";
  let at = 0;
  for (const match of line.matchAll(steering)) {
    const piece = line.slice(at, match.index).slice(0, room);
    cut += piece + match[0];
    room -= piece.length;
    at = match.index + match[0].length;
  }
  return `${cut}${line.slice(at).slice(0, room)}…\u001b[0m`;
}

/** Control characters of an agent's output must not reach the terminal: they could move the cursor or change its title. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?").replaceAll("\t", "  ");
}
