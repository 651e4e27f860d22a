// Figures that the page works out itself, each with its definition.
import type { HeadTable, Point, Run, Series } from "./data.ts";
import { minMax } from "./plan.ts";

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: number[]): number => sum(values) / values.length;

export function pearson(a: number[], b: number[]): number {
  const ma = mean(a), mb = mean(b);
  let ab = 0, aa = 0, bb = 0;
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i]! - mb);
    aa += (value - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

// HIS with the sum 1 and AE by min–max over all heads (paper, App. D.1).
export function orthogonality(his: HeadTable, ae: HeadTable): { hisMean: number; aeMean: number; covariance: number; inner: number; pearson: number } {
  const raw = his.flat(), total = sum(raw), entropy = minMax(ae, false).flat();
  const importance = total > 0 ? raw.map((value) => value / total) : raw;
  const hisMean = mean(importance), aeMean = mean(entropy);
  return {
    hisMean,
    aeMean,
    covariance: mean(importance.map((value, i) => (value - hisMean) * (entropy[i]! - aeMean))),
    inner: sum(importance.map((value, i) => value * entropy[i]!)),
    pearson: pearson(importance, entropy),
  };
}

// The step of the ratio after which quality falls most more steeply than before it: the largest fall of the slope from one step to
// the next, which for equal steps is the largest negative second difference. Ratio 0 is the unpruned model.
export function sharpDrop(points: Point[], unpruned: number | null, higherIsBetter: boolean): { from: number; to: number } | null {
  const sign = higherIsBetter ? 1 : -1;
  const line = points.filter((point) => point.quality).map((point) => [point.ratio, sign * point.quality![0]] as const);
  const all = unpruned === null ? line : [[0, sign * unpruned] as const, ...line];
  if (all.length < 3) return null;
  const slope = (i: number) => (all[i + 1]![1] - all[i]![1]) / (all[i + 1]![0] - all[i]![0]);
  let worst = 0, place = -1;
  for (let i = 1; i + 1 < all.length; ++i) {
    const change = slope(i) - slope(i - 1);
    if (change < worst) {
      worst = change;
      place = i;
    }
  }
  return place < 0 ? null : { from: all[place]![0], to: all[place + 1]![0] };
}

export interface RankedAlpha { series: Series; point: Point }

// Series of one family whose alpha is of the grid, with points at the ratio: best mean quality first, of equals the smaller alpha.
export function rankedAlphas(family: Series[], ratio: number, higherIsBetter: boolean): RankedAlpha[] {
  const sign = higherIsBetter ? -1 : 1;
  return family
    .flatMap((series) => {
      const point = series.points.find((one) => one.ratio === ratio);
      return point?.quality ? [{ series, point }] : [];
    })
    .sort((a, b) => sign * (a.point.quality![0] - b.point.quality![0]) || a.series.alpha! - b.series.alpha!);
}

// Families of the run's usual series in which alpha varies.
export function alphaFamilies(run: Run): Map<string, Series[]> {
  const families = new Map<string, Series[]>();
  for (const series of run.series)
    if (series.alpha !== null && !series.alpha_chosen && series.examples === null)
      families.set(series.family, [...(families.get(series.family) ?? []), series]);
  for (const [name, list] of families) if (list.length < 2) families.delete(name);
  return families;
}
