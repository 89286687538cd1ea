"""Runs `weir run` on made-up rules of the whole language over two event types, and compares every decision with a naive model: features of all
aggregates and value types, over own decisions too, resets, facts, patterns, shadow and canary, by keys of several kinds. A third of the runs
has events that come twice, a third has events that are too late for some of their keys.

usage: language_oracle.py WEIR [FIRST_SEED [SEEDS]]
"""

import json
import pathlib
import random
import tempfile
from decimal import Decimal

from language_model import DAY, EVENTS, FIELDS, SCALES, Feature, Pattern, duration, field_of, key_of, types_with
from service_run import decide, decisions, report_seeds

BEGUN = 1_767_225_600_000
BOTH = ["payment", "login"]
POLICY = "policy { precedence block, alert, allow score >= 40 -> block score >= 20 -> alert otherwise -> allow }\n"


def above(value, bound):
    return value is not None and value > bound


def differ(one, other):
    return None not in (one, other) and one != other


# What a condition says, the fields that it reads, and whether it holds.
CONDITIONS = [
    ("", [], lambda e: True),
    ("good", ["good"], lambda e: e.get("good") is True),
    ("good == false", ["good"], lambda e: e.get("good") is False),
    ("not (count == 1)", ["count"], lambda e: e.get("count") != 1),
    ("amount > 10 or note is missing", ["amount", "note"], lambda e: above(e.get("amount"), 100_000) or e.get("note") is None),
    ("event == login", [], lambda e: e["type"] == "login"),
    ("amount > 4.5", ["amount"], lambda e: above(e.get("amount"), 45_000)),
]
OWN_DECISIONS = [
    ("outcome == block", [], lambda e: e["outcome"] == "block"),
    ("outcome in [alert, block]", [], lambda e: e["outcome"] in ("alert", "block")),
    ("score >= 20 and good", ["good"], lambda e: e["score"] >= 20 and e.get("good") is True),
    ("outcome != allow and amount > 4.5", ["amount"], lambda e: e["outcome"] != "allow" and above(e.get("amount"), 45_000)),
    ("score between 1 and 30", [], lambda e: 1 <= e["score"] <= 30),
]
STEPS = [("amount > 4.5", CONDITIONS[6][2]), ("good == false", CONDITIONS[2][2]), ("good", CONDITIONS[1][2]), ("event == login", CONDITIONS[5][2]),
         ("event == payment and count in [1, 2]", lambda e: e["type"] == "payment" and e.get("count") in (1, 2)),
         ('(note == "a" or note is missing)', lambda e: e.get("note") in ("a", None))]
COMPARISONS = [
    ("amount > {}.amount", lambda e, before: before.get("amount") is not None and above(e.get("amount"), before["amount"])),
    ("amount > 2 * {}.amount", lambda e, before: before.get("amount") is not None and above(e.get("amount"), 2 * before["amount"])),
    ("note != {}.note", lambda e, before: differ(e.get("note"), before.get("note"))),
    ("device == {}.device", lambda e, before: e.get("device") is not None and e["device"] == before.get("device")),
]
KEYS = [[["card"]], [["card"], ["half"]],
        [["card"], ["device"], ["card", "device"], ["note"], ["half"], ["net"], ["device", "half"], ["count"], ["fee"], ["good", "card"], ["place"]]]
FACTS = ["level", "mark", "spent"]


