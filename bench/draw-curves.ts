/** Lines that share one pair of axes. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

const width = 300;
const height = 200;
const edge = 46;
const colours = ["#1f6feb", "#d1571b", "#2f855a"];

/** Small curves, two in a row, from zero on, as one SVG. */
export function drawCurves(title: string, xTitle: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / 2);
  const [whole, tall] = [2 * width, rows * height + 30];
  const parts = panels.map((panel, place) =>
    drawPanel(panel, xTitle, (place % 2) * width, 30 + Math.floor(place / 2) * height),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${tall}" font-family="sans-serif" font-size="11">`,
    `<rect width="${whole}" height="${tall}" fill="white"/>`,
    `<text x="${whole / 2}" y="18" text-anchor="middle" font-size="14">${title}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, lines }: Panel, xTitle: string, left: number, top: number): string {
  const points = lines.flatMap((line) => line.points);
  const [xMax, yMax] = [Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y))];
  const x = (value: number): number => Math.round(left + edge + (value / xMax) * (width - edge - 16));
  const y = (value: number): number => Math.round(top + height - 34 - (value / yMax) * (height - 62));
  const ticks = [...new Set(points.map(([value]) => value))];
  return [
    `<text x="${left + edge}" y="${top + 14}" font-weight="bold">${title}</text>`,
    `<path d="M${x(0)} ${y(yMax)}V${y(0)}H${x(xMax)}" fill="none" stroke="#666"/>`,
    `<text x="${x(0) - 4}" y="${y(yMax) + 4}" text-anchor="end">${rounded(yMax)}</text><text x="${x(0) - 4}" y="${y(0)}" text-anchor="end">0</text>`,
    ...ticks.map((tick) => `<text x="${x(tick)}" y="${y(0) + 14}" text-anchor="middle">${tick}</text>`),
    `<text x="${x(xMax)}" y="${y(0) + 27}" text-anchor="end" fill="#666">${xTitle}</text>`,
    ...lines.flatMap(({ name, points: line }, place) => {
      const colour = colours[place % colours.length] ?? "black";
      const path = line.map(([px, py]) => `${x(px)},${y(py)}`).join(" ");
      const label = `<text x="${x(0) + 8}" y="${top + 30 + 13 * place}" fill="${colour}">${name}</text>`;
      const dots = line.map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="2.5" fill="${colour}"/>`);
      return [`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`, ...dots, label];
    }),
  ].join("\n");
}

function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(2);
}
