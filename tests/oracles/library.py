# SPDX-License-Identifier: MIT
"""The library through ctypes: only the calls that the oracles and the benchmarks need."""

import ctypes as c
import os
import pathlib
import types

TOP = pathlib.Path(__file__).resolve().parents[2]
BA = os.environ.get("BA", str(TOP / "build/release/ba"))
LIBRARY = os.environ.get("BA_LIBRARY", str(TOP / "build/release/src/libbioanalytics.so"))

P, I32, I64, F64, TEXT = c.c_void_p, c.c_int32, c.c_int64, c.c_double, c.c_char_p
OUT = c.POINTER(P)
TYPES = {1: "f8", 2: "f4", 3: "i8", 4: "i4", 5: "u4", 6: "u1"}
END = 1


def declare(names):
    """name -> (result, arguments...); a result of None is void."""
    library, calls = c.CDLL(LIBRARY), types.SimpleNamespace()
    for name, (result, *arguments) in names.items():
        call = getattr(library, "ba_" + name)
        call.restype, call.argtypes = result, arguments
        setattr(calls, name, call)
    return calls


ba = declare({
    "context_create": (I32, P, OUT), "context_destroy": (None, P), "context_error_message": (TEXT, P),
    "context_set_cpu": (I32, P, TEXT),
    "recipe_canonical": (I32, P, TEXT, P, I64, c.POINTER(I64)),
    "array_shape": (I64, P, I32), "array_ndim": (I32, P), "array_dtype": (I32, P), "array_data": (P, P),
    "array_release": (None, P),
    "reader_open_path": (I32, P, TEXT, TEXT, OUT), "reader_next": (I32, P, I64, OUT), "reader_close": (None, P),
    "records_create": (I32, P, TEXT, P, I64, OUT), "records_count": (I64, P), "records_release": (None, P),
    "records_name": (P, P, I64, c.POINTER(I64)), "records_sequence": (P, P, I64, c.POINTER(I64)),
    "records_quality": (P, P, I64, c.POINTER(I64)),
    "extractor_create": (I32, P, TEXT, OUT), "extractor_fit": (I32, P, P), "extractor_width": (I64, P),
    "extractor_column_name": (I32, P, I64, P, I64, c.POINTER(I64)),
    "extractor_apply_records": (I32, P, P, TEXT, OUT),
    "extractor_apply_records_csr": (I32, P, P, TEXT, OUT, OUT, OUT), "extractor_destroy": (None, P),
    "dataset_create": (I32, P, TEXT, OUT), "dataset_add_records": (I32, P, P, P, P, P, I32),
    "dataset_add_file": (I32, P, TEXT, TEXT), "dataset_destroy": (None, P),
    "trainer_create": (I32, P, TEXT, P, TEXT, OUT), "trainer_step": (I32, P), "trainer_finish": (I32, P, OUT),
    "trainer_metrics": (None, P, c.POINTER(I64), c.POINTER(I64), c.POINTER(F64), c.POINTER(F64), c.POINTER(F64)),
    "trainer_reason": (TEXT, P), "trainer_destroy": (None, P),
    "model_load_path": (I32, P, TEXT, TEXT, OUT), "model_save_path": (I32, P, P, TEXT),
    "model_width": (I64, P), "model_outputs": (I32, P), "model_classes": (I32, P),
    "model_class_name": (TEXT, P, I32), "model_weights": (I32, P, P, I32, P, c.POINTER(F64)),
    "model_release": (None, P),
    "scorer_create": (I32, P, P, TEXT, OUT), "scorer_predict_records": (I32, P, P, P, P),
    "scorer_destroy": (None, P),
})


class Failed(Exception):
    """A call's status and the context's message."""


