"""Random-intercept logistic model on rows that do not collapse, against lme4's glmer and gpboost.

Providers with different volumes, continuous covariates, about 9 % events. Each program fits the same rows
from memory in a process of its own, on one thread; starting up and reading the rows are not counted. lme4
takes minutes at 500,000 rows, so peers have one run; ours and gpboost's times are the median of three.

    python -m benchmarks.random_intercept --rows 10000 100000 500000 --gpboost /path/to/python

A peer that is not installed is left out, and the table says so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PROVIDERS, COVARIATES = 200, 8
REPEATS = 3
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

LME4 = """
suppressMessages(library(lme4))
a <- commandArgs(TRUE); N <- as.integer(a[2]); k <- as.integer(a[3])
at <- function(name, what, n) readBin(file.path(a[1], name), what, n, size = if (what == "integer") 4 else 8)
d <- data.frame(y = at("y", "double", N), provider = factor(at("provider", "integer", N)),
                matrix(at("x", "double", N*k), N, k, dimnames = list(NULL, paste0("x", seq_len(k)))))
f <- as.formula(paste("y ~", paste0("x", seq_len(k), collapse = " + "), "+ (1 | provider)"))
control <- glmerControl(optimizer = "bobyqa", calc.derivs = FALSE)
t <- system.time(m <- glmer(f, d, binomial, nAGQ = 1, control = control))[["elapsed"]]
all <- function(x) paste(sprintf("%.12g", x), collapse = ", ")
cat(sprintf('{"seconds": %.4f, "coefficients": [%s], "tau": %s, "log_likelihood": %s, "effect": [%s]}',
  t, all(fixef(m)), all(attr(VarCorr(m)[[1]], "stddev")), all(logLik(m)), all(ranef(m)$provider[, 1])), "\\n")
"""

GPBOOST = """
import json, statistics, sys, time
import numpy as np
import gpboost
folder, rows, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
y, provider = np.fromfile(folder + "/y"), np.fromfile(folder + "/provider", dtype=np.int32)
X = np.column_stack([np.ones(rows), np.fromfile(folder + "/x").reshape(k, rows).T])
seconds = []
for _ in range(int(sys.argv[4])):
    start = time.perf_counter()
    model = gpboost.GPModel(group_data=provider, likelihood="bernoulli_logit")
    model.fit(y=y, X=X)
    seconds.append(time.perf_counter() - start)
