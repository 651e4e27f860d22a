// Bundles the page: one HTML document, cut in two where its data goes, as a C++ file (--cpp FILE) or as text (--html FILE, which then
// has the data of --data FILE).
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

// [text, names of the packages in it]
async function bundle(entry, options) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    target: "es2021",
    write: false,
    metafile: true,
    logLevel: "warning",
    ...options,
  });
  const packages = Object.keys(result.metafile.inputs).flatMap((file) => file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
  return [result.outputFiles[0].text.trim(), [...new Set(packages)].sort()];
}

// Returns the licence texts that must accompany every copy of the packages; equal ones once.
function notices(packages) {
  const all = new Map();
  for (const name of packages) {
    const text = readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").trim();
    all.set(text, [...(all.get(text) ?? []), name]);
  }
  const listed = [...all].map(([text, names]) => `${names.join(", ")}:\n\n${text}`).join("\n\n");
  return `<!--\nThe script above holds these packages.\n\n${listed.replaceAll("--", "- -")}\n-->`;
}

const hash = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

// [before, after] the data.
export async function page() {
  // A script must not hold what ends it.
  const [bundled, packages] = await bundle("main.ts", { format: "iife" });
  const script = bundled.replaceAll("</script", "<\\/script");
  const [style] = await bundle("style.css", {});
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const before = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>hies report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript>This page draws its figures with JavaScript, which is switched off.</noscript>
<div id="page"></div>
<script type="application/json" id="report-data">`;
  const after = `</script>
<script>${script}</script>
${notices(packages)}
</body>
</html>
`;
  return [before, after];
}

function literal(text) {
  const mark = "hies_page";
  if (text.includes(`)${mark}"`)) throw new Error("the page holds the end of a raw string");
  return `R"${mark}(${text})${mark}"`;
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [before, after] = await page();
  const cpp = option("--cpp"), html = option("--html");
  if (cpp)
    write(cpp, `// Made by report/web/build.mjs.
#include "hies/report/page.h"

namespace hies::report::detail {

const std::string_view kPageBefore = ${literal(before)};
const std::string_view kPageAfter = ${literal(after)};

}  // namespace hies::report::detail
`);
  if (html) write(html, before + readFileSync(option("--data"), "utf8") + after);
  if (!cpp && !html) console.log(`${before.length + after.length} characters`);
}
