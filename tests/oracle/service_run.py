"""Runs `weir run` in a folder that holds rules and records, as a user would, and reads what it decided."""

import json
import subprocess
import sys
from decimal import Decimal


def decide(weir, folder, event, batch_size=256, lanes=1, late_allowed="30s", horizon="0s"):
    """Decides the records of in.jsonl, what comes twice within `horizon` once; the file of decisions, every feature in them. Ends the program
    when the service does not come through."""
    out = f"out-{batch_size}-{lanes}.jsonl"
    (folder / "weir.yaml").write_text(
        "version: 1\nsources:\n  s: { file: { path: in.jsonl }, event: " + event + ", mapping: { batch_size: " + str(batch_size) + " } }\n"
        "rules: { files: [\"*.rules\"], reload: off }\nsinks: { all: { file: { path: " + out + ", sync: none }, features: all } }\n"
        "dead_letters: { file: { path: dead.jsonl, sync: none } }\nstate: { dir: state, late: { allowed: " + late_allowed + " },\n"
        "  duplicates: { horizon: " + horizon + " } }\n"
        "runtime: { lanes: " + str(lanes) + " }\nlog: { level: warn }\n")
    for name in (out, "dead.jsonl", "state/s.position"):
        (folder / name).unlink(missing_ok=True)
    ran = subprocess.run([weir, "run", folder / "weir.yaml"], capture_output=True, text=True, check=False, timeout=300)
    dead = (folder / "dead.jsonl").read_text() if (folder / "dead.jsonl").exists() else ""
    if ran.returncode != 0 or dead:
        sys.exit(f"weir ended with {ran.returncode}: {ran.stderr}{dead}")
    return folder / out


def decisions(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


def report(compared, differences):
    """Says what was compared and ends the program."""
    print("\n".join(differences[:10]) + ("\n" if differences else "") + f"{compared} values compared, {len(differences)} differ")
    sys.exit(1 if differences or compared == 0 else 0)


def report_seeds(compare, seeds):
    """The command line of an oracle that draws its rules, `NAME WEIR [FIRST_SEED [SEEDS]]`: compares seed by seed and reports."""
    weir, first = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seeds = int(sys.argv[3]) if len(sys.argv) > 3 else seeds
    total, found = 0, []
    for seed in range(first, first + seeds):
        compared, differences = compare(weir, seed)
        total += compared
        found += differences
    report(total, found)
