// Run by node: llama.cpp, as the package node-llama-cpp of HIES_NODE_CLIENTS has it, runs GGUF files. Reads {"models": paths, "context": tokens, "ids": token ids
// of texts, "texts", "output": path} from standard input, and writes {"release", "results": {path: {"rows": for each text and token [top token, log-probability
// of the next token], "tokens": of each of `texts`}}}. Keys and values are kept in float32, so that only the weights' type matters.
import fs from "node:fs";
import path from "node:path";
import {pathToFileURL} from "node:url";

const library = path.join(process.env.HIES_NODE_CLIENTS, "node_modules/node-llama-cpp/dist/index.js");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(library).href);
const request = JSON.parse(fs.readFileSync(0, "utf8"));
const llama = await getLlama({gpu: false, build: "never", maxThreads: 1, logLevel: LlamaLogLevel.error, progressLogs: false});

function measured(logits, next) {
  let greatest = -Infinity, top = -1, sum = 0;
  for (const [id, value] of logits) if (value > greatest) [greatest, top] = [value, id];
  for (const value of logits.values()) sum += Math.exp(value - greatest);
  return [top, next === undefined ? null : logits.get(next) - greatest - Math.log(sum)];
}

const results = {};
for (const modelPath of request.models) {
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  const context = await model.createContext({contextSize: request.context, batchSize: request.context, threads: 1, flashAttention: false,
                                             experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"});
  const sequence = context.getSequence();
  const rows = [];
  for (const ids of request.ids) {
    await sequence.clearHistory();
    const got = await sequence.controlledEvaluate(ids.map((id) => [id, {generateNext: {logits: true}}]));
    rows.push(ids.map((_, at) => measured(got[at].next.logits, ids[at + 1])));
  }
  results[modelPath] = {rows, tokens: (request.texts ?? []).map((text) => [...model.tokenize(text, false)])};
  await context.dispose();
  await model.dispose();
}
fs.writeFileSync(request.output, JSON.stringify({release: llama.llamaCppRelease.release, results}));
process.exit(0);