class Context:
    """A context and the objects made from it; they go when it goes."""

    def __init__(self, cpu="auto"):
        self.handle, self.owned = P(), []
        assert ba.context_create(None, c.byref(self.handle)) == 0
        self.check(ba.context_set_cpu(self.handle, cpu.encode()))

    def __del__(self):
        for destroy, handle in reversed(self.owned):
            destroy(handle)
        ba.context_destroy(self.handle)

    def check(self, status):
        if status < 0:
            raise Failed(status, ba.context_error_message(self.handle).decode())
        return status

    def make(self, call, *arguments, destroy):
        """An object from a `create` call, destroyed with the context."""
        out = P()
        self.check(call(*arguments, c.byref(out)))
        self.owned.append((destroy, out))
        return out

    def drop(self, handle):
        """Destroys an object before the context goes."""
        found = next(i for i, (_, owned) in enumerate(self.owned) if owned is handle)
        destroy, _ = self.owned.pop(found)
        destroy(handle)

    def records(self, sequences):
        """A batch from a list of str."""
        offsets = (I64 * (len(sequences) + 1))()
        for i, sequence in enumerate(sequences):
            offsets[i + 1] = offsets[i] + len(sequence)
        return self.make(ba.records_create, self.handle, "".join(sequences).encode(), offsets, len(sequences),
                         destroy=ba.records_release)

    def read(self, path, most=1000):
        """(name, letters, quality) of every record of a file; quality is None for FASTA."""
        reader = self.make(ba.reader_open_path, self.handle, str(path).encode(), b"", destroy=ba.reader_close)
        batch, found = P(), []
        while self.check(ba.reader_next(reader, most, c.byref(batch))) != END:
            for i in range(ba.records_count(batch)):
                found.append(tuple(self.field(call, batch, i) for call in
                                   (ba.records_name, ba.records_sequence, ba.records_quality)))
            ba.records_release(batch)
        return found

    @staticmethod
    def field(call, batch, index):
        length = I64()
        start = call(batch, index, c.byref(length))
        return None if start is None else c.string_at(start, length.value).decode("latin-1")

    def extractor(self, recipe, records=None):
        extractor = self.make(ba.extractor_create, self.handle, recipe.encode(), destroy=ba.extractor_destroy)
        if records is not None:
            self.check(ba.extractor_fit(extractor, records))
        return extractor

    def names(self, extractor):
        """The names of all columns."""
        buffer, length, found = c.create_string_buffer(64), I64(), []
        for column in range(ba.extractor_width(extractor)):
            self.check(ba.extractor_column_name(extractor, column, buffer, 64, c.byref(length)))
            found.append(buffer.value.decode())
        return found

    @staticmethod
    def array(handle):
        """A NumPy copy of an array, which is released."""
        import numpy as np
        shape = [ba.array_shape(handle, d) for d in range(ba.array_ndim(handle))]
        kind = np.dtype(TYPES[ba.array_dtype(handle)])
        size = kind.itemsize
        for n in shape:
            size *= n
        data = np.frombuffer(c.string_at(ba.array_data(handle), size), kind).reshape(shape)
        ba.array_release(handle)
        return data

    def dense(self, extractor, records, output="values"):
        out = P()
        self.check(ba.extractor_apply_records(extractor, records, f"output={output}".encode(), c.byref(out)))
        return self.array(out)

    def csr(self, extractor, records, output="values"):
        """A SciPy matrix."""
        import scipy.sparse
        parts = [P(), P(), P()]
        self.check(ba.extractor_apply_records_csr(extractor, records, f"output={output}".encode(),
                                                  *map(c.byref, parts)))
        starts, columns, values = map(self.array, parts)
        return scipy.sparse.csr_matrix((values, columns.astype("i8"), starts),
                                       (len(starts) - 1, ba.extractor_width(extractor)))

    def dataset(self, sequences, labels, weights=None):
        dataset = self.make(ba.dataset_create, self.handle, b"", destroy=ba.dataset_destroy)
        texts = (TEXT * len(labels))(*[str(label).encode() for label in labels])
        numbers = None if weights is None else (F64 * len(weights))(*weights)
        self.check(ba.dataset_add_records(dataset, self.records(sequences), texts, numbers, None, 0))
        return dataset

    def train(self, recipe, dataset):
        """The model, and the objective where the run ended."""
        trainer = P()
        self.check(ba.trainer_create(self.handle, recipe.encode(), dataset, b"seed=1", c.byref(trainer)))
        try:
            while self.check(ba.trainer_step(trainer)) != END:
                pass
            objective, model = F64(), P()
            ba.trainer_metrics(trainer, None, None, c.byref(objective), None, None)
            self.check(ba.trainer_finish(trainer, c.byref(model)))
            self.owned.append((ba.model_release, model))
            return model, objective.value
        finally:
            ba.trainer_destroy(trainer)

    def weights(self, model):
        """outputs x width weights, and the intercepts."""
        import numpy as np
        outputs, width = ba.model_outputs(model), ba.model_width(model)
        weights, intercepts = np.zeros((outputs, width)), np.zeros(outputs)
        for output in range(outputs):
            intercept = F64()
            self.check(ba.model_weights(self.handle, model, output, weights[output].ctypes.data, c.byref(intercept)))
            intercepts[output] = intercept.value
        return weights, intercepts

    def predict(self, model, records):
        """Scores and probabilities, as lists of lists' worth of doubles in ctypes arrays."""
        scorer = P()
        self.check(ba.scorer_create(self.handle, model, b"", c.byref(scorer)))
        count = ba.records_count(records)
        scores = (F64 * (count * ba.model_outputs(model)))()
        probabilities = (F64 * (count * max(ba.model_classes(model), 1)))()
        try:
            self.check(ba.scorer_predict_records(scorer, records, scores, probabilities))
        finally:
            ba.scorer_destroy(scorer)
        return scores, probabilities
