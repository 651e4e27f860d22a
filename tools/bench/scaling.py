"""How the time of a sweep grows with masks, rows and layers."""

import shutil

from works import take_rows

MASKS, ROWS, LAYERS = (8, 16, 32, 64), (16, 32, 64, 128), (3, 6, 12)
BASE = {"masks": 16, "rows": 32, "layers": 6}
REPEATS = 2


def sweep(hies, work, folder, masks, rows, layers):
    """Returns the time of the fastest of REPEATS runs, less that of the same sweep with one mask on one row."""
    model = work.model if layers == BASE["layers"] else folder / f"layers-{layers}"

    def run(masks, rows):
        data = folder / f"dev-{rows}.tsv"
        take_rows(work.data, rows, data)
        output = folder / "scaling"
        shutil.rmtree(output, ignore_errors=True)
        done = hies.run("sweep", model, "--task", work.task, "--calib", work.calib, "--data", data, "-o", output, "--methods", "random",
                        "--random-masks", masks, "--ratios", 0.3, "--seeds", 1)
        return done.seconds, done.json()["runs"][0]["data"]["tokens"]

    start = min(run(1, 1)[0] for _ in range(REPEATS))
    runs = [run(masks, rows) for _ in range(REPEATS)]
    return {"masks": masks, "rows": rows, "layers": layers, "tokens": runs[0][1], "seconds": min(seconds for seconds, _ in runs) - start}


def measure(hies, reference, work, folder):
    for layers in LAYERS:
        if layers != BASE["layers"]:
            reference("with_layers", model=work.model, layers=layers, output=folder / f"layers-{layers}")
    return {kind: [sweep(hies, work, folder, **{**BASE, kind: value}) for value in values]
            for kind, values in (("masks", MASKS), ("rows", ROWS), ("layers", LAYERS))}
