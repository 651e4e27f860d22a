"""bench/results/cpu.json → the tables in docs/performance.md."""

from statistics import median

from limit import EXPLANATION

BEGIN, END = "<!-- `make bench` writes from here -->", "<!-- to here -->"
MODES = ("batch 1", "padded 32", "sorted 64", "batch 8")
HEADS_ONLY = "batch 1, heads only"


def cells(*values):
    return "| " + " | ".join(values) + " |"


def spread(values, unit):
    return f"{median(values):.2f}{unit}" + (f" ({min(values):.2f}–{max(values):.2f})" if len(values) > 1 else "")


def ratios(work, mode):
    return [pair[mode] / pair["hies"] for pair in work["pairs"]]


def of_run(pair):
    return pair["hies"] - pair.get("start-up", 0)


def limit_seconds(work, machine):
    return work["flops"] / machine["peak_gflops"][work["dtype"]] / 1e9


def row(work, machine):
    pairs = work["pairs"]
    modes = [f"{median(pair[mode] for pair in pairs):.2f}" if mode in pairs[0] else "–" for mode in MODES]
    times = [spread(ratios(work, mode), "×") if mode in pairs[0] else "–" for mode in MODES]
    hies, run = median(pair["hies"] for pair in pairs), median(map(of_run, pairs))
    limit, share = "–", "–"
    if "flops" in work:
        seconds = limit_seconds(work, machine)
        limit, share = f"{seconds:.2f}", f"{100 * seconds / run:.0f} %"
    of_it = f"{run:.2f}" if "start-up" in pairs[0] else "–"
    return cells(work["name"], *modes, f"{hies:.2f}", of_it, *times, limit, share)


def speed(result):
    machine = result["machine"]
    yield cells("seconds", *(f"HF, {mode}" for mode in MODES), "`hies`, whole process", "of it running", *(f"× {mode}" for mode in MODES), "limit",
                "share of it")
    yield "|---|" + "---|" * (4 + 2 * len(MODES))
    for work in result["works"].values():
        yield row(work, machine)


def facts(result):
    machine, versions, works = result["machine"], result["versions"], result["works"]
    peak, load = machine["peak_gflops"], machine["load"]
    yield (f"{machine['cpu']}, {versions['threads']} threads, {result['date']}; hies {versions['hies']}, transformers "
           f"{versions['transformers']}, torch {versions['torch']}. Medians of {result['pairs']} pairs, both alternating; ratios, with "
           "their range, are of whole processes of `hies`, from launch to exit. Hugging Face's times are tokenising and computing in a "
           f"process that runs already, its model loaded; importing it takes another {versions['import_seconds']:.1f} s. Processes that "
           f"wanted to run on the machine before and after: {load[0]:.1f}, {load[1]:.1f}.")
    yield ""
    yield (f"Peak in the same run, of a product of 2048 × 2048 matrices: {peak['float32']:.0f} GFLOP/s float32, {peak['bfloat16']:.0f} "
           f"bfloat16. {EXPLANATION} Share: the limit by the time of running.")
    yield ""
    starts = [pair["start-up"] for work in works.values() for pair in work["pairs"] if "start-up" in pair]
    if starts:
        yield f"* Start-up, from launch until one row is computed and the process has ended: {spread(starts, ' s')}."
    exact = [work["error"] for work in works.values() if work["dtype"] == "float32"]
    if exact:
        yield f"* In float32 the logits, scores and losses of both differ by at most {max(exact):.1g} of the largest value."
    for work in works.values():
        if "agreement" in work:
            yield agreement(work)
        if "cells" in work:
            yield sweep(work)
        if HEADS_ONLY in work["pairs"][0]:
            yield (f"* {work['name']}: batch 1 is the published recipe, whose `loss.backward()` gives every weight a gradient; asked for those of "
                   f"heads alone, it takes {median(pair[HEADS_ONLY] for pair in work['pairs']):.2f} s: {spread(ratios(work, HEADS_ONLY), '×')}.")
    if "memory" in result:
        memory = result["memory"]
        yield (f"* Scoring minilm-sst2 with {memory['examples']} examples needs {memory['peak_bytes'] / 2**20:.0f} MiB of memory at most, "
               f"{memory['weight_bytes'] / 2**20:.0f} MiB of it for weights in float32 (goal: weights + 300 MiB).")


