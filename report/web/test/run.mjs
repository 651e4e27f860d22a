// Bundles the tests of the modules and runs them: node test/run.mjs [FILE.test.ts…]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const asked = process.argv.slice(2).map((file) => resolve(file));
const tests = asked.length ? asked : readdirSync(here).filter((name) => name.endsWith(".test.ts")).map((name) => join(here, name));
const folder = mkdtempSync(join(tmpdir(), "hies-web-"));
let status = 1;
try {
  await build({ entryPoints: tests, bundle: true, platform: "node", format: "esm", outdir: folder, outExtension: { ".js": ".mjs" }, logLevel: "warning" });
  status = spawnSync(process.execPath, ["--test", folder], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(status);
