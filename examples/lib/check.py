# SPDX-License-Identifier: MIT
"""Checks: a function for each requirement; its line says `ok` with a figure, `needs real` with the reason, or FAILED."""

import time
import traceback


class NeedsReal(Exception):
    """This cannot be shown without the real parts; its text says why."""


def run_checks(run, checks):
    """Runs `checks`, functions of `run` under the ids of the requirements; whether none failed."""
    began, ok, real, failed = time.time(), 0, 0, 0
    for name, function in checks.items():
        start = time.time()
        try:
            figure = function(run)
        except NeedsReal as why:
            real += 1
            print(f"{name} needs real: {why}", flush=True)
            continue
        except Exception as error:
            failed += 1
            print(f"{name} FAILED: {type(error).__name__}: {error}", flush=True)
            (run.log.folder / f"{name}.txt").write_text(traceback.format_exc())
        else:
            ok += 1
            print(f"{name} ok {figure}", flush=True)
        run.log("checked", name, seconds=round(time.time() - start, 3))
    print(f"{run.system}: {ok} passed, {failed} failed, {real} need real parts in {time.time() - began:.1f}s", flush=True)
    return failed == 0
