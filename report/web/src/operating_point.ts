// As src/hies/report/operating_point.cpp chooses, for any threshold.
import type { Point, Run, Series } from "./data.ts";

export interface OperatingPoint { series: Series; point: Point }

function lastStable(series: Series, stability: number): Point | null {
  let last: Point | null = null;
  for (const point of series.points) {
    if (!((point.stability?.[0] ?? 0) >= stability)) break;
    last = point;
  }
  return last;
}

// `label`: of the only series that counts; empty: the best of all.
export function operatingPoint(run: Run, stability: number, label = ""): OperatingPoint | null {
  const sign = run.quality && !run.quality.higher_is_better ? -1 : 1;
  const key = (point: Point) => [run.mixed ? point.removed[2] : point.ratio, sign * (point.quality?.[0] ?? 0), point.stability?.[0] ?? 0];
  const beats = (a: Point, b: Point) => {
    const x = key(a), y = key(b);
    for (let i = 0; i < x.length; ++i) if (x[i] !== y[i]) return x[i]! > y[i]!;
    return false;
  };
  let best: OperatingPoint | null = null;
  for (const series of run.series) {
    if (series.drawn || series.examples !== null || (label && series.label !== label)) continue;
    const point = lastStable(series, stability);
    if (point && (!best || beats(point, best.point))) best = { series, point };
  }
  return best;
}

// A word as a POSIX shell would take it back (src/hies/report/prune_command.cpp).
export function shellWord(word: string): string {
  return /^[A-Za-z0-9\-_./=,:+@%]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const pruneCommand = (run: Run, { series, point }: OperatingPoint): string =>
  `${series.command} ${series.budget_flags.map((flag) => `${flag} ${point.ratio}`).join(" ")} -o ${shellWord(`${run.name}-${point.ratio}`)}`;
