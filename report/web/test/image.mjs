// The upper part of a page as a small PNG: node test/image.mjs PAGE IMAGE
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, ready } from "./browser.mjs";

const [page, image] = process.argv.slice(2);
const browser = await launch();
try {
  const tab = await browser.newPage();
  await tab.setViewport({ width: 1180, height: 1000 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await tab.goto(`${pathToFileURL(resolve(page)).href}#ratio=0.3`);
  await ready(tab);
  const end = await tab.$eval("#maps", (one) => one.getBoundingClientRect().bottom + scrollY);
  await tab.screenshot({ path: image, clip: { x: 0, y: 0, width: 1180, height: Math.ceil(end) } });
} finally {
  await browser.close();
}
