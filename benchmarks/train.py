#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training of rows of numbers, and of networks, beside other libraries, in turns. CPU time, medians.

usage: train.py [PART...]: dense, narrow, sparse, online, conv; all of them without one. Prints `NAME VALUE`; a ratio
above 1 means that we are faster. Batch solvers are timed to the same loss, so far above the best that any finds, each
with as few iterations (liblinear: as large a tolerance) as that takes, and from rows that are ready in memory in the
form that each wants; `sparse` counts the conversion from a SciPy matrix on either side.
"""

import importlib
import importlib.metadata
import pathlib
import resource
import statistics
import subprocess
import sys
import warnings
import zlib

import compare
from compare import fewest, library, say, seconds
from library import END, F64, I32, I64, OUT, P, TEXT, c

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


def race(name, ours, peers):
    """All in turns, ours first; peers is name -> call. Says CPU seconds and ratios."""
    rounds = []
    for _ in range(ROUNDS):
        rounds.append((seconds(ours), [seconds(call) for call in peers.values()]))
    say(f"{name}.cpu_s", statistics.median(mine for mine, _ in rounds))
    for i, peer_name in enumerate(peers):
        say(f"{name}.{peer_name}_cpu_s", statistics.median(theirs[i] for _, theirs in rounds))
        say(f"{name}.vs_{peer_name}", statistics.median(theirs[i] / mine for mine, theirs in rounds))


# ---- our side ----

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


def steps(context, recipe, dataset):
    """Of every step of a run: iterations so far, the objective, the loss of the dev rows."""
    trainer, found = P(), []
    context.check(library.ba.trainer_create(context.handle, recipe.encode(), dataset, b"", c.byref(trainer)))
    status = None
    while status != END:
        status = context.check(library.ba.trainer_step(trainer))
        iterations, value, dev = I64(), F64(), F64()
        library.ba.trainer_metrics(trainer, c.byref(iterations), None, c.byref(value), None, c.byref(dev))
        found.append((iterations.value, value.value, dev.value))
    library.ba.trainer_destroy(trainer)
    return found


def stopping(context, name, recipe, dataset, best, above, most):
    """The objective to reach, `above` (relative) the best of all, and a call that trains a dataset until there;
    `recipe` has a place {stop}, and `most` iterations find the best. A run with max_iter=n is the first n of a longer
    one."""
    found = [step for step in steps(context, recipe.format(stop=f"tol=1e-9, max_iter={most}"), dataset) if step[0] > 0]
    target = min(best, *(value for _, value, _ in found)) * (1 + above)
    iterations = next(n for n, value, _ in found if value <= target)
    say(f"{name}.iterations", iterations)
    stopped = recipe.format(stop=f"tol=0, max_iter={iterations}")

    def train(context, dataset):
        if context.train(stopped, dataset)[1] > target:
            raise SystemExit(f"train.py: {name}: the objective is not reached")

    return target, train


# ---- rows ----

def objective(matrix, labels, weights, intercept, l2):
    """Mean loss and penalty, in float64."""
    import numpy as np
    total = 0.0
    for at in range(0, len(labels), 1 << 16):
        margins = matrix[at:at + (1 << 16)] @ np.asarray(weights, "f8") + intercept
        total += np.logaddexp(0, np.where(labels[at:at + (1 << 16)], -margins, margins)).sum()
    return total / len(labels) + l2 / 2 * (np.asarray(weights, "f8") ** 2).sum()


def letters_of(seed, count, length):
    """Letters 0 to 3, each by chance after the three before it; the classes' chances differ a little, and one label in
    twenty is wrong."""
    import numpy as np
    numbers = np.random.default_rng(seed)
    labels = numbers.random(count) < 0.5
    common, own = numbers.dirichlet([8] * 4, 64), numbers.dirichlet([8] * 4, 64)
    chances = np.stack([common, 0.8 * common + 0.2 * own]).cumsum(axis=2).astype("f4")
    letters = np.zeros((length, count), "u1")
    letters[:3] = numbers.integers(0, 4, (3, count), "u1")
    side = labels.astype("i8")
    before = letters[0] * 16 + letters[1] * 4 + letters[2]
    for at in range(3, length):
        draws, limits = numbers.random(count, "f4"), chances[side, before]
        letters[at] = sum((draws > limits[:, i]).astype("u1") for i in range(3))
        before = (before * 4 + letters[at]) % 64
    return letters.T.copy(), labels ^ (numbers.random(count) < 0.05)


def words_of(letters, k):
    """The codes of all words of k letters, a row each."""
    import numpy as np
    places = letters.shape[1] - k + 1
    codes = np.zeros((len(letters), places), "u4")
    for i in range(k):
        codes = codes * 4 + letters[:, i:i + places]
    return codes


def frequencies(count):
    """Frequencies of the 1,024 words of five letters in sequences of 1,000, times 32."""
    import numpy as np
    letters, labels = letters_of(1, count, 1000)
    matrix = np.zeros((count, 1024), "f4")
    for at in range(0, count, 5000):
        codes = words_of(letters[at:at + 5000], 5)
        places = (np.arange(len(codes))[:, None] * 1024 + codes).ravel()
        matrix[at:at + 5000] = np.bincount(places, minlength=len(codes) * 1024).reshape(-1, 1024) * (32 / 996)
    return matrix, labels


def mixed(count, width):
    """Columns that go together a little, and a class that depends on them."""
    import numpy as np
    numbers = np.random.default_rng(1)
    matrix = numbers.standard_normal((count, width), "f4")
    matrix[:, 1:] += 0.5 * matrix[:, :-1]
    margins = matrix @ numbers.standard_normal(width) * (1.5 / width ** 0.5)
    return matrix, numbers.random(count) < 1 / (1 + np.exp(-margins))


def hashed(count):
    """Hashed words of twelve letters in 2^18 columns, 190 a row or a few less."""
    import numpy as np
    import scipy.sparse
    letters, labels = letters_of(2, count, 201)
    columns = (words_of(letters, 12) * np.uint32(0x85ebca6b)) >> np.uint32(14)
    ends = np.arange(count + 1) * columns.shape[1]
    matrix = scipy.sparse.csr_matrix((np.full(columns.size, columns.shape[1] ** -0.5), columns.ravel(), ends),
                                     (count, 1 << 18))
    matrix.sum_duplicates()
    return matrix, labels


# ---- tables ----

def quiet(fit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()


def sklearn_fit(kind, solver, matrix, labels, l2):
    """iterations -> a fitted model."""
    strength = 1 / (l2 * len(labels))
    return lambda n: quiet(lambda: kind(C=strength, tol=1e-14, solver=solver, max_iter=n).fit(matrix, labels))


def table_race(name, matrix, labels, l2, above, solver, most, fits):
    """fits: peer -> iterations to a fitted model."""
    def loss(model):
        import numpy as np
        return objective(matrix, labels, np.ravel(model.coef_), np.ravel(model.intercept_)[0], l2)

    context, calls = library.Context(), {}
    dataset, _columns = table_dataset(context, matrix, labels)
    best = min(loss(fit(most)) for fit in fits.values())
    recipe = f"Columns() | Logistic(l2={l2}, solver={solver}, {{stop}})"
    target, train = stopping(context, name, recipe, dataset, best, above, most)
    for peer_name, fit in fits.items():
        iterations = fewest(lambda n, fit=fit: loss(fit(n)) <= target)
        say(f"{name}.{peer_name}_iterations", iterations)
        calls[peer_name] = lambda fit=fit, iterations=iterations: fit(iterations)
    race(name, lambda: train(context, dataset), calls)


def dense():
    """90,000 rows of 1,024 float32."""
    fits = {}
    sklearn = peer("sklearn.linear_model", "scikit-learn", "train.dense.vs_sklearn")
    if sklearn is None:
        say("train.dense.vs_sklearnex", "skipped no sklearn")
        return
    matrix, labels = frequencies(90000)
    fits["sklearn"] = sklearn_fit(sklearn.LogisticRegression, "lbfgs", matrix, labels, 1e-5)
    intelex = peer("sklearnex.linear_model", "scikit-learn-intelex", "train.dense.vs_sklearnex")
    if intelex is not None:
        importlib.import_module("daal4py").daalinit(1)
        fits["sklearnex"] = sklearn_fit(intelex.LogisticRegression, "lbfgs", matrix, labels, 1e-5)
    table_race("train.dense", matrix, labels, 1e-5, 1e-5, "lbfgs", 200, fits)


def narrow():
    """900,000 rows of 32 float32."""
    fits = {}
    sklearn = peer("sklearn.linear_model", "scikit-learn", "train.narrow.vs_newton_cholesky")
    if sklearn is None:
        say("train.narrow.vs_glum", "skipped no sklearn")
        return
    matrix, labels = mixed(900000, 32)
    fits["newton_cholesky"] = sklearn_fit(sklearn.LogisticRegression, "newton-cholesky", matrix, labels, 1e-6)
    glum = peer("glum", "glum", "train.narrow.vs_glum")
    if glum is not None:
        numbers = labels.astype("f4")
        fits["glum"] = lambda n: quiet(lambda: glum.GeneralizedLinearRegressor(
            family="binomial", alpha=1e-6, l1_ratio=0, solver="irls-ls", gradient_tol=1e-14, max_iter=n).fit(
                matrix, numbers))
    table_race("train.narrow", matrix, labels, 1e-6, 1e-6, "newton", 20, fits)


def sparse():
    """180,000 rows of 2^18 columns; from the arrays of a SciPy matrix."""
    liblinear = peer("liblinear.liblinearutil", "liblinear-official", "train.sparse.vs_liblinear")
    if liblinear is None:
        return
    import numpy as np
    count, l2, name = 180000, 5e-6, "train.sparse"
    matrix, labels = hashed(count)
    texts, numbers = (TEXT * count)(*[b"1" if label else b"0" for label in labels]), labels.astype("f8")

    def taken(context):
        parts = [matrix.indptr.astype("i8"), matrix.indices.view("u4"), matrix.data]
        dataset = context.make(library.ba.dataset_create, context.handle, b"", destroy=library.ba.dataset_destroy)
        context.check(ba.dataset_add_csr(dataset, *[wrap(context, part) for part in parts], texts, None, None, 0))
        return dataset

    def theirs(tolerance):
        return liblinear.train(liblinear.problem(numbers, matrix, 1.0),
                               liblinear.parameter(f"-s 0 -c {1 / (l2 * count)} -e {tolerance} -B 1 -R -q"))

    def loss(model):
        found, intercept = model.get_decfun()
        sign = 1 if model.get_labels()[0] == 1 else -1
        return objective(matrix, labels, sign * np.array(found), sign * intercept, l2)

    context, recipe = library.Context(), f"Sparse() | Logistic(l2={l2}, solver=tron, {{stop}})"
    target, train = stopping(context, name, recipe, taken(context), loss(theirs(1e-5)), 1e-5, 100)
    del context

    def ours():
        context = library.Context()
        train(context, taken(context))

    tolerance = next((e for e in (10 ** (-i / 4) for i in range(-4, 21)) if loss(theirs(e)) <= target), None)
    if tolerance is None:
        say(f"{name}.vs_liblinear", "skipped liblinear does not reach the loss")
        return
    say(f"{name}.liblinear_tolerance", tolerance)
    say(f"{name}.liblinear_conversion_cpu_s", seconds(lambda: liblinear.problem(numbers, matrix, 1.0)))
    race(name, ours, {"liblinear": lambda: theirs(tolerance)})


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

    pairs = [(learn(files, files["ba"]), seconds(theirs)) for _ in range(ROUNDS)]
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


def conv_torch(torch, letters, labels, count):
    """One epoch over the first `count` rows, and the loss of the rest: the network of our recipe (docs/networks.md)
    with PyTorch's layers, its own starting weights and order of rows. Returns that loss."""
    nn = torch.nn
    torch.manual_seed(1)
    first, second = nn.Conv1d(4, 64, 15, padding=7), nn.Conv1d(64, 64, 9, padding=4)
    hidden, last, dropout = nn.Linear(192, 64), nn.Linear(64, 1), nn.Dropout(0.4)
    pool, mean_loss = nn.MaxPool1d(2, ceil_mode=True), nn.BCEWithLogitsLoss()
    layers = nn.ModuleList([first, second, hidden, last, dropout])

    def outputs(rows):
        one = pool(torch.relu(first(rows)))
        two = torch.relu(second(one))
        found = torch.cat([one.amax(2), two.amax(2), two.mean(2)], 1)
        return last(torch.relu(hidden(dropout(found))))[:, 0]

    steps = -(-count // 64)
    adam = torch.optim.AdamW(layers.parameters(), weight_decay=0.2)
    rates = torch.optim.lr_scheduler.OneCycleLR(adam, 0.003, total_steps=steps, cycle_momentum=False)
    order = torch.randperm(count)
    for at in range(0, count, 64):
        chosen = order[at:at + 64]
        adam.zero_grad()
        mean_loss(outputs(letters[chosen]), labels[chosen]).backward()
        adam.step()
        rates.step()
    layers.eval()
    with torch.no_grad():
        return float(mean_loss(torch.cat([outputs(part) for part in letters[count:].split(512)]), labels[count:]))


def conv():
    """One epoch of two convolutions over 19,000 sequences of 101 letters; 1,900 more are only judged, once. Ours reads
    packed letters, the peer one-hot floats that are ready."""
    torch = peer("torch", "torch", "train.conv.vs_torch")
    if torch is None:
        return
    import numpy as np
    torch.set_num_threads(1)
    count, more = 19000, 1900
    found, classes = compare.sequences(7, count + more, 101)
    context = library.Context()
    dataset = context.dataset(found[:count], classes[:count])
    texts = (TEXT * more)(*[str(label).encode() for label in classes[count:]])
    context.check(library.ba.dataset_add_records(dataset, context.records(found[count:]), texts, None, None, 1))
    codes = np.frombuffer("".join(found).encode(), "u1").reshape(-1, 101)
    letters = torch.from_numpy((codes[:, None, :] == np.frombuffer(b"ACGT", "u1")[:, None]).astype("f4"))
    labels = torch.tensor(classes, dtype=torch.float32)
    recipe = "OneHot() | Conv(filters=64, width=15, pool=2) | Conv(filters=64, width=9) | MLP(epochs=1)"
    say("train.conv.loss", steps(context, recipe, dataset)[-1][2])
    say("train.conv.torch_loss", conv_torch(torch, letters, labels, count))
    race("train.conv", lambda: context.train(recipe, dataset),
         {"torch": lambda: conv_torch(torch, letters, labels, count)})


def main():
    parts = {"dense": dense, "narrow": narrow, "sparse": sparse, "online": online, "conv": conv}
    for name in sys.argv[1:] or parts:
        if name not in parts:
            raise SystemExit(f"train.py: no part {name}; there are {', '.join(parts)}")
        parts[name]()


if __name__ == "__main__":
    main()
