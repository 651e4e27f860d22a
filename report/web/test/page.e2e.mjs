// The page in a real Chromium: node --test page.e2e.mjs, with
//   HIES_E2E_PAGE      a report of a sweep of two runs and of examples
//   HIES_E2E_SWEEP     the sweep's folder
//   HIES_E2E_HOSTILE   a report whose texts try to be markup; "<b>hies</b>" is one of its tokens
//   HIES_E2E_LARGE     a report of 10,000 records or more
//   HIES_E2E_SITES, HIES_E2E_SITES_SWEEP  a report of heads, neurons and both, with and without a refit, and its sweep
//   HIES_E2E_OUT       a folder for screenshots
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch, ready } from "./browser.mjs";

const { HIES_E2E_PAGE: page, HIES_E2E_SWEEP: sweep, HIES_E2E_HOSTILE: hostile, HIES_E2E_LARGE: large, HIES_E2E_SITES: sites, HIES_E2E_SITES_SWEEP: sitesSweep, HIES_E2E_OUT: out } = process.env;
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const records = readFileSync(join(sweep, "records.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
let browser;

before(async () => {
  mkdirSync(out, { recursive: true });
  browser = await launch();
});
after(() => browser?.close());
// A test that failed leaves its tabs behind.
afterEach(async () => { for (const tab of (await browser.pages()).slice(1)) await tab.close(); });

// A tab that fails the test for any complaint on its console and any request that leaves the file.
async function open(file, { width = 1280, height = 900, hash = "", scheme = "light" } = {}) {
  const tab = await browser.newPage();
  tab.complaints = [];
  tab.on("console", (message) => { if (["error", "warn", "warning"].includes(message.type())) tab.complaints.push(message.text()); });
  tab.on("pageerror", (error) => tab.complaints.push(String(error)));
  tab.on("dialog", (dialog) => { tab.complaints.push(`dialog ${dialog.message()}`); void dialog.dismiss(); });
  tab.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url()) || (request.url().startsWith("file:") && !request.isNavigationRequest())) tab.complaints.push(`request ${request.url()}`); });
  await tab.setViewport({ width, height });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await tab.goto(pathToFileURL(file).href + hash);
  await ready(tab);
  return tab;
}

async function close(tab) {
  assert.deepEqual(tab.complaints, []);
  await tab.close();
}

const text = (tab, selector) => tab.$eval(selector, (one) => one.textContent);
const move = (tab, label, value) => tab.evaluate((name, to) => {
  const field = [...document.querySelectorAll(".control")].find((one) => one.querySelector("label").textContent === name).querySelector("input, select");
  field.value = to;
  field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
}, label, String(value));
const map = (tab, title) => tab.evaluate((name) => {
  const figure = [...document.querySelectorAll("#maps figure")].find((one) => one.querySelector("h3").textContent === name);
  return [...figure.querySelectorAll("[data-cell]")].map((cell) => [cell.dataset.cell, cell.getAttribute("fill"), cell.dataset.gone !== undefined]);
}, title);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const sd = (values) => Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));
const spread = (values) => (values.length > 1 ? `${mean(values).toFixed(2)} ± ${sd(values).toFixed(2)}` : mean(values).toFixed(2));
const firstRun = records[0].run, usual = JSON.parse(readFileSync(join(sweep, "sweep.json"), "utf8")).examples;
const cells = (method, alpha, ratio) => records.filter((one) => one.run === firstRun && one.method === method && one.alpha === alpha && one.ratio === ratio && one.alpha_from === null && one.examples === usual);

test("every part of the page is there and says nothing on the console", async () => {
  const tab = await open(page);
  const ids = await tab.$$eval("section", (all) => all.map((one) => one.id));
  assert.deepEqual(ids, ["summary", "maps", "curves", "alpha", "calibration", "pareto", "scatter", "bound", "tables", "compare", "examples"]);
  assert.match(await tab.title(), /^hies report: /);
  await close(tab);
});

