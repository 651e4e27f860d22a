// Screenshots of a page and its parts: node test/look.mjs PAGE FOLDER [WIDTH…]
import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, ready } from "./browser.mjs";

const [page, folder, ...widths] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  for (const width of widths.length ? widths.map(Number) : [390, 1600]) {
    const tab = await browser.newPage();
    await tab.setViewport({ width, height: 1000 });
    await tab.goto(pathToFileURL(resolve(page)).href);
    await ready(tab);
    await tab.screenshot({ path: join(folder, `${basename(page, ".html")}-${width}.png`), fullPage: true });
    for (const id of await tab.$$eval("section", (all) => all.map((one) => one.id)))
      await (await tab.$(`#${id}`)).screenshot({ path: join(folder, `${basename(page, ".html")}-${width}-${id}.png`) });
    await tab.close();
  }
} finally {
  await browser.close();
}
