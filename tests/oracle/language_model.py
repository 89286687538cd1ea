"""What features, patterns, facts, modes and policy mean, naively: every past event is kept, and every question walks over all of them. An event
is a dictionary of its fields, decimals as whole numbers of their smallest digit, times in milliseconds, with `type` and the number `n` of its
arrival."""

import datetime
import math
from decimal import Decimal
from fractions import Fraction

DAY = 86_400_000
SCALES = {"amount": 4, "fee": 2}
FIELDS = {"payment": {"id", "at", "card", "device", "amount", "fee", "count", "note", "good", "rate", "seen"},
          "login": {"id", "at", "card", "device", "note", "good", "place", "rate"}}
EVENTS = """event payment {
  id      int            id
  at      timestamp(ms)  time
  card    string         key
  device  string?
  amount  decimal
  fee     decimal(2)?
  count   int?
  note    string?
  good    bool?
  rate    float?
  seen    timestamp(ms)?
}
event login {
  id      int            id
  at      timestamp(ms)  time
  card    string         key
  device  string?
  note    string?
  good    bool
  place   ip?
  rate    float?
}
let half = left(device, 1)
let net  = network(place, 24)
let lag  = age(seen)
"""
LETS = {"half": ("device", lambda e: e["device"][:1]), "net": ("place", lambda e: e["place"].rpartition(".")[0]),
        "lag": ("seen", lambda e: e["at"] - e["seen"])}


def field_of(name):
    return LETS[name][0] if name in LETS else name


def value_of(event, name):
    if name in LETS:
        return None if event.get(LETS[name][0]) is None else LETS[name][1](event)
    return event.get(name)


def types_with(names):
    return [each for each, fields in FIELDS.items() if all(field_of(name) in fields for name in names)]


def key_of(event, by):
    parts = tuple(value_of(event, name) for name in by)
    return None if None in parts else parts


def duration(ms):
    for unit, length in (("d", DAY), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms"


def by_time(events):
    return sorted(events, key=lambda each: (each["at"], each["n"]))


class Feature:
    """`past`, in `answer`: the events that it is made of with the key of `event`, by arrival."""

    def __init__(self, **spec):
        self.reset = False
        self.__dict__.update(spec)

    def text(self):
        share = f", {self.share}" if self.aggregate == "percentile" else ""
        return (f"feature {self.name} = {self.aggregate}({self.value}{share})"
                + (f" from {', '.join(self.named)}" if self.named else "") + f" by {', '.join(self.by)} over "
                + (f"last {self.newest} events within " if self.newest else "") + duration(self.length)
                + (" inclusive" if self.inclusive else "") + (f" delay {duration(self.delay)}" if self.delay else "")
                + (f" where {self.where}" if self.where else "") + (" excluding this event" if self.excluding else ""))

    def answer(self, past, event):
        end = event["at"] - self.delay
        begin = end - self.length
        own = [event] if self.delay == 0 and not self.excluding and event["type"] in self.types else []
        seen = [each for each in past + own if begin < each["at"] <= end or (self.inclusive and each["at"] == begin)]
        seen = [each for each in by_time(seen) if self.holds(each)][-self.newest:]
        if not self.value:
            return len(seen)
        values = [value_of(each, self.value) for each in seen]
        return self.over([value for value in values if value is not None])

    def over(self, values):
        count = len(values)
        if self.aggregate in ("count", "distinct"):
            return count if self.aggregate == "count" else len(set(values))
        if self.aggregate == "sum" and self.value != "rate":
            return self.shown(sum(values))
        if self.aggregate == "sum":
            return self.float_sum(values)
        if not values or (self.aggregate == "stddev" and count < 2):
            return None
        unit = 10 ** SCALES.get(self.value, 0)
        if self.aggregate == "avg":
            return (self.float_sum(values) if self.value == "rate" else float(sum(values))) / (count * unit)
        if self.aggregate == "stddev" and self.value == "rate":
            mean = self.float_sum(values) / count
            return math.sqrt(self.float_sum([(value - mean) * (value - mean) for value in values]) / (count - 1))
        if self.aggregate == "stddev":
            spread = count * sum(value * value for value in values) - sum(values) ** 2
            return math.sqrt(float(spread) / (count * (count - 1))) / unit
        if self.aggregate == "percentile":
            return self.between(sorted(values), Fraction(self.share) * (count - 1), unit)
        if self.aggregate == "mode":
            most = max(values.count(value) for value in values)
            often = [value for value in values if values.count(value) == most]
            return self.shown(min(often, key=lambda value: value.encode() if isinstance(value, str) else value))
        return self.shown({"min": min, "max": max, "first": lambda all: all[0], "last": lambda all: all[-1]}[self.aggregate](values))

    @staticmethod
    def float_sum(values):
        total = 0.0
        for value in values:  # from the oldest to the newest, rounded at each step
            total += value
        return total

    def between(self, ordered, rank, unit):
        low, part = rank.numerator // rank.denominator, rank % 1
        above = ordered[min(low + 1, len(ordered) - 1)]
        if self.value == "rate":
            return ordered[low] + (above - ordered[low]) * (part.numerator / part.denominator)
        return float(ordered[low] * (part.denominator - part.numerator) + above * part.numerator) / (part.denominator * unit)

    def shown(self, value):
        if self.value in ("seen", "at"):
            time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=value)
            return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{value % 1000:03}" if value % 1000 else "") + "Z"
        return Decimal(value).scaleb(-SCALES[self.value]) if self.value in SCALES else value


class Pattern:
    """`steps`: a condition, then (number of an earlier step, comparison with its event) as often as needed."""

    def __init__(self, name, by, within, steps, texts):
        self.name, self.by, self.within, self.steps = name, by, within, steps
        self.declared = f"pattern {name} by {', '.join(by)} within {duration(within)} {{ {' then '.join(texts)} }}"

    def matched(self, past, event):
        key = key_of(event, self.by)
        if key is None or not self.steps[-1][0](event):
            return False
        begin = event["at"] - self.within
        return self.place([], by_time(each for each in past if begin < each["at"] <= event["at"] and key_of(each, self.by) == key), event)

    def place(self, chosen, earlier, event):
        condition, comparisons = self.steps[len(chosen)]
        fits = lambda each: condition(each) and all(compare(each, chosen[step]) for step, compare in comparisons)
        if len(chosen) + 1 == len(self.steps):
            return fits(event)
        return any(fits(each) and self.place(chosen + [each], earlier[at + 1:], event) for at, each in enumerate(earlier))

    def remembers(self, event):
        return any(condition(event) for condition, _ in self.steps[:-1])