print(json.dumps({
    "seconds": statistics.median(seconds), "coefficients": np.ravel(model.get_coef())[:k + 1].tolist(),
    "tau": float(np.sqrt(np.ravel(model.get_cov_pars())[0])),
    "log_likelihood": -float(model.get_current_neg_log_likelihood()),
}))
"""


def make(folder: Path, rows: int, seed: int) -> None:
    """Write rows that every program reads: y, provider, and the covariates one after the other."""
    rng = np.random.default_rng(seed)
    share = rng.lognormal(0, 0.6, PROVIDERS)
    provider = rng.choice(PROVIDERS, rows, p=share / share.sum()).astype(np.int32)
    effect = rng.normal(0, 0.4, PROVIDERS)
    X = rng.normal(effect[provider, None] / 4, 1, (rows, COVARIATES))
    eta = -2.8 + X @ np.linspace(-0.4, 0.5, COVARIATES) + effect[provider]
    y = (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    y.tofile(folder / "y")
    provider.tofile(folder / "provider")
    X.T.tofile(folder / "x")


def ours(folder: Path, rows: int, nodes: int) -> dict[str, Any]:
    """Fit with this project, in this process; from columns as they come out of a table to the model."""
    from threadpoolctl import threadpool_limits

    from risk_models.design import Term
    from risk_models.random_intercept import fit_random_intercept

    y, provider = np.fromfile(folder / "y"), np.fromfile(folder / "provider", dtype=np.int32)
    columns = {f"x{i}": x for i, x in enumerate(np.fromfile(folder / "x").reshape(COVARIATES, rows))}
    terms = [Term(name, "number") for name in columns]
    seconds = []
    with threadpool_limits(1):
        for _ in range(REPEATS):
            start = time.perf_counter()
            model = fit_random_intercept(
                "logistic", terms, columns,
                provider=provider, providers=PROVIDERS, n=np.ones(rows), sum_y=y, nodes=nodes,
            )  # fmt: skip
            seconds.append(time.perf_counter() - start)
    coefficients = model.coefficients.copy()
    coefficients[0] -= coefficients[1:] @ [term.centre for term in model.design.terms]
    return {
        "seconds": float(np.median(seconds)),
        "coefficients": coefficients.tolist(),
        "tau": model.tau,
        "log_likelihood": model.log_likelihood,
        "effect": model.effect.tolist(),
    }


def child(command: Sequence[str]) -> dict[str, Any]:
    """Run one program, which prints its result as JSON; add the most memory it had, in megabytes."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=os.environ | ONE_THREAD, text=True)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        lines = [line for line in out.read().splitlines() if line.startswith("{")]
        if process.returncode or not lines:
            raise RuntimeError(f"{command[0]} gave no result:\n{errors.read()[-2000:]}")
    return {**json.loads(lines[-1]), "megabytes": usage.ru_maxrss / 1024}


def measure(folder: Path, rows: int, *, gpboost: str | None, lme4: bool) -> dict[str, dict[str, Any]]:
    """Fit the rows of a folder with every program there is."""
    here = [sys.executable, "-m", "benchmarks.random_intercept", "--fit", str(folder), str(rows)]
    results = {f"ours, {nodes} node{'s'[: nodes > 1]}": child([*here, str(nodes)]) for nodes in (1, 9)}
    shape = [str(folder), str(rows), str(COVARIATES)]
    if gpboost:
        results["gpboost"] = child([gpboost, "-c", GPBOOST, *shape, str(REPEATS)])
    if lme4:
        script = folder / "lme4.R"
        script.write_text(LME4)
        results["lme4 nAGQ=1"] = child(["Rscript", str(script), *shape])
    return results


def report(rows: int, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Print times, ratios and differences; every program is set against ours with one node."""
    base = results["ours, 1 node"]
    print(f"\n{rows:,} rows, {PROVIDERS} providers, {COVARIATES} continuous covariates")
    heads = f"{'':16s}{'seconds':>9s}{'x ours':>9s}{'MB':>8s}{'logLik':>14s}"
    print(heads + "".join(f"{'d ' + name:>10s}" for name in ("tau", "coef", "effect")))
    for name, result in results.items():
        effect = np.nan
        if "effect" in result:
            effect = np.abs(np.subtract(result["effect"], base["effect"])).max()
        print(
            f"{name:16s}{result['seconds']:9.3f}{result['seconds'] / base['seconds']:9.1f}"
            f"{result['megabytes']:8.0f}{result['log_likelihood']:14.4f}{result['tau'] - base['tau']:10.1e}"
            f"{np.abs(np.subtract(result['coefficients'], base['coefficients'])).max():10.1e}{effect:10.1e}"
        )


def check(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Stop when lme4 has other answers: log-likelihood 1e-4 (or ours is higher), the rest 1e-3."""
    if "lme4 nAGQ=1" not in results:
        return
    known, base = results["lme4 nAGQ=1"], results["ours, 1 node"]
    if base["log_likelihood"] < known["log_likelihood"] - 1e-4:
        raise SystemExit(f"lme4 found a higher likelihood: {known['log_likelihood']}")
    for name in ("tau", "coefficients", "effect"):
        away = np.abs(np.subtract(known[name], base[name])).max()
        if away > 1e-3:
            raise SystemExit(f"{name}: {away:.1e} from lme4, more than 1e-3")
    print(
        "same answers as lme4: log-likelihood within 1e-4 or higher; tau, coefficients, effects within 1e-3"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gpboost", help="a Python that has gpboost", default=None)
    parser.add_argument("--no-lme4", action="store_true", help="leave lme4 out")
    parser.add_argument("--fit", nargs=3, metavar=("FOLDER", "ROWS", "NODES"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fit:
        print(json.dumps(ours(Path(asked.fit[0]), int(asked.fit[1]), int(asked.fit[2]))))
        return
    lme4 = not asked.no_lme4 and shutil.which("Rscript") is not None
    if not asked.gpboost:
        print("gpboost is left out: name a Python that has it with --gpboost")
    if not lme4:
        print("lme4 is left out" + ("" if asked.no_lme4 else ": there is no Rscript"))
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), rows, asked.seed)
            results = measure(Path(folder), rows, gpboost=asked.gpboost, lme4=lme4)
        report(rows, results)
        check(results)


if __name__ == "__main__":
    main()
