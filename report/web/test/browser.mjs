// A real Chromium without a window.
import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const kPlaces = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const chromium = process.env.HIES_CHROMIUM ?? kPlaces.find((place) => existsSync(place));

export const launch = () =>
  puppeteer.launch({ executablePath: chromium, headless: true, protocolTimeout: 60_000, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"] });

// Every figure is drawn, and the frame after that.
export async function ready(tab) {
  await tab.waitForFunction(() => [...document.querySelectorAll(".drawing")].every((place) => place.querySelector("svg")), { timeout: 20_000 });
  await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}
