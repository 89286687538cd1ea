"""Runs `weir run` on made-up rules and records, and compares every feature value of every decision with a naive model of the contract in
engine/features/README.md. The model is written from that page alone, in another language than the engine, and sees what a user sees: a
rules file, lines of JSON, decisions.

usage: features_oracle.py WEIR [FIRST_SEED [SEEDS]]
"""

import json
import math
import pathlib
import random
import tempfile
from decimal import Decimal
from fractions import Fraction

from service_run import decide, decisions, report_seeds

DAY = 86_400_000
BEGUN = 1_767_225_600_000
LATE_ALLOWED = 30_000
EVENT = """event payment {
  id      int            id
  at      timestamp(ms)  time
  card    string         key
  device  string?
  amount  decimal
  fee     decimal(2)?
  count   int?
  note    string?
  good    bool?
}
"""
SCALES = {"amount": 4, "fee": 2}
CONDITIONS = [
    ("", lambda event: True),
    ("good", lambda event: event.get("good") is True),
    ("not (count == 1)", lambda event: event.get("count") != 1),
    ("amount > 10 or note is missing", lambda event: event["amount"] > 100_000 or event.get("note") is None),
    ('not starts_with(note, "a") and count != 2',
     lambda event: not (event.get("note") or "").startswith("a") and event.get("count") not in (None, 2)),
]
TEXTS = ["", "a", "abc", "é", "💥", "'; --", "\u0000", "a\nb", "x" * 200]


