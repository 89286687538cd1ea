"""Runs `weir run` on the features of the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot, Bontempi), chapter 3, and compares every value
of every transaction with the book's own way to compute them: rolling windows over the rows of a customer or terminal, and for what a terminal
has to answer for, the window of delay and length less that of the delay.

Without a file the transactions are made up by the book's procedure, in small and in whole minutes, so that there are ties and events on the
edges of windows. The book's data set of 1,754,155 transactions, written as CSV under the names of its columns, is compared in the same way.

usage: handbook_oracle.py WEIR [TRANSACTIONS.csv]
"""

import csv
import datetime
import filecmp
import itertools
import pathlib
import random
import shutil
import sys
import tempfile
from collections import defaultdict, deque
from decimal import Decimal

from service_run import decide, decisions, report

DAY = 86_400
BEGUN = datetime.datetime(2018, 4, 1)
DELAY_DAYS = 7
WINDOWS_DAYS = (1, 7, 30)
RULES = pathlib.Path(__file__).with_name("handbook.rules")


def poisson(rng, mean):
    arrivals = itertools.accumulate(rng.expovariate(1) for _ in itertools.count())
    return sum(1 for _ in itertools.takewhile(lambda time: time < mean, arrivals))


def simulated(rng, customers=200, terminals=120, days=60, radius=12):
    """Rows of (second, customer, terminal, cents, fraud) in the order of time."""
    places = [(rng.uniform(0, 100), rng.uniform(0, 100)) for _ in range(terminals)]
    rows = []
    for customer in range(customers):
        x, y, mean, a_day = rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(5, 100), rng.uniform(0, 4)
        near = [terminal for terminal, (at_x, at_y) in enumerate(places) if (at_x - x) ** 2 + (at_y - y) ** 2 < radius ** 2]
        for day in range(days if near else 0):
            for _ in range(poisson(rng, a_day)):
                second, amount = int(rng.gauss(DAY / 2, 20_000)) // 60 * 60, rng.gauss(mean, mean / 2)
                if 0 <= second < DAY:
                    rows.append([day * DAY + second, customer, rng.choice(near), round(100 * abs(amount)), int(amount > 220)])
    rows.sort(key=lambda row: row[0])
    for day in range(days):
        stolen, skimmed = rng.sample(range(customers), 2), rng.sample(range(terminals), 2)
        for row in rows:
            if row[2] in skimmed and day <= row[0] // DAY < day + 28:
                row[4] = 1
            if row[1] in stolen and day <= row[0] // DAY < day + 14 and rng.random() < 1 / 3:
                row[3], row[4] = 5 * row[3], 1
    return rows


def published(path):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            second = (datetime.datetime.fromisoformat(row["TX_DATETIME"]) - BEGUN) // datetime.timedelta(seconds=1)
            yield second, int(row["CUSTOMER_ID"]), int(row["TERMINAL_ID"]), round(100 * Decimal(row["TX_AMOUNT"])), int(row["TX_FRAUD"])


class Rolling:
    """Count and sum over (t - days, t] as of the row that was added last."""

    def __init__(self, days):
        self.length, self.rows, self.total = days * DAY, deque(), 0

    def add(self, second, value):
        self.rows.append((second, value))
        self.total += value
        while self.rows[0][0] <= second - self.length:
            self.total -= self.rows.popleft()[1]
        return len(self.rows), self.total


def book(rows):
    """What the book computes for each row, by name; None where it divides nothing by nothing."""
    customers = defaultdict(lambda: {days: Rolling(days) for days in WINDOWS_DAYS})
    terminals = defaultdict(lambda: {days: Rolling(days) for days in (DELAY_DAYS, *(DELAY_DAYS + days for days in WINDOWS_DAYS))})
    for second, customer, terminal, cents, fraud in rows:
        features = {}
        for days, window in customers[customer].items():
            count, total = window.add(second, cents)
            features[f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"] = count
            features[f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"] = total / (100 * count)
        seen = {days: window.add(second, fraud) for days, window in terminals[terminal].items()}
        for days in WINDOWS_DAYS:
            count, frauds = (whole - late for whole, late in zip(seen[DELAY_DAYS + days], seen[DELAY_DAYS]))
            features[f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"] = count
            features[f"TERMINAL_ID_NB_FRAUD_{days}DAY_WINDOW"] = frauds
            features[f"TERMINAL_ID_RISK_{days}DAY_WINDOW"] = frauds / count if count else None
        time = BEGUN + datetime.timedelta(seconds=second)
        yield features, {"TX_DURING_WEEKEND": time.weekday() >= 5, "TX_DURING_NIGHT": time.hour <= 6}


def line_of(number, row):
    second, customer, terminal, cents, fraud = row
    time = (BEGUN + datetime.timedelta(seconds=second)).isoformat()
    return (f'{{"TRANSACTION_ID":{number},"TX_DATETIME":"{time}Z","CUSTOMER_ID":{customer},"TERMINAL_ID":{terminal},'
            f'"TX_AMOUNT":{Decimal(cents).scaleb(-2)},"TX_FRAUD":{fraud}}}\n')


def compare(decided, rows):
    """The number of values compared, and what differs."""
    compared, differences = 0, []
    for number, (decision, (features, flags)) in enumerate(zip(decided, book(rows), strict=True)):
        if decision["event_id"] != number:
            sys.exit(f"transaction {number} is not decided in its place")
        got, fired = decision["features"], {reason["rule"] for reason in decision["reasons"]}
        compared += len(features) + len(flags)
        for feature, wanted in features.items():
            value = float(got[feature]) if isinstance(wanted, float) and got[feature] is not None else got[feature]
            if value != wanted:
                differences.append(f"transaction {number}: {feature} is {value}, in the book {wanted}")
        differences += [f"transaction {number}: {flag} is {flag in fired}, in the book {holds}"
                        for flag, holds in flags.items() if (flag in fired) != holds]
    return compared, differences


def main():
    weir = sys.argv[1]
    rows = list(published(sys.argv[2])) if len(sys.argv) > 2 else simulated(random.Random(1))
    with tempfile.TemporaryDirectory(prefix="weir-oracle-") as name:
        folder = pathlib.Path(name)
        shutil.copy(RULES, folder)
        with open(folder / "in.jsonl", "w", encoding="utf-8") as file:
            file.writelines(line_of(number, row) for number, row in enumerate(rows))
        written = [decide(weir, folder, "payment", batch_size, lanes) for batch_size, lanes in ((256, 1), (7, 3))]
        if not filecmp.cmp(*written, shallow=False):
            sys.exit("decisions depend on batches or lanes")
        compared, differences = compare(decisions(written[0]), rows)
    report(compared, differences)


if __name__ == "__main__":
    main()