class Rules:
    """Drawn at random. `rules` are dictionaries; conditions and values see what `context` of `compare` holds."""

    def __init__(self, rng):
        self.rng = rng
        self.windows = rng.choice([[500, 1_000, 60_000, 3_600_000], [1_000, 60_000], [60_000, 120_000]])
        self.keys = rng.choice(KEYS)
        self.features = [self.feature(f"f{number}") for number in range(rng.randrange(4, 10))]
        texts = [each.text().partition("=")[2] for each in self.features]
        self.features = [each for at, each in enumerate(self.features) if texts.index(texts[at]) == at]  # equal ones would be one
        self.patterns = [self.pattern(f"p{number}") for number in range(rng.randrange(0, 3))]
        self.fact_keys = {name: rng.choice([["card"], ["device"], ["card", "device"]]) for name in FACTS}
        self.rules = []
        self.draw_rules()

    def feature(self, name):
        rng = self.rng
        aggregate = rng.choice(["count", "count", "sum", "avg", "min", "max", "stddev", "distinct", "first", "last", "percentile", "mode"])
        of_any = ["amount", "fee", "count", "note", "good", "id", "place", "seen", "lag", "at"]
        numbers = ["amount", "fee", "count", "rate"]
        value = rng.choice({"count": ["", "", "note"], "distinct": of_any, "mode": of_any, "first": of_any + ["rate"], "last": of_any,
                            "min": numbers + ["seen", "lag"], "max": numbers + ["seen", "lag"]}.get(aggregate, numbers))
        own, newest = rng.random() < 0.3, rng.choice([0, 0, 0, 1, 3, 20])
        able = []
        while not able:
            by = rng.choice(self.keys)
            where, fields, holds = rng.choice(OWN_DECISIONS if own else CONDITIONS)
            able = types_with(by + ([value] if value else []) + fields)
        named = rng.sample(able, rng.randrange(1, len(able) + 1)) if rng.random() < 0.4 else []
        return Feature(name=name, aggregate=aggregate, value=value, by=by, where=where, holds=holds, named=named, types=named or able,
                       length=rng.choice(self.windows), newest=newest, inclusive=newest == 0 and rng.random() < 0.3,
                       delay=rng.choice([0, 0, 0, 1_000, 60_000]), excluding=own or rng.random() < 0.3,
                       share=rng.choice(["0", "0.25", "0.5", "0.95", "1"]))

    def pattern(self, name):
        steps, texts = [], []
        for number in range(self.rng.randrange(2, 4)):
            text, condition = self.rng.choice(STEPS)
            comparisons = []
            if number > 0 and self.rng.random() < 0.6:
                before = self.rng.randrange(number)
                compared, compare = self.rng.choice(COMPARISONS)
                text += " and " + compared.format(f"s{before}")
                comparisons.append((before, compare))
            texts.append(f"s{number}: {text}")
            steps.append((condition, comparisons))
        return Pattern(name, self.rng.choice([["card"], ["device"], ["card", "device"]]), self.rng.choice(self.windows), steps, texts)

    def condition(self):
        """A text, whether it holds, and the event types that have what it reads."""
        counts = [each for each in self.features if each.aggregate in ("count", "distinct")]
        choices = [("amount > 8", lambda c: above(c["event"].get("amount"), 80_000), ["payment"]),
                   ("good == false", lambda c: c["event"].get("good") is False, BOTH),
                   ("coalesce(level, 0) >= 2", lambda c: (c["level"] or 0) >= 2, BOTH), ('mark == "a"', lambda c: c["mark"] == "a", BOTH),
                   ("spent > 20", lambda c: above(c["spent"], 200_000), BOTH),
                   ("level is missing and good", lambda c: c["level"] is None and c["event"].get("good") is True, BOTH)]
        choices += [(f"{each.name} matched", lambda c, name=each.name: c[name], BOTH) for each in self.patterns]
        if counts and self.rng.random() < 0.4:
            name, least = (each := self.rng.choice(counts)).name, self.rng.randrange(1, 5)
            return f"{name} >= {least}", lambda c: above(c[name], least - 1), types_with(each.by)
        return self.rng.choice(choices)

    def update(self, on):
        life = self.rng.choice([0, 0, 500, 60_000, 3_600_000])
        choices = [("level", "coalesce(level, 0) + 1", lambda c: (c["level"] or 0) + 1, life), ("mark", "note", lambda c: c["event"].get("note"), life),
                   (self.rng.choice(FACTS), "", lambda c: None, 0)]
        if on == ["payment"]:
            choices.append(("spent", "coalesce(spent, 0) + amount", lambda c: (c["spent"] or 0) + c["event"]["amount"], life))
        return self.rng.choice(choices)

    def add(self, when, holds, on, **clauses):
        rule = {"name": f"r{len(self.rules)}", "when": when, "holds": holds, "on": on, "score": 0, "then": None, "updates": [], "resets": [],
                "mode": "live", "canary_by": None, "reason": None, **clauses}
        for feature in rule["resets"]:
            feature.reset = True
        self.rules.append(rule)

    def draw_rules(self):
        rng = self.rng
        self.add("true", lambda c: True, BOTH, reason="|".join(f"{{{name}}}" for name in FACTS + ["m" + each.name for each in self.patterns]))
        for _ in range(rng.randrange(6, 14)):
            when, holds, on = self.condition()
            if rng.random() < 0.3:
                other, other_holds, other_on = self.condition()
                when, holds = f"({when}) and not ({other})", lambda c, one=holds, two=other_holds: one(c) and not two(c)
                on = [each for each in on if each in other_on]
            if on and rng.random() < 0.3:
                on = [rng.choice(on)]
            if on:
                self.add(when, holds, on, score=rng.choice([0, 5, 15, 25, -5]), then=rng.choice([None, None, "block", "alert"]),
                         updates=[self.update(on) for _ in range(rng.choice([0, 0, 1, 2]))],
                         resets=[rng.choice(self.features)] if rng.random() < 0.35 else [], mode=rng.choice(["live"] * 6 + ["shadow", "canary"]),
                         canary_by=rng.choice(["card", "device"]))
        self.add("amount > 3", lambda c: above(c["event"].get("amount"), 30_000), ["payment"],
                 updates=[("spent", "coalesce(spent, 0) + amount", lambda c: (c["spent"] or 0) + c["event"]["amount"], 60_000)])
        self.add("good", lambda c: c["event"].get("good") is True, BOTH,
                 updates=[("mark", "note", lambda c: c["event"].get("note"), 0), ("level", "coalesce(level, 0) + 1", lambda c: (c["level"] or 0) + 1, 0)])

    def text(self):
        lines = [EVENTS] + [each.text() for each in self.features]
        for each in self.patterns:
            lines += [each.declared, f"let m{each.name} = {each.name} matched"]
        lines += [f"let {name} = profile({', '.join(by)}).{name}" for name, by in self.fact_keys.items()]
        for rule in self.rules:
            clauses = [f"when {rule['when']}"] + ([f"then {rule['then']}"] if rule["then"] else []) + [f"score {rule['score']}"]
            for name, value, _, life in rule["updates"]:
                wanted = f"set {name} = {value}" + (f" for {duration(life)}" if life else "") if value else f"unset {name}"
                clauses.append(f"update {', '.join(self.fact_keys[name])} {wanted}")
            clauses += [f"reset {each.name}" for each in rule["resets"]] + ([f'reason "{rule["reason"]}"'] if rule["reason"] else [])
            clauses += {"live": [], "shadow": ["mode shadow"], "canary": [f"mode canary 40% by {rule['canary_by']}"]}[rule["mode"]]
            lines.append(f'rule {rule["name"]} "T" on {", ".join(rule["on"])} {{\n  ' + "\n  ".join(clauses) + "\n}")
        return "\n".join(lines) + "\n" + POLICY


