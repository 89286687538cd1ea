"""Runs `weir run` on rules of Flink's fraud detection demo ("Advanced Flink Application Patterns"), translated from the demo's own form, and
compares which transactions alert, rule by rule, with a model of the demo's semantics: each event is handed to each rule in the order of their
numbers, the events of a key are kept by its text and shared by all rules that have it, and a window is [t - minutes, t].

Where the two differ, the translation says it in Weir's words:
- the window is closed at its lower end, too: `inclusive`;
- COUNT_WITH_RESET empties what is kept for the key, for the other rules by that key as well: `reset` names the features of all of them;
- PAUSE goes on collecting and alerts nobody: `mode off`;
- the demo's rules after one that resets find the event at hand in the emptied window, while Weir's all see what was there before the event.
  So a rule with reset has the highest number of those by its key here.

usage: flink_demo_oracle.py WEIR [FIRST_SEED [SEEDS]]
"""

import bisect
import operator
import pathlib
import random
import sys
import tempfile
from collections import defaultdict
from fractions import Fraction

from service_run import decide, decisions, report_seeds

MINUTE = 60_000
BEGUN = 1_770_000_000_000
EVENT = """event transaction {
  transactionId  int         id
  eventTime      timestamp   time
  payeeId        int         key
  beneficiaryId  int
  paymentAmount  decimal(2)
  paymentType    string
}
"""
OPERATORS = {"EQUAL": ("==", operator.eq), "NOT_EQUAL": ("!=", operator.ne), "GREATER": (">", operator.gt), "LESS": ("<", operator.lt),
             "GREATER_EQUAL": (">=", operator.ge), "LESS_EQUAL": ("<=", operator.le)}
RESET = "COUNT_WITH_RESET_FLINK"
KEYS = [("payeeId",), ("beneficiaryId",), ("payeeId", "beneficiaryId"), ("paymentType",), ("beneficiaryId", "paymentType")]


def rule(keys, field, function, limit_operator, limit, minutes, state="ACTIVE"):
    return {"ruleState": state, "groupingKeyNames": keys, "aggregateFieldName": field, "aggregatorFunctionType": function,
            "limitOperatorType": limit_operator, "limit": limit, "windowMinutes": minutes}


def demo_rules():
    """The four rules with which the demo begins."""
    return [rule(("payeeId", "beneficiaryId"), "paymentAmount", "SUM", "GREATER", "20000000", 43_200),
            rule(("paymentType",), "COUNT_FLINK", "SUM", "LESS", "300", 1_440, "PAUSE"),
            rule(("beneficiaryId",), "paymentAmount", "SUM", "GREATER_EQUAL", "10000000", 1_440),
            rule(("paymentType",), RESET, "SUM", "GREATER_EQUAL", "100", 1_440)]


def made_up_rules(rng):
    rules = []
    for keys in KEYS:
        for function in rng.sample(["SUM", "AVG", "MIN", "MAX"], 2):
            limit = {"SUM": "150", "AVG": rng.choice(["12.5", "9.75"]), "MIN": rng.choice(["5.00", "7.10"]), "MAX": rng.choice(["20.00", "18.31"])}[function]
            rules.append(rule(keys, "paymentAmount", function, rng.choice(list(OPERATORS)), limit, rng.choice([1, 20, 60, 1_440])))
        rules.append(rule(keys, "COUNT_FLINK", "SUM", rng.choice(list(OPERATORS)), str(rng.randrange(2, 6)), rng.choice([1, 5, 30]),
                          rng.choice(["ACTIVE", "ACTIVE", "PAUSE"])))
        if rng.random() < 0.5:
            rules.append(rule(keys, RESET, "SUM", rng.choice(["EQUAL", "GREATER_EQUAL"]), str(rng.randrange(3, 9)), rng.choice([10, 90])))
    return rules


def translated(rules):
    features, text = {}, EVENT
    for number, each in enumerate(rules):
        amount = each["aggregateFieldName"] == "paymentAmount"
        aggregate = f"{each['aggregatorFunctionType'].lower()}(paymentAmount)" if amount else "count()"
        text += f"feature f{number} = {aggregate} by {', '.join(each['groupingKeyNames'])} over {each['windowMinutes']}m inclusive\n"
        features.setdefault(each["groupingKeyNames"], []).append(f"f{number}")
    for number, each in enumerate(rules):
        mode = " mode off" if each["ruleState"] == "PAUSE" else ""
        reset = f" reset {', '.join(features[each['groupingKeyNames']])}" if each["aggregateFieldName"] == RESET else ""
        text += (f'rule r{number} "{each["aggregateFieldName"]}"{mode} '
                 f'{{ when f{number} {OPERATORS[each["limitOperatorType"]][0]} {each["limit"]} then alert{reset} }}\n')
    return text