def duration(ms):
    for unit, length in (("d", DAY), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms"


class Feature:
    def __init__(self, rng, name):
        self.name = name
        self.aggregate = rng.choice(["count", "sum", "avg", "min", "max", "stddev", "distinct", "first", "last", "percentile", "mode"])
        of_any = ["amount", "fee", "count", "note", "good"]
        self.value = rng.choice({"count": ["", "", "note"], "distinct": of_any, "first": of_any, "last": of_any, "mode": of_any}.get(
            self.aggregate, ["amount", "fee", "count"]))
        self.by = rng.choice([["card"], ["card"], ["device"], ["card", "device"], ["note"]])
        self.length = rng.choice([500, 1_000, 60_000, 3_600_000, DAY])
        self.newest = rng.choice([0, 0, 0, 1, 3, 20])  # of `last N events`; 0: a window of time
        self.inclusive = self.newest == 0 and rng.random() < 0.3
        self.delay = rng.choice([0, 0, 0, 1_000, 60_000])
        self.where, self.holds = rng.choice(CONDITIONS)
        self.excluding = rng.random() < 0.3
        self.share = rng.choice(["0", "0.25", "0.5", "0.95", "1"])
        self.scale = SCALES.get(self.value, 0)

    def text(self):
        share = f", {self.share}" if self.aggregate == "percentile" else ""
        window = duration(self.length)
        return (f"feature {self.name} = {self.aggregate}({self.value}{share}) by {', '.join(self.by)} over "
                + (f"last {self.newest} events within {window}" if self.newest else window)
                + (" inclusive" if self.inclusive else "")
                + (f" delay {duration(self.delay)}" if self.delay else "")
                + (f" where {self.where}" if self.where else "")
                + (" excluding this event" if self.excluding else ""))

    def key(self, event):
        parts = tuple(event.get(field) for field in self.by)
        return None if None in parts else parts

    def answer(self, past, event):
        """`past`: the events of the key that arrived before, each at (time, arrival)."""
        end = event["at"] - self.delay
        seen = [each for each in past if each["at"] <= end]
        if self.delay == 0 and not self.excluding:
            seen.append(event)
        seen.sort(key=lambda each: (each["at"], each["id"]))
        begin = end - self.length
        seen = [each for each in seen if each["at"] > begin or (self.inclusive and each["at"] == begin)]
        seen = [each for each in seen if self.holds(each)]
        if self.newest:
            seen = seen[-self.newest:]
        if not self.value:
            return len(seen)
        return self.over([each[self.value] for each in seen if each.get(self.value) is not None])

    def over(self, values):
        unit = 10 ** self.scale
        count = len(values)
        if self.aggregate == "count":
            return count
        if self.aggregate == "distinct":
            return len(set(values))
        if self.aggregate == "sum":
            return self.exact(sum(values))
        if not values or (self.aggregate == "stddev" and count < 2):
            return None
        if self.aggregate == "avg":
            return float(sum(values)) / (count * unit)
        if self.aggregate == "stddev":
            spread = count * sum(value * value for value in values) - sum(values) ** 2
            return math.sqrt(float(spread) / (count * (count - 1))) / unit
        if self.aggregate == "percentile":
            ordered = sorted(values)
            rank = Fraction(self.share) * (count - 1)
            low, part = rank.numerator // rank.denominator, rank % 1
            above = ordered[min(low + 1, count - 1)] * part.numerator
            return float(ordered[low] * (part.denominator - part.numerator) + above) / (part.denominator * unit)
        if self.aggregate == "mode":
            most = max(values.count(value) for value in values)
            text = isinstance(values[0], str)
            smallest = min((value for value in values if values.count(value) == most), key=lambda value: value.encode() if text else value)
            return self.exact(smallest)
        return self.exact({"min": min, "max": max, "first": lambda all: all[0], "last": lambda all: all[-1]}[self.aggregate](values))

    def exact(self, value):
        return Decimal(value).scaleb(-self.scale) if self.scale else value


def made_up_events(rng, count):
    time = BEGUN
    steps = rng.choice([[0, 1, 500, 1_000], [0, 1_000, 60_000], [1, 60_000, 3_600_000, DAY]])
    cards = rng.sample(TEXTS, rng.randrange(1, 4))
    for number in range(count):
        time += rng.choice(steps)
        late = rng.choice([0] * 12 + [1, 500, 1_000, 60_000, 3_600_000, 3 * DAY])
        event = {"id": number, "at": time - late, "card": rng.choice(cards), "amount": rng.choice([0, 100_000, rng.randrange(-10**6, 10**7)])}
        for field, value in (("device", rng.choice(TEXTS)), ("fee", rng.randrange(-100, 10_000)), ("count", rng.randrange(-1, 4)),
                             ("note", rng.choice(TEXTS)), ("good", rng.random() < 0.5)):
            if rng.random() < 0.8:
                event[field] = value
        yield event


def line_of(rng, event):
    """One JSON object, its members in any order, decimals in digits."""
    members = [f'"{field}":' + (str(Decimal(value).scaleb(-SCALES[field])) if field in SCALES else json.dumps(value, ensure_ascii=rng.random() < 0.5))
               for field, value in event.items()]
    rng.shuffle(members)
    return "{" + ",".join(members) + "}\n"


def compare(weir, seed):
    """The number of values compared, and what differs."""
    rng = random.Random(seed)
    features = [Feature(rng, f"f{number}") for number in range(rng.randrange(3, 12))]
    events = list(made_up_events(rng, rng.choice([60, 250])))
    with tempfile.TemporaryDirectory(prefix="weir-oracle-") as name:
        folder = pathlib.Path(name)
        rules = EVENT + "\n".join(feature.text() for feature in features) + '\nrule all "All" { when id >= 0 score 1 }\n'
        (folder / "test.rules").write_text(rules)
        (folder / "in.jsonl").write_text("".join(line_of(rng, event) for event in events), encoding="utf-8")
        written = [decide(weir, folder, "payment", batch_size, rng.randrange(1, 4), duration(LATE_ALLOWED)) for batch_size in (1, 7, 256)]
        if len(set(path.read_bytes() for path in written)) != 1:
            return 0, [f"seed {seed}: decisions depend on the size of the batches"]
        decided = {decision["event_id"]: decision["features"] for decision in decisions(written[0])}
    # Features of one key share what is too late for it.
    reach = {tuple(each.by): LATE_ALLOWED for each in features}
    for each in features:
        if each.newest == 0:
            reach[tuple(each.by)] = max(reach[tuple(each.by)], each.length + each.delay + LATE_ALLOWED)
    past, newest, compared, differences = {}, {}, 0, []
    for event in events:
        for feature in features:
            key, got = feature.key(event), decided[event["id"]][feature.name]
            place = (feature.name, key)
            too_late = newest.get(place, event["at"]) - event["at"] > reach[tuple(feature.by)]
            if key is not None and too_late:
                continue  # judged on what is still there, and not added
            wanted = None if key is None else feature.answer(past.get(place, []), event)
            compared += 1
            if (float(got) if isinstance(wanted, float) and got is not None else got) != wanted:
                differences.append(f"seed {seed}, event {event}: `{feature.text()}` is {got}, not {wanted}")
            if key is not None:
                past.setdefault(place, []).append(event)
                newest[place] = max(newest.get(place, event["at"]), event["at"])
    return compared, differences


if __name__ == "__main__":
    report_seeds(compare, 6)
