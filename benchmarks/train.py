#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training of rows of numbers beside scikit-learn, liblinear and Vowpal Wabbit, in turns. CPU time, medians.

usage: train.py. Prints `NAME VALUE`; a ratio above 1 means that we are faster. Batch solvers are timed to the same
loss, 1e-5 (relative) above the best that either finds, each with as few iterations (liblinear: as large a tolerance)
as that takes, and from rows that are ready in memory in the form that each wants.
"""

import importlib
import importlib.metadata
import pathlib
import resource
import statistics
import subprocess
import warnings
import zlib

import compare
from compare import fewest, library, race, say
from library import I32, I64, OUT, P, TEXT

ROUNDS = 5
ba = library.declare({
    "array_wrap": (I32, P, I32, I32, P, P, P, P, P, OUT), "table_create": (I32, P, I64, OUT),
    "table_add_array": (I32, P, TEXT, P, P), "table_release": (None, P),
    "dataset_add_table": (I32, P, P, TEXT), "dataset_add_csr": (I32, P, P, P, P, P, P, P, I32)})


def peer(module, package, line):
    """The module, or None after a line that says why not; says its version."""
    try:
        found = importlib.import_module(module)
    except ImportError as missing:
        say(line, f"skipped no {missing.name}")
        return None
    say(f"train.{module.split('.')[0]}_version", importlib.metadata.version(package))
    return found


def wrap(context, numbers):
    """An array over a NumPy vector, which has to outlive it."""
    kind = {kind: number for number, kind in library.TYPES.items()}[numbers.dtype.str[1:]]
    shape, strides = (I64 * 1)(len(numbers)), (I64 * 1)(numbers.itemsize)
    return context.make(ba.array_wrap, context.handle, kind, 1, shape, strides, numbers.ctypes.data, None, None,
                        destroy=library.ba.array_release)


def table_dataset(context, matrix, labels):
    """A dataset over the columns of a matrix, which are copied to lie side by side."""
    columns = matrix.T.copy()
    table = context.make(ba.table_create, context.handle, len(labels), destroy=ba.table_release)
    for name, column in [(f"x{i}", column) for i, column in enumerate(columns)] + [("y", labels.astype("f8"))]:
        context.check(ba.table_add_array(table, name.encode(), wrap(context, column), None))
    dataset = context.make(library.ba.dataset_create, context.handle, b"", destroy=library.ba.dataset_destroy)
    context.check(ba.dataset_add_table(dataset, table, b"target=y"))
    return dataset, columns


def objective(matrix, labels, weights, intercept, l2):
    import numpy as np
    margins = matrix @ weights + intercept
    return np.logaddexp(0, np.where(labels, -margins, margins)).mean() + l2 / 2 * (weights ** 2).sum()


def rows(seed, count, width):
    """Columns that go together a little, and a class that depends on them."""
    import numpy as np
    numbers = np.random.default_rng(seed)
    matrix = numbers.standard_normal((count, width))
    matrix[:, 1:] += 0.5 * matrix[:, :-1]
    margins = matrix @ numbers.standard_normal(width) * (1.5 / width ** 0.5)
    return matrix, numbers.random(count) < 1 / (1 + np.exp(-margins))


def sklearn_race(name, peer_name, solver, ours_solver, shape, l2):
    """Rows of a table beside a matrix of float64."""
    from sklearn.linear_model import LogisticRegression
    context = library.Context()
    matrix, labels = rows(1, *shape)
    dataset, _columns = table_dataset(context, matrix, labels)

    def ours(iterations, tol=0.0):
        recipe = f"Columns() | Logistic(l2={l2}, solver={ours_solver}, tol={tol}, max_iter={iterations})"
        return context.train(recipe, dataset)[1]

    def theirs(iterations):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LogisticRegression(C=1 / (l2 * len(labels)), tol=1e-12, solver=solver,
                                      max_iter=iterations).fit(matrix, labels)

    def loss(model):
        return objective(matrix, labels, model.coef_[0], model.intercept_[0], l2)

    target = min(ours(200, 1e-9), loss(theirs(200))) * (1 + 1e-5)
    mine, other = fewest(lambda n: ours(n) <= target), fewest(lambda n: loss(theirs(n)) <= target)
    say(f"{name}.iterations", mine)
    say(f"{name}.{peer_name}_iterations", other)
    say(f"{name}.cpu_s", race(name, peer_name, lambda: ours(mine), lambda: theirs(other), ROUNDS))


def sparse():
    """190 of 2^18 columns a row, as 12-mers of reads that are hashed."""
    liblinear = peer("liblinear.liblinearutil", "liblinear-official", "train.sparse.vs_liblinear")
    if liblinear is None:
        return
    import numpy as np
    import scipy.sparse
    numbers, count, width, l2 = np.random.default_rng(2), 20000, 1 << 18, 5e-6
    columns = np.sort(numbers.integers(0, width, (count, 190)), axis=1)
    columns[:, :40] = np.sort((columns[:, :40] % 2000), axis=1)  # some that many rows have
    matrix = scipy.sparse.csr_matrix((np.ones(columns.size), columns.ravel(), np.arange(count + 1) * 190),
                                     (count, width))
    matrix.sum_duplicates()
    weights = numbers.standard_normal(width)
    labels = numbers.random(count) < 1 / (1 + np.exp(-(matrix @ weights) / 4))
    context = library.Context()
    parts = [matrix.indptr.astype("i8"), matrix.indices.astype("u4"), matrix.data.astype("f8")]
    dataset = context.make(library.ba.dataset_create, context.handle, b"", destroy=library.ba.dataset_destroy)
    texts = (TEXT * count)(*[b"1" if label else b"0" for label in labels])
    context.check(ba.dataset_add_csr(dataset, *[wrap(context, part) for part in parts], texts, None, None, 0))
    problem = liblinear.problem(labels.astype("f8"), matrix, 1.0)

    def ours(iterations, tol=0.0):
        return context.train(f"Sparse() | Logistic(l2={l2}, solver=tron, tol={tol}, max_iter={iterations})", dataset)[1]

    def theirs(tolerance):
        return liblinear.train(problem, liblinear.parameter(f"-s 0 -c {1 / (l2 * count)} -e {tolerance} -B 1 -q"))

    def loss(model):
        found, intercept = model.get_decfun()
        sign = 1 if model.get_labels()[0] == 1 else -1
        return objective(matrix, labels, sign * np.array(found), sign * intercept, l2)

    tolerances = [0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5]
    target = min(ours(200, 1e-7), loss(theirs(tolerances[-1]))) * (1 + 1e-5)
    mine = fewest(lambda n: ours(n) <= target)
    other = next((e for e in tolerances if loss(theirs(e)) <= target), None)
    if other is None:
        say("train.sparse.vs_liblinear", "skipped liblinear does not reach the loss; its intercept is penalised")
        return
    say("train.sparse.iterations", mine)
    say("train.sparse.liblinear_tolerance", other)
    say("train.sparse.cpu_s", race("train.sparse", "liblinear", lambda: ours(mine), lambda: theirs(other), ROUNDS))


def write_reads(table, text, seed, count):
    """The same reads as a table (or FASTA) of letters, and as the lines of hashed 12-mers that Vowpal Wabbit reads."""
    found, labels = compare.sequences(seed, count, 200)
    with open(table, "w") as letters, open(text, "w") as lines:
        fasta = table.endswith(".fa")
        letters.write("" if fasta else "sequence,label\n")
        for sequence, label in zip(found, labels):
            letters.write(f">r\n{sequence}\n" if fasta else f"{sequence},{label}\n")
            words = (zlib.crc32(sequence[i:i + 12].encode()) & 0x3ffff for i in range(189))
            lines.write(f"{2 * label - 1} | {' '.join(map(str, words))}\n")
    return labels


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def learn(files, model):
    """CPU seconds of `ba learn`."""
    before = children()
    subprocess.run([library.BA, "learn", "--recipe", "Kmer(k=12, slots=262144) | Logistic(solver=adagrad)", "--labels",
                    files["train.csv"], "--classes", "0,1", "--out", model], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return children() - before


def online():
    """One pass over a file. Ours reads letters and hashes them; the peer reads words that are hashed already."""
    wabbit = peer("vowpalwabbit", "vowpalwabbit", "train.online.vs_vw")
    if wabbit is None:
        return
    count = 20000
    names = ("train.csv", "train.vw", "test.fa", "test.vw", "ba")
    files = {name: str(compare.WORK / f"online.{name}") for name in names}
    write_reads(files["train.csv"], files["train.vw"], 5, count)
    labels = write_reads(files["test.fa"], files["test.vw"], 6, 4000)
    options = "-b 18 --loss_function logistic --quiet --no_stdin"

    def theirs():
        workspace = wabbit.Workspace(f"-d {files['train.vw']} {options}")
        workspace.finish()

    pairs = [(learn(files, files["ba"]), compare.seconds(theirs)) for _ in range(ROUNDS)]
    say("train.online.krows_per_s", count / 1e3 / statistics.median(a for a, _ in pairs))
    say("train.online.vw_krows_per_s", count / 1e3 / statistics.median(b for _, b in pairs))
    say("train.online.vs_vw", statistics.median(b / a for a, b in pairs))
    given = subprocess.run([library.BA, "predict", "--model", files["ba"], files["test.fa"]], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    at = given[0].split("\t").index("score")
    right = sum((float(line.split("\t")[at]) > 0) == label for line, label in zip(given[1:], labels))
    say("train.online.accuracy", right / len(labels))
    workspace = wabbit.Workspace(f"-d {files['train.vw']} {options}")
    with open(files["test.vw"]) as lines:
        right = sum((workspace.predict(line.split(" ", 1)[1]) > 0) == label for line, label in zip(lines, labels))
    say("train.online.vw_accuracy", right / len(labels))
    workspace.finish()
    for path in files.values():
        pathlib.Path(path).unlink(missing_ok=True)


def main():
    if compare.PEER is None:
        say("train.dense.sklearn_version", compare.sklearn.__version__)
        sklearn_race("train.dense", "sklearn", "lbfgs", "lbfgs", (20000, 512), 1e-4)
        sklearn_race("train.narrow", "newton_cholesky", "newton-cholesky", "newton", (200000, 32), 1e-4)
    else:
        say("train.dense.vs_sklearn", f"skipped {compare.PEER}")
        say("train.narrow.vs_newton_cholesky", f"skipped {compare.PEER}")
    sparse()
    online()


if __name__ == "__main__":
    main()