def made_up_events(rng, count, lateness, twice):
    time, events = BEGUN, []
    steps = rng.choice([[0, 1, 500, 1_000], [0, 1_000, 60_000], [0, 0, 500, 1_000]])
    cards = [f"c{number}" for number in range(rng.choice([1, 2, 4]))]
    devices = rng.choice([["d1"], ["d1", "e2", "d3"]])
    for number in range(count):
        time += rng.choice(steps)
        kind = rng.choice(["payment", "payment", "login"])
        at = time - rng.choice(lateness)
        drawn = {"device": rng.choice(devices), "fee": rng.randrange(-100, 1_000), "count": rng.randrange(-1, 4),
                 "note": rng.choice(["", "a", "abc", "b", "é"]), "good": rng.random() < 0.5, "rate": rng.choice([0.1, 0.2, 1e10, -5.5, rng.random()]),
                 "seen": at - rng.choice([0, 500, 1_000, -1_000]), "place": rng.choice(["10.0.0.1", "10.0.0.2", "10.0.1.1"])}
        event = {"type": kind, "n": number, "id": number, "at": at, "card": rng.choice(cards)}
        event.update({"amount": rng.choice([0, 100_000, 50_000, rng.randrange(-10**4, 10**5)])} if kind == "payment" else {"good": drawn["good"]})
        event.update({name: value for name, value in drawn.items() if name in FIELDS[kind] and rng.random() < 0.85})
        if number > 0 and rng.random() < twice:
            before = rng.choice(events[-40:])
            event = {**before, "n": number, "at": at} if rng.random() < 0.7 else {**event, "id": before["id"]}
        events.append(event)
    return events


