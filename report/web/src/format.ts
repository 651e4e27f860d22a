// Numbers as people read them.
import type { Measure, Spread } from "./data.ts";

export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

// Three significant digits and a decimal prefix: "4.27 M".
export function human(value: number): string {
  for (const [size, prefix] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]] as const)
    if (Math.abs(value) >= size) return Number((value / size).toPrecision(3)) + prefix;
  return String(Number(value.toPrecision(3)));
}

export const percent = (share: number, digits = 1): string => `${fixed(100 * share, digits)} %`;

export function withUnit(text: string, unit: string): string {
  return unit ? `${text} ${unit}` : text;
}

export function measured(value: number | null | undefined, measure: Measure): string {
  return value === null || value === undefined ? "–" : withUnit(fixed(value, measure.digits), measure.unit);
}

export function spread(value: Spread | null, measure: Measure): string {
  if (!value) return "–";
  const sd = value[1] === null ? "" : ` ± ${fixed(value[1], measure.digits)}`;
  return withUnit(fixed(value[0], measure.digits) + sd, measure.unit);
}

export const kStability: Measure = { name: "stability", unit: "%", digits: 2, higher_is_better: true, is_exponential: false };

export const described = (measure: Measure): string => (measure.unit ? `${measure.name}, ${measure.unit}` : measure.name);

// Up to four significant digits, for axes and hints.
export const short = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2).replace("e-", "e−").replace(".00e", "e") : String(Number(value.toPrecision(4)));