def agreement(work):
    shares = {side: 100 * share for side, share in work["agreement"].items()}
    others = ", ".join(f"{side} {share:.2f} %" for side, share in shares.items() if side != "hies")
    goal = "padded 32" if "padded 32" in shares else "sorted 64"
    reached = shares["hies"] >= shares[goal] - 0.1
    return (f"* {work['name']}: `hies` gives {shares['hies']:.2f} % of the rows the answer of its own float32; Hugging Face: {others}. "
            f"The goal ({goal}, less 0.1 points) is {'reached' if reached else 'missed'}.")


def sweep(work):
    layers, cell = work["layer_evaluations"], 1000 * median(work["cell_seconds"])
    return (f"* Sweep: {work['cells']} cells, {work['masks']} distinct masks, {layers['avoided']} of {layers['done'] + layers['avoided']} layer "
            f"evaluations avoided. Hugging Face's time is extrapolated: {work['sampled']} cells evaluated with hooks, {cell:.0f} ms each, times "
            f"{work['cells']} cells, and {work['seeds']} times the scoring of {work['examples']} examples.")


def section(title, text, *columns):
    """Yields a heading, the text below it, and the head of its table."""
    yield from ("", f"## {title}", "", text, "", cells(*columns), "|" + "---|" * len(columns))


def scaling(result):
    if not result.get("scaling"):
        return
    yield from section(
        "How the time of a sweep grows",
        "`hies sweep --methods random` on minilm-sst2 (copies of it with other numbers of layers), one ratio of 0.3: the faster of two runs, "
        "less what one mask on one row takes. Growth: against the row above.",
        "what grows", "masks", "rows (tokens)", "layers", "seconds", "ms per mask, 1,000 tokens and layer", "growth of work", "of time")
    for kind, points in result["scaling"].items():
        before = None
        for point in points:
            unit = 1000 * point["seconds"] / (point["masks"] * point["tokens"] / 1000 * point["layers"])
            grown = ("–", "–")
            if before:
                work = [p["masks"] * p["tokens"] * p["layers"] for p in (point, before)]
                grown = (f"{work[0] / work[1]:.2f}×", f"{point['seconds'] / before['seconds']:.2f}×")
            yield cells(kind, str(point["masks"]), f"{point['rows']} ({point['tokens']})", str(point["layers"]), f"{point['seconds']:.2f}",
                        f"{unit:.2f}", *grown)
            before = point


def kernels(result):
    if "kernels" not in result:
        return
    yield from section(
        "Attention alone",
        "`hies bench kernels`: GFLOP/s in float32, 12 heads, beside matmul, softmax, matmul in torch (backward: from kept probabilities, without "
        "autograd); answers compared with float64 first.",
        "head size", "tokens", "forward", "torch", "ratio", "backward", "torch", "ratio")
    passes = {(each["head_dim"], each["tokens"], each["pass"]): each for each in result["kernels"]["results"]}
    for head_dim, tokens in sorted({key[:2] for key in passes}):
        measurements = []
        for which in ("forward", "backward"):
            each = passes[head_dim, tokens, which]
            measurements += [f"{each['hies']['gflops']:.0f}", f"{each['torch']['gflops']:.0f}", f"{each['ratio']:.1f}×"]
        yield cells(str(head_dim), str(tokens), *measurements)


def render(result):
    return "\n".join([*speed(result), "", *facts(result), *scaling(result), *kernels(result)]) + "\n"


def put(page, result):
    """Returns the page with the tables between the two markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{render(result)}\n{END}{after}"