def made_up_events(rng, count):
    """Times with ties and whole minutes, so that events stand on the edges of windows; some come late."""
    time = BEGUN
    for number in range(count):
        time += rng.choice([0, 0, 1, 500, 2_000, rng.choice([MINUTE, 20 * MINUTE])])
        late = rng.choice([0] * 15 + [rng.randrange(MINUTE), MINUTE])
        cents = 100 * rng.randrange(5_000_000, 25_000_000) if rng.random() < 0.001 else rng.choice([500, 1_250, rng.randrange(500, 2_000)])
        yield {"transactionId": number, "eventTime": time - late, "payeeId": int(40 * rng.random() ** 2), "beneficiaryId": int(30 * rng.random() ** 2),
               "cents": cents, "paymentType": rng.choice(["CRD", "CSH"])}


def line_of(event):
    return ('{"transactionId":%(transactionId)d,"eventTime":%(eventTime)d,"payeeId":%(payeeId)d,"beneficiaryId":%(beneficiaryId)d,' % event
            + '"paymentAmount":%d.%02d,' % divmod(event["cents"], 100) + '"paymentType":"%(paymentType)s"}\n' % event)


def value_of(each, amounts):
    """What the rule compares, of the amounts in its window in cents."""
    if each["aggregateFieldName"] != "paymentAmount":
        return Fraction(len(amounts))
    function = {"SUM": sum, "AVG": lambda all: Fraction(sum(all), len(all)), "MIN": min, "MAX": max}[each["aggregatorFunctionType"]]
    return Fraction(function(amounts)) / 100


def demo_alerts(rules, events):
    """(transaction, rule) of each alert of the demo."""
    kept, alerts = defaultdict(list), set()
    for event in events:
        for number, each in enumerate(rules):
            window = kept[tuple((field, event[field]) for field in each["groupingKeyNames"])]
            entry = (event["eventTime"], event["transactionId"], event["cents"])
            place = bisect.bisect_left(window, entry)
            if place == len(window) or window[place] != entry:
                window.insert(place, entry)
            if each["ruleState"] != "ACTIVE":
                continue
            begin = bisect.bisect_left(window, (event["eventTime"] - each["windowMinutes"] * MINUTE,))
            end = bisect.bisect_left(window, (event["eventTime"] + 1,))
            if OPERATORS[each["limitOperatorType"]][1](value_of(each, [cents for _, _, cents in window[begin:end]]), Fraction(each["limit"])):
                alerts.add((event["transactionId"], number))
                if each["aggregateFieldName"] == RESET:
                    window.clear()
    return alerts


def compare(weir, seed, rules):
    """The number of verdicts compared, and what differs."""
    events = list(made_up_events(random.Random(seed), 4_000))
    with tempfile.TemporaryDirectory(prefix="weir-oracle-") as name:
        folder = pathlib.Path(name)
        (folder / "flink_demo.rules").write_text(translated(rules))
        (folder / "in.jsonl").write_text("".join(map(line_of, events)))
        decided = list(decisions(decide(weir, folder, "transaction", batch_size=random.Random(seed).choice([1, 7, 256]))))
    if [decision["event_id"] for decision in decided] != list(range(len(events))):
        sys.exit(f"seed {seed}: not every transaction is decided once")
    got = {(decision["event_id"], int(reason["rule"][1:])) for decision in decided for reason in decision["reasons"]}
    wanted = demo_alerts(rules, events)
    return len(events) * len(rules), [f"seed {seed}, transaction {events[event]}: {'only the demo' if (event, number) in wanted else 'only Weir'} alerts"
                                      f" by {rules[number]}" for event, number in sorted(got ^ wanted)]


def compare_sets(weir, seed):
    total, found = 0, []
    for rules in (demo_rules(), made_up_rules(random.Random(seed))):
        compared, differences = compare(weir, seed, rules)
        total += compared
        found += differences
    return total, found


if __name__ == "__main__":
    report_seeds(compare_sets, 3)
