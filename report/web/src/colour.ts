// Colours that people with any colour vision can tell apart: Okabe and Ito's for kinds, cividis for amounts.
import { interpolateCividis } from "d3-scale-chromatic";

const kFamilies: Record<string, string> = {
  hies: "#D55E00", "hies-logit": "#E69F00", his: "#0072B2", ad: "#CC79A7", l2: "#009E73", "l2-out": "#56B4E9",
  "l2-out+ae": "#E69F00", "his+second-order": "#8C6BB1", random: "#7F8790",
};
const kOthers = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F8790"];

export const familyColour = (method: string): string => kFamilies[method] ?? kOthers[[...method].length % kOthers.length]!;
export const kindColour = (index: number): string => kOthers[index % kOthers.length]!;

// 0 … 1, dark to light.
export const amount = (share: number): string => interpolateCividis(Math.max(0, Math.min(1, share)));

export const kRemoved = "#D55E00", kOtherRemoved = "#0072B2", kBothRemoved = "#6B7280";
