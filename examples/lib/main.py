# SPDX-License-Identifier: MIT
"""The command line of examples/run."""

import argparse
import importlib
import shutil
import signal
import sys
import time

from .check import run_checks
from .run import EXAMPLES, ROOT, Run
from .steps import AlreadyRunning, run_steps

SYSTEMS = ("crypto", "genomics", "stocks", "lake", "stockout")  # in the order in which `all` runs them


def parse(words):
    about = argparse.ArgumentParser(
        prog="examples/run", description="Runs one of the five systems end to end; examples/README.md draws them.",
        epilog="examples/run crypto; examples/run all --check; examples/run genomics --profile real --check")
    about.add_argument("system", choices=(*SYSTEMS, "all"))
    about.add_argument("--profile", choices=("embedded", "real"), default="embedded",
                       help="embedded: folders, file streams, SQLite, DuckDB; real: S3, PostgreSQL, Prometheus ...")
    about.add_argument("--step", action="append", metavar="NAME", help="this step alone; may be given again")
    about.add_argument("--check", action="store_true", help="run in a fresh folder, then show every requirement")
    about.add_argument("--only", action="append", metavar="ID", help="with --check: this requirement alone")
    about.add_argument("--every", type=float, metavar="SECONDS", help="run again and again until SIGTERM")
    about.add_argument("--cron", metavar="EXPR", help="print the line for crontab, such as '*/5 * * * *', and end")
    about.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the system")
    about.add_argument("--state", metavar="FOLDER", help="where all is kept (build/systems/SYSTEM)")
    return about.parse_args(words)


def settings_of(pipeline, given):
    settings = dict(pipeline.SETTINGS)
    for word in given:
        name, _, value = word.partition("=")
        if name not in settings:
            raise SystemExit(f"no setting named {name}: expected {', '.join(settings)}")
        settings[name] = type(settings[name])(value)
    return settings


def crontab_line(expression, system):
    from croniter import croniter
    if not croniter.is_valid(expression):
        raise SystemExit(f"cron expression '{expression}': expected five fields, such as '*/5 * * * *'")
    logs = ROOT / "build" / "systems" / system / "logs"
    logs.mkdir(parents=True, exist_ok=True)  # cron's shell opens the log before anything of ours runs
    return f"{expression} {EXAMPLES / 'run'} {system} >>{logs / 'cron.log'} 2>&1"


def check(system, options):
    """Two runs of a day must show the same, so the folder is emptied first."""
    state = options.state or ROOT / "build" / "systems" / f"{system}-check-{options.profile}"
    shutil.rmtree(state, ignore_errors=True)
    pipeline, checks = (importlib.import_module(f"{system}.{part}") for part in ("pipeline", "checks"))
    with Run(system, state, options.profile, settings_of(pipeline, options.set), echo=False) as run:
        try:
            run_steps(run, pipeline.STEPS)
        except Exception as error:
            print(f"{system}: the pipeline FAILED: {type(error).__name__}: {error}\n{system}: 0 passed, 1 failed in 0s")
            return False
        wanted = {name: one for name, one in checks.CHECKS.items() if not options.only or name in options.only}
        return run_checks(run, wanted)


def go(system, options):
    pipeline = importlib.import_module(f"{system}.pipeline")
    state = options.state or ROOT / "build" / "systems" / system
    with Run(system, state, options.profile, settings_of(pipeline, options.set)) as run:
        while True:
            run_steps(run, pipeline.STEPS, options.step)
            if not options.every:
                return True
            time.sleep(options.every)


def main(words):
    options = parse(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is stopped
    systems = SYSTEMS if options.system == "all" else (options.system,)
    if options.cron:
        print("\n".join(crontab_line(options.cron, system) for system in systems))
        return 0
    try:
        results = [(check if options.check else go)(system, options) for system in systems]
    except AlreadyRunning as why:
        print(f"not run: {why}", file=sys.stderr)
        return 75
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