def line_of(rng, event):
    members = [f'"{name}":' + (str(Decimal(value).scaleb(-SCALES[name])) if name in SCALES else json.dumps(value))
               for name, value in event.items() if name != "n"]
    rng.shuffle(members)
    return "{" + ",".join(members) + "}\n"


def shown(value, is_amount=False):
    if value is None:
        return "?"
    if is_amount:
        return format(Decimal(value).scaleb(-SCALES["amount"]).normalize(), "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


class Lateness:
    """What is too late for which key, and so in none of its windows: by group, that is the features of one key and the same types."""

    def __init__(self, rules, allowed):
        self.reach, self.newest, self.absent = {}, {}, set()
        for each in rules.features:
            group = self.group(each)
            self.reach[group] = max(self.reach.get(group, allowed), 0 if each.newest else each.length + each.delay + allowed)
        for each in rules.patterns:
            self.reach[self.group(each)] = each.within + allowed

    @staticmethod
    def group(asked):
        return asked.name if isinstance(asked, Pattern) else (tuple(asked.by), tuple(sorted(asked.types)))

    def is_late(self, asked, event):
        place = (self.group(asked), key_of(event, asked.by))
        return place[1] is not None and self.newest.get(place, event["at"]) - event["at"] > self.reach[place[0]]

    def see(self, asked, event):
        place = (self.group(asked), key_of(event, asked.by))
        if place[1] is None or not (asked.remembers(event) if isinstance(asked, Pattern) else event["type"] in asked.types):
            return
        if self.is_late(asked, event):
            self.absent.add((place[0], event["n"]))
        else:
            self.newest[place] = max(self.newest.get(place, event["at"]), event["at"])

    def there(self, asked, past):
        return [each for each in past if (self.group(asked), each["n"]) not in self.absent]


class Model:
    def __init__(self, rules, allowed):
        self.rules, self.late = rules, Lateness(rules, allowed)
        self.past, self.facts, self.emptied, self.sides = [], {}, {}, {}

    def context(self, event, decision):
        """What rules read at this event. What is too late to be exact is taken from the decision."""
        context = {"event": event}
        said = decision["reasons"][0]["text"].split("|")[len(FACTS):]
        for each in self.rules.features:
            got, key = decision["features"].get(each.name), key_of(event, each.by)
            if not all(field_of(name) in FIELDS[event["type"]] for name in each.by) or key is None:
                context[each.name] = None
            elif self.late.is_late(each, event):
                context[each.name] = got
            else:
                since = self.emptied.get((each.name, key), -1)
                past = [one for one in self.past if one["type"] in each.types and one["n"] > since and key_of(one, each.by) == key]
                context[each.name] = each.answer(self.late.there(each, past), event)
        for number, each in enumerate(self.rules.patterns):
            is_late = self.late.is_late(each, event)
            context[each.name] = said[number] == "true" if is_late else each.matched(self.late.there(each, self.past), event)
        for name, by in self.rules.fact_keys.items():
            value, end = self.facts.get((name, key_of(event, by)), (None, None))
            context[name] = value if end is None or event["at"] < end else None
        return context

    def is_live(self, rule, event, decision):
        """A canary's side is taken from the decision; it may not change."""
        if rule["mode"] != "canary" or event.get(rule["canary_by"]) is None:
            return rule["mode"] == "live"
        fired = rule["name"] in [each["rule"] for each in decision["reasons"]]
        return self.sides.setdefault((rule["name"], event[rule["canary_by"]]), fired)

    def decide(self, event, decision):
        """What should have been decided; the event is then one of the past."""
        context = self.context(event, decision)
        fired, shadow, writes = [], [], []
        for rule in self.rules.rules:
            if event["type"] in rule["on"] and rule["holds"](context):
                (fired if self.is_live(rule, event, decision) else shadow).append(rule)
        for rule in fired:
            for name, _, value, life in rule["updates"]:
                writes.append(((name, key_of(event, self.rules.fact_keys[name])), (value(context), event["at"] + life if life else None)))
        event["score"] = sum(rule["score"] for rule in fired)
        by_score = "block" if event["score"] >= 40 else "alert" if event["score"] >= 20 else "allow"
        event["outcome"] = next((each for each in ("block", "alert") if each in [rule["then"] for rule in fired]), by_score)
        for place, fact in writes:
            if place[1] is not None:
                self.facts[place] = fact
        self.past.append(event)
        for each in {self.late.group(each): each for each in self.rules.features + self.rules.patterns}.values():
            self.late.see(each, event)
        for rule in fired:
            for each in rule["resets"]:
                self.emptied[(each.name, key_of(event, each.by))] = event["n"]
        said = [shown(context[name], name == "spent") for name in FACTS] + [shown(context[each.name]) for each in self.rules.patterns]
        return {"outcome": event["outcome"], "score": event["score"], "fired": [rule["name"] for rule in fired],
                "shadow": [rule["name"] for rule in shadow], "said": "|".join(said), **{each.name: context[each.name] for each in self.rules.features}}


def decided(rules, decision):
    return {"outcome": decision["outcome"], "score": decision["score"], "fired": [each["rule"] for each in decision["reasons"]],
            "shadow": [each["rule"] for each in decision.get("shadow", [])], "said": decision["reasons"][0]["text"],
            **{each.name: decision["features"].get(each.name, "not there") for each in rules.features}}


def same(got, wanted):
    return (float(got) if isinstance(wanted, float) and isinstance(got, (int, Decimal)) else got) == wanted


def compare(weir, seed):
    """The number of values compared, and what differs."""
    rng = random.Random(seed)
    kind = ["plain", "twice", "late"][seed % 3]
    rules = Rules(rng)
    allowed = rng.choice([0, 1_000, 60_000]) if kind == "late" else 40_000
    horizon = rng.choice([1_000, 60_000]) if kind == "twice" else 0
    lateness = {"plain": [0] * 12 + [1, 500, 1_000, 30_000], "twice": [0],
                "late": [0] * 16 + [1, 500, 1_000, 61_000, 62_000, 121_000, 3_600_000, 7_300_000, DAY]}[kind]
    events = made_up_events(rng, rng.choice([80, 300, 700]), lateness, 0.25 if horizon else 0)
    with tempfile.TemporaryDirectory(prefix="weir-oracle-") as name:
        folder = pathlib.Path(name)
        (folder / "test.rules").write_text(rules.text(), encoding="utf-8")
        (folder / "in.jsonl").write_text("".join(line_of(rng, event) for event in events), encoding="utf-8")
        written = [decide(weir, folder, "{ field: type }", batch_size, 1, duration(allowed), duration(horizon)) for batch_size in (1, 7, 256)]
        if len(set(path.read_bytes() for path in written)) != 1:
            return 0, [f"seed {seed}: decisions depend on the size of the batches"]
        got = list(decisions(written[0]))
    if len(got) != len(events):
        return 0, [f"seed {seed}: {len(got)} decisions for {len(events)} events"]
    model, firsts, compared = Model(rules, allowed), {}, 0
    for event, decision in zip(events, got):
        at, first = firsts.get((event["type"], event["id"]), (0, None))
        if first is not None and event["at"] - at <= horizon:
            compared += 1
            if decision != first:
                return compared, [f"seed {seed}, {event}: decided anew, {decision}, not as before, {first}"]
            continue
        firsts[event["type"], event["id"]] = event["at"], decision if horizon else None
        wanted, found = model.decide(event, decision), decided(rules, decision)
        compared += len(wanted)
        differences = [f"seed {seed}, {event}: `{what}` is {found[what]}, not {wanted[what]}" for what in wanted if not same(found[what], wanted[what])]
        if differences:
            return compared, differences  # all that follows would differ, too
    return compared, []


if __name__ == "__main__":
    report_seeds(compare, 12)
