"""What the scripts of the benchmark share: the machine, the broker, the engine's config, medians."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BROKER = ROOT / "tests/kafka/broker/broker"


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


class Broker:
    """A Kafka node of the benchmark's own, ended with it; or the one that the caller names."""

    def __init__(self, addresses, folder, secured=False):
        self.addresses = addresses
        self.folder = None if addresses else folder
        self.secured = secured

    def __enter__(self):
        if self.folder:
            # An interrupted run leaves its node's topics: this one begins without them.
            if subprocess.run([str(BROKER), "address", "--dir", str(self.folder)], capture_output=True).returncode != 0:
                subprocess.run([str(BROKER), "stop", "--dir", str(self.folder), "--purge"], check=False)
            self.folder.mkdir(parents=True, exist_ok=True)
            command = [str(BROKER), "start", "--dir", str(self.folder), "--until", str(os.getpid())]
            command += ["--secured"] if self.secured else []
            self.addresses = output_of(command).splitlines()[-1]
        return self.addresses

    def tls(self):
        """The address of a secured node's TLS listener, and what a config says under `security` to use it."""
        address = output_of([str(BROKER), "address", "--dir", str(self.folder), "--listener", "ssl"])
        return address, f"protocol: ssl, ca: {self.folder.resolve()}/security/ca.pem"

    def __exit__(self, *_):
        if self.folder:
            subprocess.run([str(BROKER), "stop", "--dir", str(self.folder), "--purge"], check=False)


def describe_machine(build):
    """One line a fact, for the head of a table."""
    models = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    kafka = BROKER.parent.joinpath("pom.xml").read_text().split("kafka_2.13", 1)[1].split("<version>", 1)[1].split("<", 1)[0]
    commit = output_of(["git", "rev-parse", "--short", "HEAD"]) if (ROOT / ".git").exists() else "unknown"
    changed = " with changes" if commit != "unknown" and output_of(["git", "status", "--porcelain"]) else ""
    return [
        f"{os.cpu_count()} cores, {models[0] if models else 'unknown'}",
        f"load before the start (1, 5, 15 min): {load}",
        f"librdkafka {output_of([str(build / 'bench_topics'), 'version'])}, Apache Kafka {kafka}, commit {commit}{changed}",
    ]


def write_config(path, brokers, topics, rules, options, security="protocol: plaintext"):
    """The engine's config for one run: one lane, one topic in, decisions and dead letters out. What it knew of earlier topics of these names goes."""
    state = path.parent / (path.stem + ".state")
    shutil.rmtree(state, ignore_errors=True)
    path.write_text(f"""version: 1
sources:
  payments:
    kafka: {{ brokers: ["{brokers}"], topics: [{topics['in']}], group: {topics['in']}, start: earliest, data_path: {options.data_path}, security: {{ {security} }} }}
    event: payment
    mapping: {{ batch_size: {options.batch_size}, in_flight_max: {options.in_flight_max} }}
rules:
  files: ["{rules}"]
sinks:
  decisions: {{ kafka: {{ topic: {topics['out']}, linger: {options.linger_ms}ms, data_path: {options.data_path} }}, features: none }}
dead_letters: {{ kafka: {{ topic: {topics['dead']} }} }}
state: {{ dir: "{state}" }}
runtime: {{ lanes: 1 }}
""")


def run_json(command):
    """The last line that a program prints, read as JSON. Its complaints go through; a failure ends the benchmark."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode} of: {' '.join(str(word) for word in command)}\n{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def spread(values, digits=0):
    """Median with the range."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
