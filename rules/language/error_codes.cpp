#include "rules/language/error_codes.h"

namespace weir {

namespace {

constexpr ErrorCode codes[] = {
    // R01: syntax
    {"R0101", "something else is expected here",
     "The text does not follow the grammar at this place. The message names what would fit and what was found instead.\n"
     "A file is a row of declarations: `event`, `list`, `feature`, `let`, `rule`, `policy`. Line breaks and blanks have no meaning,\n"
     "except that a declaration begins on a line of its own. `rules/README.md` shows every form."},
    {"R0102", "unreadable text",
     "A string has no closing quote on its line, an escape is not one of \\\" \\\\ \\n \\t, a character outside strings means nothing,\n"
     "or the file is not UTF-8. In a regular expression (behind `matches`) backslashes stand for themselves."},
    {"R0103", "a block is not closed",
     "A `{` has no `}`. The place is that of the opening brace; the missing one belongs before the next declaration."},
    {"R0104", "spelled as in another language",
     "`&&`, `||`, `!`, `<>`, 'single quotes', `//` comments, `;` and AND in capitals are understood, but not accepted: one way to write\n"
     "each thing keeps rules readable. Write `and`, `or`, `not`, `!=`, \"double quotes\", `#` and nothing at the end of a line."},
    {"R0105", "a limit is reached",
     "Files, names, strings, nesting, conditions and rule sets have limits, so that no rules file can exhaust the machine. The message\n"
     "names the limit. Long conditions become short by giving parts of them names with `let`."},
    {"R0106", "not a number, duration or point in time",
     "Numbers are digits with at most one point (`1200`, `12.50`, `20_000_000`). Durations are whole numbers with a unit: ms, s, m, h,\n"
     "d, w (`90s`, `10m`, `24h`). Points in time are dates or RFC 3339 (`2027-03-31`, `2027-03-31T12:00:00Z`)."},
    {"R0107", "chained comparison",
     "`1 < x < 5` is not a condition: write `x > 1 and x < 5` or `x between 2 and 4`. An aggregate with `where` that is compared stands "
     "in\n"
     "parentheses: `(count() by card_id over 1h where approved == false) > 3`, because `where` reads as far as it can."},
    {"R0108", "a clause stands twice",
     "Each clause of a rule, a policy or an aggregate is given once (a rule may have several `update`s). Leave one of the two out."},
    {"R0109", "a clause is missing", "A rule has at least a condition, `when ...`; a rule that shall always fire says `when true`."},
    {"R0110", "not supported yet",
     "The language has a place for this, this version does not do it. The rest of the file is checked all the same. Known and not there\n"
     "yet: `model`."},
    {"R0111", "a word of the language as a name",
     "Words that expressions are made of cannot be names: and, or, not, in, is, between, matches, starts_with, ends_with, contains, true,\n"
     "false, by, over, where, excluding. Choose another name."},
    // R02: names
    {"R0201", "declared twice",
     "Fields, features and lets share one set of names; rules have one of their own, and so have lists. Rename one of the two, in\n"
     "whichever file it is."},
    {"R0202", "no event is declared",
     "Everything else reads the fields of an event, so a rule set needs at least one: `event payment { id string id ... }`."},
    {"R0203", "unknown name",
     "No field of the event, feature or let has this name. Names are compared letter by letter, case included. The help shows the\n"
     "nearest one. Behind `by` stand fields of the event, and lets that read nothing else."},
    {"R0204", "unknown function or aggregate", "`weir list functions` shows all functions and aggregates with an example of each."},
    {"R0205", "unknown list or lookup",
     "`@name` refers to a list that is declared with `list name of TYPE ...` in one of the files, `lookup(name, key).column` to a table "
     "and\n"
     "one of the columns that `lookup name from \"file.csv\" key ... { column TYPE }` names."},
    {"R0206", "a let reads itself",
     "Directly or through others: `let a = b + 1` and `let b = a`. A let is a name for a value, so there must be an order to compute them "
     "in."},
    {"R0207", "a reason's placeholder is wrong",
     "`{name}` in a reason stands for the value of a field, feature or let. Expressions do not fit: give the value a name with `let`.\n"
     "`{{` and `}}` stand for braces."},
    {"R0208", "unused name",
     "A warning: a list, feature or let is declared and no rule reads it. A feature costs memory for every key, so unused ones are worth\n"
     "removing. A name that a sink's `when` or a filter reads is used; `weir check` knows those when it is given the config."},
    {"R0209", "the event's special fields are wrong",
     "One field is the event's `time` (a timestamp that is always present); it drives every window. At most one is the `id` (string or\n"
     "int), and at most one the `key` by which records are spread over shards (string, int or\n"
     "ip). Each event type has its own."},
    {"R0210", "unknown event",
     "`on NAME` behind a rule's title, `from NAME` in a feature and `event == NAME` in a condition name an event that is declared in the\n"
     "rule set."},
    {"R0211", "an event type lacks a field",
     "A rule is judged for the event types behind `on`, and a feature is made of those behind `from`; each of them needs all the fields\n"
     "that are read (also through lets, and the keys of features that a rule reads). Without `on` or `from` it is every type that has\n"
     "them all, and there must be one. What another type's events say comes to a rule through a feature:\n"
     "`count() from login by card_id over 1h where ok == false`."},
    {"R0212", "one field, two meanings",
     "A field that several event types declare under one name is one field: of the same type, with the same digits or unit of time. It "
     "may\n"
     "be optional (`?`) in one type and required in another. Rename one of the two if they mean different things."},
    {"R0214", "no rule writes this fact",
     "`profile(card_id).level` reads what `update card_id set level = ...` wrote. Key and name are those of the update: the same fields of "
     "the\n"
     "event in the same order. A fact that no rule gives a value would be missing for ever."},
    {"R0215", "not a pattern, or not one of its steps",
     "`NAME matched` asks a `pattern` that is declared in the rule set. Inside of a pattern, `step.field` reads the event of an earlier "
     "step\n"
     "that has a name; a step that is repeated (`3 x ...`) stands for several and cannot be read."},
    // R03: types
    {"R0301", "unknown type",
     "Types are bool, int, decimal, float, string, timestamp, duration, geo and ip. `decimal(2)` names the digits after the point (4 "
     "without),\n"
     "`timestamp(s)`, `(ms)` and `(us)` the unit of a number. Lists hold string, int, decimal or ip."},
    {"R0302", "values that do not go together",
     "An operator got values of types that it does not combine: text with a number, a duration with a plain number, two places with `<`.\n"
     "Numbers of different types (int, decimal, float) do go together. Text and bool have no order; only `==`, `!=` and `in` compare "
     "them."},
    {"R0303", "a condition is expected",
     "`when`, `where`, `and`, `or` and `not` need something that is true or false. Numbers and text are not: compare them with something."},
    {"R0304", "too many digits after the point",
     "A literal has more digits than the decimal that it meets, so the two could never be equal; or more than 9 where no float is "
     "involved.\n"
     "Declare the field with as many digits as it needs: `amount decimal(6)`."},
    {"R0305", "a function's arguments do not fit",
     "The number or the types of the arguments are not those of the function. The help shows its signature."},
    {"R0306", "a list of another type",
     "What stands before `in` has another type than the values behind it. Sets in brackets hold literals of one type and are not empty."},
    {"R0307", "not a regular expression",
     "Regular expressions have RE2's syntax (https://github.com/google/re2/wiki/Syntax): no look-around and no back-references, and in "
     "return\n"
     "a match takes linear time. A compiled one has at most 1 MiB."},
    {"R0308", "a number out of range",
     "Ints lie between -9223372036854775808 and 9223372036854775807, decimals in the same range after scaling by their digits."},
    {"R0309", "division by zero", "A division by a literal zero is always missing, so nothing compared with it is ever true."},
    {"R0310", "this can never be true",
     "A warning: bounds exclude each other (`amount > 5 and amount < 3`), a list is empty, something that is always present is asked to "
     "be\n"
     "missing, or a value lies outside what a function can return. The rule or feature is kept and will never fire.\n"
     "In very many or very large conditions the search ends before it has seen all."},
    {"R0311", "unknown time zone",
     "Zones have their names from the IANA database: \"Europe/Berlin\", \"America/New_York\". Without one, times are in UTC."},
    {"R0312", "not an IP address",
     "Where an address is expected, text in quotes is one of IPv4 or IPv6: \"192.0.2.1\", \"2001:db8::1\"; parts of IPv4 have no leading\n"
     "zeros. Lists, and sets behind `in`, also hold networks: \"10.0.0.0/8\", \"2001:db8::/32\". Bits behind the prefix are 0, so that\n"
     "\"10.0.0.1/8\" is an error: it is either \"10.0.0.0/8\" or \"10.0.0.1\". An address that an event brings as text is read by "
     "`ip(text)`."},
    {"R0314", "a fact has one type",
     "What a fact is follows from the updates that write it: a literal, a field, a feature or what is computed of them. All updates of a "
     "fact\n"
     "write the same type; ints and decimals go together. A fact that is only ever computed from itself has none: start it with a literal, "
     "as\n"
     "in `update card_id set hits = coalesce(profile(card_id).hits, 0) + 1`."},
    // R04: windows and state
    {"R0401", "an aggregate is incomplete",
     "A feature says what it counts, for whom and over which time: `count() by card_id over 10m`. `by` and `over` are required."},
    {"R0402", "the window's length is wrong",
     "A window is longer than nothing and at most 400 days, and so is a `delay`. Units are ms, s, m, h, d and w. A window over a number "
     "of\n"
     "events, `over last 10 events`, holds from 1 to 10000; `within 30d` behind it says how far back it looks at most."},
    {"R0403", "an aggregate's value is wrong",
     "`sum`, `avg`, `stddev`, `median` and `percentile` need a number, `min` and `max` a number, timestamp or duration, `distinct` and\n"
     "`mode` anything but a float or a geo; each takes one value. Only `count` may stand without. `percentile` also takes the share, a\n"
     "number from 0 to 1 with at most four digits after the point: `percentile(amount, 0.95)`."},
    {"R0404", "the key is wrong",
     "`by` names one to eight fields of the event, of type string, int, bool, decimal or ip, each once, or lets that\n"
     "read nothing but the event. Features are no keys: their value is not part of the event. The key of an `update`, a fact or a pattern\n"
     "is a field, of an `update` of type string, int or ip."},
    {"R0405", "only the event is known here",
     "A feature's value and its `where`, and a mapping's `filter`, are computed when the event is added, before any feature is. They read\n"
     "fields, lists, and lets that read nothing else (`where` also `outcome` and `score`, for features over earlier decisions). To "
     "combine\n"
     "features, write a rule or a `let`."},
    {"R0406", "too many features or lets",
     "A rule set has at most 4096 features (those written in place included) and as many lets. Features are kept by at most 512 different\n"
     "keys (what stands behind `by`), for each takes some megabytes of every lane; one that a rule resets has windows of its own."},
    {"R0407", "an aggregate cannot stand here",
     "A sink's `when` and a filter cannot bring new features with them. Declare the feature in the rules file and use its name."},
    {"R0408", "the steps of a pattern are wrong",
     "A pattern has 2 to 16 steps. A step is a condition over the event's fields; parts joined with `and` may compare a value of this "
     "step's\n"
     "event with one of an earlier step's, each on its own side: `amount > 10 * small.amount`, `merchant_id != small.merchant_id`.\n"
     "All steps compare at most 64 different values.\n"
     "Where a step is compared with a later one and others stand between it and the last, one event may have to be tried with thousands\n"
     "of combinations of earlier events (65536 a pattern, `pattern_tries_max`). So 32 such patterns are the most that a rule set has\n"
     "(`searching_patterns_max`); patterns of two steps, and those that compare nothing, are not among them."},
    {"R0409", "only a feature can be reset",
     "`reset NAME` empties the window of a feature that is declared with `feature`, for the key of the event at which the rule fires."},
    {"R0410", "what is counted may be false",
     "`count(x)` counts events for which `x` is known, `false` like `true`. Events for which a condition holds are counted with `where`:\n"
     "`count() by card_id over 1h where amount < 5`."},
    // R05: policy
    {"R0501", "unknown outcome",
     "`then` forces one of the outcomes in the policy's `precedence`, which says who wins when rules disagree. A sink's `when` compares "
     "with\n"
     "any outcome that the policy names. Without a policy the outcomes are block, alert and allow, in this order."},
    {"R0502", "the policy is wrong",
     "A rule set has one policy. It names each outcome in `precedence` once, and says `otherwise -> OUTCOME`."},
    {"R0503", "a rule changes nothing",
     "A rule needs an effect: `then OUTCOME`, `score NUMBER`, `update` or `reset`. `score 0` makes a rule that only reports."},
    {"R0504", "bands are out of order",
     "`score >= 80 -> block` comes before `score >= 40 -> alert`: the first band that fits decides, so a band below a lower one is never "
     "reached."},
    {"R0505", "not a score", "A score is a number with at most 4 digits after the point, between -1000000 and 1000000."},
    {"R0506", "known only after the rules",
     "`outcome` and `score` are the result of the rules, so only a sink's `when` and a feature over earlier decisions can read them:\n"
     "`count() by card_id over 1h where outcome == block` (the event at hand is not among them). There,\n"
     "`outcome` is compared with an outcome's name."},
    {"R0507", "the canary is wrong",
     "`mode canary 5% by account_id` makes a rule live for that share of the accounts, and shadow for the others. The share is above 0 %\n"
     "and at most 100 %, with up to two digits after the point. `by` names a field of the event, of type string, int or ip; without it\n"
     "the event's `key` is taken. One key is always on the same side."},
    {"R0508", "a rule is near its end",
     "A warning: `expires 2027-03-31` turns the rule off for events from that time on (UTC), and that is past, or near: less\n"
     "than 7 days away, or what `rules.expiry_warning` in the config says."},
    // R06: lists
    {"R0601", "a list's file cannot be read",
     "Relative paths begin beside the rules file, or else one folder above it. The message shows the path that was tried."},
    {"R0602", "an entry does not fit",
     "An entry of a list is not of the list's type, is too long, or is not UTF-8. The message shows the file and the line."},
    {"R0603", "a CSV file is wrong",
     "A CSV list names a column of the file's first line: `column account_id`. Every line has as many cells as the first; quotes are "
     "closed, and no line has more than 10000 cells."},
    {"R0604", "a list is too large",
     "A list has at most 10000000 entries, its file at most 1 GiB, and a rule set at most 1024 lists. All lists and lookups\n"
     "together have at most 50000000 entries and cells."},
    {"R0605", "a list is empty",
     "A warning: nothing is in the list, so `in` is never true and `not in` always (for a value that is present)."},
    {"R0606", "the keys of a lookup repeat or overlap",
     "A key finds one row: single keys stand on one line each, ranges (`key from first to last`) end after they begin and do not overlap, "
     "and\n"
     "ranges of text have texts of one length, so that `400000` to `499999` means what it says. The message shows both lines."},
    {"R0607", "a lookup reads nothing",
     "A lookup names the columns that rules read, with their types: `lookup bins from \"bins.csv\" key bin of int { country string }`."},
    // R07: tests
    {"R0701", "a test expects nothing",
     "A test gives events (`given`), then one that is judged (`when`), then says what must come of it (`expect`). An `expect` is about "
     "the\n"
     "`when` before it, so it cannot come first, and a test without any could never fail."},
    {"R0702", "a test names what does not exist",
     "Events, fields, lists, rules and outcomes are named in a test as the rules files declare them. A field stands in an event once."},
    {"R0703", "a value does not fit its field",
     "A test gives each field a literal of its declared type, or `missing` where the field is declared with `?`. A place is written\n"
     "`geo(52.52, 13.405)`. Fields that are left out have a default: a time from the test's clock, an id of their own, the field's name "
     "for\n"
     "text, zero for numbers, and nothing where the field may be missing."},
    {"R0704", "a test is too large",
     "A test has at most 1000 steps, 100000 events and 256 MiB of them, and a rule set at most 10000 tests, with\n"
     "1000000 events and 1 GiB of them together."},
    {"R0705", "two tests have one title", "The title is how a test is told apart in reports. Give each its own."},
    {"R0706", "a rule without a test",
     "A warning, with `weir check --strict` only: no test says `expect rule NAME` or `expect no rule NAME` about this rule."},
    {"R0710", "a test failed",
     "The rules decided otherwise than the test expects. `weir test FILE` shows each value on the way: the fields and features that the\n"
     "rule reads, and every part of its condition."},
};

}  // namespace

std::span<const ErrorCode> all_rule_error_codes() {
  return codes;
}

std::optional<std::string> explain_code(std::string_view code) {
  std::string wanted(code);
  if (!wanted.empty() && wanted[0] == 'r') wanted[0] = 'R';
  for (const ErrorCode& known : codes)
    if (known.code == wanted) return std::string(known.code) + ": " + std::string(known.title) + "\n\n" + std::string(known.text) + '\n';
  return std::nullopt;
}

}  // namespace weir