test("heads, neurons and both are compared, and what the refit gave is shown", async () => {
  const of = readFileSync(join(sitesSweep, "records.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const layers = new Set(of.flatMap((one) => one.refitted?.sites.map((site) => site.layer) ?? [])).size;
  for (const width of [1600, 390]) {
    const tab = await open(sites, { width, height: 1000 });
    const legend = await tab.$$eval("#fronts .legend text", (all) => all.map((one) => one.textContent));
    for (const units of ["heads", "neurons", "heads + neurons"])
      for (const refit of ["no refit", "refitted"]) assert.ok(legend.includes(`${units}, ${refit}`), legend.join("; "));
    const chosen = await tab.$eval("#refit select", (one) => one.selectedOptions[0].textContent);
    const [, label, percent] = /^(.*): (\d+) % of the/.exec(chosen);
    const cells = of.filter((one) => one.refit === "all" && Math.abs(one.ratio - percent / 100) < 1e-9 &&
      one.sites === (label.includes("+") ? "attention,ffn" : label.includes("neurons") ? "ffn" : "attention"));
    const errors = (kind, layer, of) => mean(cells.map((one) => one.refitted.sites.find((site) => site.kind === kind && site.layer === layer)[of]));
    const tips = await tab.$$eval("#refit rect.bar", (all) => all.map((one) => one.dataset.tip));
    assert.equal(tips.length, 2 * layers);
    for (const kind of ["attention", "ffn"]) {
      const removed = 100 * (1 - errors(kind, layers - 1, "error_after") / errors(kind, layers - 1, "error_before"));
      assert.ok(tips.some((tip) => tip.startsWith(`layer ${layers - 1}, ${kind}`) && tip.endsWith(`${removed.toFixed(1)} % removed`)), `${removed} is not in ${tips}`);
    }
    assert.match(await text(tab, "#refit .said"), /Divergence .* before, .* after\. Stability .* without, .* with the refit; accuracy/);
    // The bars of the map follow the plan that is chosen.
    const parts = () => tab.$$eval("#maps [data-neurons]", (all) => all.map((one) => Number(one.dataset.neurons.split(":")[1])));
    assert.equal((await parts()).length, layers);
    const values = await tab.$$eval("#maps figure select option", (all) => all.map((one) => [one.value, one.textContent]));
    const [value, words] = values.find(([, one]) => one.startsWith("fisher, loss logit-norm, neurons") && one.includes(": 25 %") && !one.includes("refit"));
    await move(tab, "Plan", value);
    const plans = of.filter((one) => one.sites === "ffn" && one.refit === "none" && one.ratio === 0.25);
    const present = (plans[0].neurons + plans[0].neurons_removed) / layers;
    const kept = mean(plans.map((one) => 1 - (one.removed.ffn?.["0"] ? unitsOf(one.removed.ffn["0"]).length : 0) / present));
    assert.ok(Math.abs((await parts())[0] - kept) < 1e-9, `${await parts()} for ${words}, not ${kept}`);
    // The command says which units, budget and refit.
    assert.match(await text(tab, "#summary code"), /--preset paper --method fisher .*--matrix-flops-ratio 0\.\d+ -o /);
    for (const name of ["fronts", "refit", "maps"]) await (await tab.$(`#${name}`)).screenshot({ path: join(out, `sites-${name}-${width}.png`) });
    await close(tab);
  }
});

// The units of a list of ranges, "0,2-3".
const unitsOf = (ranges) => ranges.split(",").flatMap((range) => {
  const [first, last = first] = range.split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
});

test("numbers are those of the records", async () => {
  const tab = await open(page);
  const ratio = 0.5, quality = cells("his", null, ratio).map((one) => 100 * Object.values(one.metrics)[0]), stable = cells("his", null, ratio).map((one) => 100 * one.stability);
  assert.ok(quality.length > 1);
  const rows = await tab.$$eval("table[data-table=quality] tbody tr", (all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
  const row = rows.find((one) => Number(one[0]) === ratio && one[1] === "his");
  assert.equal(row[2], spread(quality));
  // The same in the figures' own tables.
  await tab.$$eval("#curves figure details", (all) => all.forEach((one) => { one.open = true; }));
  await tab.waitForFunction(() => document.querySelectorAll("#curves figure details table").length === 2);
  const [curve, kept] = await tab.$$eval("#curves figure details table", (all) => all.map((table) => [...table.querySelectorAll("tr")].map((one) => [...one.children].map((cell) => cell.textContent))));
  const column = curve[0].indexOf("ratio 0.5");
  assert.equal(curve.find((one) => one[0] === "his")[column], `${spread(quality)} %`);
  assert.equal(kept.find((one) => one[0] === "his")[column], `${spread(stable)} %`);
  const unpruned = records.find((one) => one.run === firstRun && one.method === "none");
  assert.ok((await text(tab, "#summary")).includes(`accuracy ${(100 * unpruned.metrics.accuracy).toFixed(2)} %`));
  await close(tab);
});

test("sliders change the maps as the planner does", async () => {
  const tab = await open(page);
  const before = { hies: await map(tab, "HIES: higher is kept"), gone: await map(tab, "Pruned by HIES"), his: await map(tab, "HIS: importance") };
  for (const [alpha, ratio] of [[0, 0.5], [1, 0.25], [0.7, 0.5]]) {
    await move(tab, "α", alpha);
    await move(tab, "Heads removed", ratio);
    const record = cells("hies", alpha, ratio).find((one) => one.seed === 0);
    const wanted = Object.entries(record.removed.attention).flatMap(([layer, ranges]) => unitsOf(ranges).map((head) => `${layer}:${head}`)).sort();
    assert.deepEqual((await map(tab, "Pruned by HIES")).filter((cell) => cell[2]).map((cell) => cell[0]).sort(), wanted);
    assert.match(await text(tab, "#maps .said"), new RegExp(`^${wanted.length} heads removed .*Measured at this`));
  }
  assert.deepEqual(await map(tab, "HIS: importance"), before.his);
  await move(tab, "α", 0.33);
  assert.match(await text(tab, "#maps .said"), /were not measured/);
  assert.notDeepEqual((await map(tab, "HIES: higher is kept")).map((cell) => cell[1]), before.hies.map((cell) => cell[1]));
  await close(tab);
});

test("the demand for stability moves the recommendation", async () => {
  const tab = await open(page);
  await move(tab, "Answers that stay the same, at least", 50);
  assert.match(await text(tab, "#summary .headline"), /Remove 50 % of the heads/);
  const command = await text(tab, "#summary code");
  assert.match(command, /^hies prune .* --ratio 0\.5 -o /);
  await move(tab, "Answers that stay the same, at least", 100);
  const strict = await text(tab, "#summary .answer");
  assert.notEqual(strict.includes(command), true);
  await close(tab);
});

test("a deep link restores the view", async () => {
  const tab = await open(page);
  await move(tab, "α", 0.15);
  await move(tab, "Heads removed", 0.42);
  await move(tab, "Table", "stability");
  await move(tab, "Run", await tab.evaluate(() => [...document.querySelectorAll("header select option")].at(-1).value));
  const link = await tab.evaluate(() => location.hash), shown = [await map(tab, "Pruned by HIES"), await text(tab, "#summary"), await text(tab, "table caption"), await tab.title()];
  assert.match(link, /alpha=0.15/);
  const other = await open(page, { hash: link });
  assert.deepEqual([await map(other, "Pruned by HIES"), await text(other, "#summary"), await text(other, "table caption"), await other.title()], shown);
  // Going back in the same tab counts, too; nonsense does no harm.
  await other.evaluate(() => { location.hash = "#alpha=7&ratio=x&run=nobody&table=none&stability=NaN&example=99"; });
  await ready(other);
  assert.match(await text(other, "#maps .said"), /heads removed/);
  await close(other);
  await close(tab);
});

test("figures and tables are saved as valid files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hies-downloads-"));
  try {
    const tab = await open(page);
    const session = await browser.target().createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    const figures = await tab.$$eval("figure", (all) => all.length);
    const saved = () => readdirSync(folder).filter((name) => !name.endsWith(".crdownload"));
    const buttons = [...await tab.$$("figure .tools button"), (await tab.$$("#tables .tools button")).at(-1)];
    for (const [i, one] of buttons.entries()) {
      // Chromium drops what a page saves more than ten times a second.
      for (let tries = 0; tries < 3 && saved().length <= i; ++tries) {
        await new Promise((done) => setTimeout(done, tries === 0 ? 150 : 2000));
        await one.evaluate((element) => element.click());
        for (let waited = 0; waited < 80 && saved().length <= i; ++waited) await new Promise((done) => setTimeout(done, 25));
      }
      assert.ok(saved().length > i, `${await one.evaluate((element) => element.title || element.textContent)} saved nothing`);
    }
    const names = saved();
    assert.equal(names.filter((name) => name.endsWith(".svg")).length, figures, names.join());
    assert.equal(names.filter((name) => name.endsWith(".png")).length, figures, names.join());
    for (const name of names.filter((one) => one.endsWith(".svg"))) {
      const svg = readFileSync(join(folder, name), "utf8");
      const problem = await tab.evaluate((source) => {
        const root = new DOMParser().parseFromString(source, "image/svg+xml");
        return root.querySelector("parsererror")?.textContent ?? (root.documentElement.localName !== "svg" || /var\(|class=/.test(source) ? "not self-contained" : "");
      }, svg);
      assert.equal(problem, "", name);
      assert.ok(svg.length > 1000, name);
    }
    for (const name of names.filter((one) => one.endsWith(".png"))) {
      const png = readFileSync(join(folder, name));
      assert.equal(png.subarray(1, 4).toString(), "PNG");
      assert.ok(png.readUInt32BE(16) >= 400 && png.readUInt32BE(20) >= 200, name);
    }
    assert.equal(readFileSync(join(folder, "quality.csv"), "utf8"), readFileSync(join(sweep, "tables/quality.csv"), "utf8"));
    await close(tab);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("tables are sorted, marked and copied", async () => {
  const tab = await open(page);
  await browser.defaultBrowserContext().overridePermissions("file://", ["clipboard-read", "clipboard-write"]).catch(() => {});
  const column = () => tab.$$eval("table[data-table=quality] tbody tr td:nth-child(3)", (all) => all.map((one) => parseFloat(one.textContent)).filter((one) => !Number.isNaN(one)));
  await tab.$eval("table[data-table=quality] th:nth-child(3) button", (one) => one.focus());
  await tab.keyboard.press("Enter");
  const down = await column();
  assert.deepEqual(down, [...down].sort((a, b) => b - a));
  assert.equal(await tab.$eval("table[data-table=quality] th:nth-child(3)", (one) => one.getAttribute("aria-sort")), "descending");
  await tab.keyboard.press("Enter");
  assert.deepEqual(await column(), [...down].reverse());
  assert.ok(await tab.$$eval("table[data-table=quality] td strong", (all) => all.length) > 0);
  assert.ok(await tab.$$eval("table[data-table=quality] td u", (all) => all.length) > 0);
  for (const [label, file] of [["Copy CSV", "quality.csv"], ["Copy Markdown", "quality.md"], ["Copy LaTeX", "quality.tex"]]) {
    const copied = await tab.evaluate(async (name) => {
      let taken = "";
      Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (what) => { taken = what; } } });
      [...document.querySelectorAll("#tables button")].find((one) => one.textContent === name).click();
      await new Promise((done) => setTimeout(done, 50));
      return taken;
    }, label);
    assert.equal(copied, readFileSync(join(sweep, "tables", file), "utf8"));
  }
  await close(tab);
});

test("the keyboard reaches heads, and says what they are", async () => {
  const tab = await open(page);
  await tab.$eval("#maps .figures", (one) => one.focus());
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await tab.keyboard.press(key);
  assert.match(await text(tab, "#map-reading"), /^layer 1, head 1; HIS .*rank \d+ of \d+ heads by HIES; (pruned|kept) by/);
  const space = await tab.$$eval("#scatter .space circle", (all) => all.map((one) => one.getAttribute("cx")).join());
  await tab.evaluate(() => [...document.querySelectorAll("#scatter .control")].find((one) => one.textContent.startsWith("Turn")).querySelector("input").focus());
  await tab.keyboard.press("ArrowRight");
  await tab.keyboard.press("ArrowRight");
  assert.notEqual(await tab.$$eval("#scatter .space circle", (all) => all.map((one) => one.getAttribute("cx")).join()), space);
  await close(tab);
});

test("the pointer gets a hint, and turns the space", async () => {
  const tab = await open(page);
  const cell = await tab.$("#maps [data-cell='2:3']");
  await cell.scrollIntoView();
  await cell.hover();
  assert.match(await text(tab, ".tip"), /^layer 2, head 3\nHIS /);
  const space = await tab.$("#scatter .turns");
  await space.scrollIntoView();
  const box = await space.boundingBox();
  await tab.mouse.move(box.x + box.width / 2, box.y + 100);
  await tab.mouse.down();
  await tab.mouse.move(box.x + box.width / 2 + 60, box.y + 130, { steps: 4 });
  await tab.mouse.up();
  assert.match(await tab.evaluate(() => location.hash), /yaw=-5\b.*pitch=35\b/);
  await close(tab);
});

test("examples show what heads look at", async () => {
  const tab = await open(page);
  const shown = () => tab.$$eval("#examples [data-weight]", (all) => all.map((one) => Number(one.dataset.weight)));
  const facts = await text(tab, "#examples .facts");
  assert.match(facts, /Unpruned model says\w+ \(logits/);
  assert.match(facts, /Pruned model says\w+ \(logits/);
  const asked = await shown(), tokens = await tab.$$eval("#examples .token", (all) => all.length);
  assert.ok(tokens > 2 && asked.length % tokens === 0);
  for (let head = 0; head < asked.length / tokens; ++head)
    assert.ok(Math.abs(asked.slice(head * tokens, (head + 1) * tokens).reduce((a, b) => a + b, 0) - 1) < 1e-3);
  await move(tab, "Weights of", "mean");
  assert.notDeepEqual(await shown(), asked);
  assert.ok((await tab.$$eval("#examples text.gone", (all) => all.length)) > 0 && (await tab.$$eval("#examples text.stays", (all) => all.length)) > 0);
  await close(tab);
});

test("images are shown under the weights of their patches", async () => {
  const tab = await open(page, { hash: "#example=2" });
  const [images, weights] = await tab.evaluate(() => [document.querySelectorAll("#examples image").length, document.querySelectorAll("#examples [data-weight]").length]);
  assert.ok(images >= 4);
  assert.equal(weights % (2 * images), 0);
  await close(tab);
});

test("measured latency is shown", async () => {
  const tab = await open(page);
  assert.equal(await tab.$$eval("#pareto figure", (all) => all.length), 3);
  // Of the grid only one alpha is measured; HIS has none.
  await move(tab, "Configuration", "his");
  assert.match(await text(tab, "#summary .answer"), /Latency[\d.]+ ms, [\d.]+× as fast/);
  await close(tab);
});

test("texts of the data stay texts", async () => {
  const tab = await open(hostile);
  assert.deepEqual(await tab.evaluate(() => [window.owned ?? null, document.querySelectorAll("#page img, #page script, #page iframe, #page b").length]), [null, 0]);
  const shown = await text(tab, "#page");
  for (const part of ["</script><img src=x onerror=window.owned=1>", "<b>hies</b>", "\u2028"]) assert.ok(shown.includes(part), part);
  await close(tab);
});

test("no other script runs, and nothing is loaded", async () => {
  const tab = await browser.newPage();
  const refused = [];
  tab.on("console", (message) => refused.push(message.text()));
  await tab.goto(pathToFileURL(page).href);
  await ready(tab);
  await tab.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.owned = 1";
    document.body.append(script);
    const image = document.createElement("img");
    image.src = "https://example.invalid/x.png";
    image.setAttribute("onerror", "window.owned = 2");
    document.body.append(image);
    fetch("https://example.invalid/").catch(() => {});
  });
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(await tab.evaluate(() => window.owned ?? null), null);
  assert.ok(refused.filter((line) => line.includes("Content Security Policy")).length >= 3, refused.join("\n"));
  await tab.close();
});

for (const [file, name, width] of [[page, "report", 390], [page, "report", 1600], [sites, "sites", 390], [sites, "sites", 1600]])
  for (const scheme of ["light", "dark"])
    test(`${name} at ${width} px in ${scheme}: no label is cut or covered, nothing sticks out, axe finds nothing serious`, async () => {
      const tab = await open(file, { width, scheme });
      await tab.screenshot({ path: join(out, `${name}-${width}-${scheme}.png`), fullPage: true });
      assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth) <= width);
      assert.deepEqual(await tab.evaluate(labelProblems), []);
      await tab.addScriptTag({ path: axe }).catch(() => {});  // the policy forbids it
      await tab.evaluate(readFileSync(axe, "utf8"));
      const found = await tab.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations
        .filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(" | ")}`));
      assert.deepEqual(found, []);
      await tab.close();
    });

// Runs in the page: labels outside their image, labels on one another, images without marks.
function labelProblems() {
  const problems = [];
  for (const svg of document.querySelectorAll(".drawing svg")) {
    const title = svg.getAttribute("aria-label"), frame = svg.getBoundingClientRect();
    const labels = [...svg.querySelectorAll("text")].filter((one) => one.textContent.trim()).map((one) => ({ text: one.textContent, box: one.getBoundingClientRect(), turned: (one.getAttribute("transform") ?? "").includes("rotate") }));
    if (svg.querySelectorAll("path, rect, circle").length === 0) problems.push(`${title} is empty`);
    for (const { text: label, box } of labels)
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) problems.push(`${title}: “${label}” is cut`);
    labels.forEach((a, i) => labels.slice(i + 1).forEach((b) => {
      if (a.turned || b.turned) return;
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left), high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (wide > 1 && high > 3) problems.push(`${title}: “${a.text}” and “${b.text}” overlap`);
    }));
  }
  return problems;
}

test("it prints", async () => {
  const tab = await open(page);
  const pdf = await tab.pdf({ format: "a4" });
  assert.ok(pdf.length > 50_000);
  await tab.emulateMediaType("print");
  assert.equal(await tab.$eval("nav", (one) => getComputedStyle(one).display), "none");
  await close(tab);
});

test("with 10,000 records it is there within a second and answers within 100 ms", async () => {
  // The machine may be busy: the least of several counts.
  const loads = [], answers = new Map();
  for (let i = 0; i < 3; ++i) {
    const tab = await browser.newPage();
    await tab.setViewport({ width: 1280, height: 900 });
    await tab.goto(pathToFileURL(large).href);
    await ready(tab);
    loads.push(await tab.evaluate(() => performance.getEntriesByType("navigation")[0].domComplete));
    const took = await tab.evaluate(() => {
      const times = {};
      for (const field of document.querySelectorAll(".control input, .control select")) {
        const name = field.closest(".control").querySelector("label").textContent, isList = field.tagName === "SELECT";
        if (name === "Run" || (isList && field.options.length < 2)) continue;
        for (let k = 0; k < 3; ++k) {
          if (isList) field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
          else field.value = String(Number(field.min) + ((k + 1) * (Number(field.max) - Number(field.min))) / 5);
          const begin = performance.now();
          field.dispatchEvent(new Event(isList ? "change" : "input", { bubbles: true }));
          document.body.getBoundingClientRect();
          times[name] = Math.min(times[name] ?? Infinity, performance.now() - begin);
        }
      }
      return times;
    });
    for (const [name, ms] of Object.entries(took)) answers.set(name, Math.min(answers.get(name) ?? Infinity, ms));
    await tab.close();
  }
  console.log(`loads ${loads.map(Math.round).join(", ")} ms; ${[...answers].map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join("; ")}`);
  assert.ok(Math.min(...loads) <= 1000, `loads in ${loads} ms`);
  for (const [name, ms] of answers) assert.ok(ms <= 100, `${name}: ${ms} ms`);
});
