#include "rules/language/test_checker.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/decimal.h"
#include "engine/base/ip_address.h"
#include "rules/language/expression_checker.h"
#include "rules/language/limits.h"
#include "rules/language/list_checker.h"

namespace weir {

namespace {

class TestChecker {
 public:
  TestChecker(CheckScope& scope, Reporter& reporter)
      : scope_(scope), reporter_(reporter), expressions_(scope, reporter, ExpressionPlace::decision) {}

  CheckedTest run(const SyntaxTest& syntax) {
    test_.title = syntax.title.value;
    test_.file = &reporter_.file();
    test_.span = syntax.title.span;
    for (const SyntaxStep& step : syntax.steps) {
      if (step.kind == SyntaxStepKind::given || step.kind == SyntaxStepKind::when) {
        event(step);
      } else if (step.kind == SyntaxStepKind::with_list) {
        list(step);
      } else {
        expectation(step);
      }
    }
    if (!syntax.broken && std::none_of(syntax.steps.begin(), syntax.steps.end(), expects))
      reporter_.error("R0701", syntax.title.span, "this test expects nothing", "it could never fail",
                      {"for example `expect outcome block` after a `when`"});
    return std::move(test_);
  }

 private:
  static bool expects(const SyntaxStep& step) { return step.kind >= SyntaxStepKind::outcome; }

  void event(const SyntaxStep& step) {
    const EventSchema& schema = scope_.rules.event;
    const std::optional<std::size_t> type = schema.find_type(step.name.text);
    if (!type) {
      std::vector<std::string_view> names;
      for (std::size_t index = 0; index < schema.type_count(); ++index) names.push_back(schema.type_name(index));
      reporter_.error("R0702", step.name.span, "unknown event " + in_backticks(step.name.text), "no event is declared with this name",
                      did_you_mean(step.name.text, names));
      if (schema.has_several_types()) return;  // whose fields?
    }
    TestEvents events;
    events.type = step.name.text;
    events.event_type = type.value_or(0);
    events.judged = step.kind == SyntaxStepKind::when;
    if (step.count) events.count = count(*step.count);
    if (step.every) events.every_ms = step.every->ms;
    if (step.after) events.after_ms = step.after->ms;
    for (const SyntaxTestField& syntax : step.fields) field(schema, syntax, events);
    count_events(events, step.span);
    if (events.judged) last_when_ = test_.events.size();
    test_.events.push_back(std::move(events));
  }

  void count_events(const TestEvents& events, SourceSpan span) {
    const auto count = static_cast<std::size_t>(events.count);
    const std::size_t bytes = count * record_bytes(events);
    events_ += count;
    bytes_ += bytes;
    scope_.test_events += count;
    scope_.test_bytes += bytes;
    if (too_many_) return;
    std::string most;
    if (events_ > limits::test_events_max)
      most = "a test has at most " + std::to_string(limits::test_events_max) + " events";
    else if (bytes_ > limits::test_bytes_max)
      most = "the events of a test have at most " + std::to_string(limits::test_bytes_max) + " bytes, written as records";
    else if (scope_.test_events > limits::all_test_events_max)
      most = "the tests of a rule set have at most " + std::to_string(limits::all_test_events_max) + " events together";
    else if (scope_.test_bytes > limits::all_test_bytes_max)
      most = "the events of all tests have at most " + std::to_string(limits::all_test_bytes_max) + " bytes together, written as records";
    too_many_ = !most.empty();
    if (too_many_) reporter_.error("R0704", span, most, "the limit is reached here");
  }

  // About as many as one of these events has as a record.
  std::size_t record_bytes(const TestEvents& events) const {
    constexpr std::size_t value_bytes = 24;  // of a number, a time, a mark
    const EventSchema& schema = scope_.rules.event;
    std::size_t bytes = 0;
    for (std::size_t field = 0; field < schema.fields.size(); ++field)
      if ((schema.types_with(field) >> events.event_type & 1U) != 0) bytes += 2 * schema.fields[field].name.size() + value_bytes;
    // `{n}` becomes a number of up to six digits.
    for (const TestField& field : events.fields) bytes += 2 * field.value.text.size();
    return bytes;
  }

  std::int64_t count(const SyntaxName& syntax) {
    std::string digits(syntax.text);
    std::erase(digits, '_');
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto most = static_cast<std::int64_t>(limits::test_events_max);
    if (error == std::errc{} && end == digits.data() + digits.size() && number >= 1 && number <= most) return number;
    reporter_.error("R0704", syntax.span, "`given` takes a whole number of events from 1 to " + std::to_string(most));
    return 1;
  }

  void field(const EventSchema& schema, const SyntaxTestField& syntax, TestEvents& events) {
    const std::optional<std::size_t> index = schema.find(syntax.name.text);
    const auto of_type = [&](std::size_t field) {
      return !schema.fields[field].name.empty() && (schema.types_with(field) >> events.event_type & 1U) != 0;
    };
    if (!index || !of_type(*index)) {
      std::vector<std::string_view> names;
      for (std::size_t known = 0; known < schema.fields.size() && !reporter_.is_full(); ++known)
        if (of_type(known)) names.push_back(schema.fields[known].name);
      reporter_.error("R0702", syntax.name.span, "unknown field " + in_backticks(syntax.name.text),
                      "event " + in_backticks(schema.type_name(events.event_type)) + " has no such field",
                      did_you_mean(syntax.name.text, names, reporter_));
      return;
    }
    const auto column = static_cast<ColumnIndex>(*index);
    if (std::any_of(events.fields.begin(), events.fields.end(), [&](const TestField& known) { return known.column == column; })) {
      reporter_.error("R0702", syntax.name.span, in_backticks(syntax.name.text) + " stands in this event twice");
      return;
    }
    TestField made;
    made.column = column;
    FieldSpec spec = schema.fields[*index];
    if (schema.has_several_types()) {
      const std::vector<std::size_t>& required = schema.types[events.event_type].required;
      spec.optional = std::find(required.begin(), required.end(), *index) == required.end();
    }
    if (value(spec, syntax, made)) events.fields.push_back(std::move(made));
  }

  bool value(const FieldSpec& field, const SyntaxTestField& syntax, TestField& into) {
    if (!syntax.value) {
      into.missing = true;
      if (!field.optional)
        reporter_.error("R0703", syntax.span, in_backticks(field.name) + " is never missing", "",
                        {"declare it as `" + field.name + " " + type_text(field.type, field.scale) + "?` if it may be"});
      return field.optional;
    }
    if (syntax.value->kind == SyntaxKind::bad) return false;
    if (field.type == ValueType::geo) return place(field, syntax, into);
    if (syntax.longitude) return refuse(field, syntax, {});
    const SyntaxExpression& written = *syntax.value;
    if (written.kind == SyntaxKind::name) {
      const bool text = field.type == ValueType::string;
      return refuse(field, syntax,
                    text ? std::vector{"text stands in double quotes: \"" + written.text + "\""} : std::vector<std::string>{});
    }
    const TypedValue checked = is_literal(written) ? expressions_.value(written) : TypedValue{};
    if (checked.broken) return false;
    if (checked.is_literal()) return number(field, syntax, checked, into);
    if (field.type == ValueType::ip) return address(field, syntax, into);
    if (checked.node == no_expression || checked.type != field.type) return refuse(field, syntax, {});
    into.value = scope_.arena[checked.node].literal;
    return true;
  }

  static bool is_literal(const SyntaxExpression& syntax) {
    switch (syntax.kind) {
      case SyntaxKind::number:
      case SyntaxKind::string:
      case SyntaxKind::boolean:
      case SyntaxKind::duration:
      case SyntaxKind::timestamp:
        return true;
      case SyntaxKind::unary:
        return syntax.text == "-" && syntax.operands[0]->kind == SyntaxKind::number;
      default:
        return false;
    }
  }

  bool number(const FieldSpec& field, const SyntaxTestField& syntax, const TypedValue& checked, TestField& into) {
    if (!is_number(field.type)) return refuse(field, syntax, {});
    if (field.type == ValueType::floating) {
      std::from_chars(checked.number.data(), checked.number.data() + checked.number.size(), into.value.floating);
      return true;
    }
    const DecimalResult parsed = parse_decimal(checked.number, field.type == ValueType::decimal ? field.scale : 0);
    if (parsed.error != DecimalError::none) return refuse(field, syntax, {});
    into.value.integer = parsed.scaled;
    return true;
  }

  bool address(const FieldSpec& field, const SyntaxTestField& syntax, TestField& into) {
    IpAddress parsed;
    if (syntax.value->kind != SyntaxKind::string || !parse_ip(syntax.value->text, parsed))
      return refuse(field, syntax, {"an address is \"192.0.2.1\" or \"2001:db8::1\""});
    into.value.text = bytes_of(parsed);
    return true;
  }

  // `geo(52.5, 13.4)` or `{ lat: 52.5, lon: 13.4 }`.
  bool place(const FieldSpec& field, const SyntaxTestField& syntax, TestField& into) {
    const SyntaxExpression* latitude = syntax.value.get();
    const SyntaxExpression* longitude = syntax.longitude.get();
    if (!longitude && latitude->kind == SyntaxKind::call && latitude->text == "geo" && latitude->operands.size() == 2) {
      longitude = latitude->operands[1].get();
      latitude = latitude->operands[0].get();
    }
    const auto degrees = [&](const SyntaxExpression* part, double most, double& number) {
      if (part == nullptr || !is_literal(*part)) return false;
      const TypedValue checked = expressions_.value(*part);
      if (!checked.is_literal()) return false;
      std::from_chars(checked.number.data(), checked.number.data() + checked.number.size(), number);
      return number >= -most && number <= most;
    };
    if (degrees(latitude, 90, into.value.floating) && degrees(longitude, 180, into.longitude)) return true;
    return refuse(field, syntax, {"a place is `geo(52.52, 13.405)`: latitude and longitude in degrees"});
  }

  bool refuse(const FieldSpec& field, const SyntaxTestField& syntax, std::vector<std::string> help) {
    const bool word = !syntax.longitude && syntax.value->kind == SyntaxKind::name;
    const std::string text(word ? std::string_view(syntax.value->text) : reporter_.text(syntax.span));
    if (word && field.type == ValueType::boolean && (text == "yes" || text == "no"))
      help = {text == "yes" ? "write `true`" : "write `false`"};
    if (word && (text == "null" || text == "NULL" || text == "None" || text == "none")) help = {"write `missing`"};
    if (help.empty() && text.size() > 2 && text.starts_with('"') && is_value_of(field.type, text.substr(1, text.size() - 2)))
      help = {"leave the quotes out: " + text.substr(1, std::min<std::size_t>(text.size() - 2, 60))};
    const bool literal = syntax.longitude || is_literal(*syntax.value) || syntax.value->kind == SyntaxKind::name;
    if (!literal && field.type != ValueType::geo) help = {"a test gives values, not expressions"};
    reporter_.error("R0703", syntax.span,
                    in_backticks(reporter_.text(syntax.span)) + " does not fit " + in_backticks(field.name) + ", which is " +
                        with_article(type_text(field.type, field.scale)),
                    "", std::move(help));
    return false;
  }

  void list(const SyntaxStep& step) {
    const CheckScope::ListEntry* entry = scope_.find_list(step.name.text);
    if (entry == nullptr) {
      reporter_.error("R0702", step.name.span, "unknown list " + in_backticks(step.name.text), "no list has this name",
                      scope_.suggest_list(step.name.text, reporter_));
      return;
    }
    if (entry->broken) return;
    std::optional<ValueSet> values = check_entries(step.values, scope_.rules.lists[entry->index], reporter_);
    if (values) test_.lists.push_back({entry->index, std::move(*values)});
  }

  void expectation(const SyntaxStep& step) {
    if (!last_when_) {
      if (!complained_)
        reporter_.error(
            "R0701", step.span, "nothing has been decided yet", "`expect` follows a `when`",
            {"the event that is judged is `when " + scope_.rules.event.type_name(0) + " { ... }`; events before it are `given`"});
      complained_ = true;
      return;
    }
    TestExpectation made;
    made.step = *last_when_;
    made.span = step.span;
    if (step.kind == SyntaxStepKind::outcome) {
      made.kind = TestExpectation::Kind::outcome;
      if (!outcome(step.name, made)) return;
    } else if (step.kind == SyntaxStepKind::no_decision) {
      made.kind = TestExpectation::Kind::no_decision;
    } else if (step.kind == SyntaxStepKind::condition) {
      made.condition = expressions_.condition(*step.condition, "`expect`");
      if (made.condition == no_expression) return;
    } else {
      made.kind = step.kind == SyntaxStepKind::rule ? TestExpectation::Kind::rule : TestExpectation::Kind::no_rule;
      if (!rule(step.name, made)) return;
    }
    test_.expectations.push_back(made);
  }

  bool outcome(const SyntaxName& name, TestExpectation& into) {
    const std::vector<std::string>& outcomes = scope_.rules.policy.outcomes;
    const auto found = std::find(outcomes.begin(), outcomes.end(), name.text);
    if (found == outcomes.end()) {
      std::vector<std::string> help = did_you_mean(name.text, {outcomes.begin(), outcomes.end()});
      std::string all = "outcomes are";
      for (const std::string& known : outcomes) all += " " + in_backticks(known);
      help.push_back(std::move(all));
      if (!scope_.policy_broken)
        reporter_.error("R0702", name.span, "unknown outcome " + in_backticks(name.text), "the policy does not name it", std::move(help));
      return false;
    }
    into.index = static_cast<std::uint32_t>(found - outcomes.begin());
    return true;
  }

  bool rule(const SyntaxName& name, TestExpectation& into) {
    const std::optional<std::uint32_t> found = scope_.find_rule(name.text);
    if (!found) {
      std::vector<std::string_view> names;
      if (!reporter_.is_full())
        for (const CheckedRule& known : scope_.rules.rules) names.push_back(known.name);
      reporter_.error("R0702", name.span, "unknown rule " + in_backticks(name.text), "no rule has this name",
                      did_you_mean(name.text, names, reporter_));
      return false;
    }
    into.index = *found;
    return true;
  }

  CheckScope& scope_;
  Reporter& reporter_;
  ExpressionChecker expressions_;
  CheckedTest test_;
  std::optional<std::size_t> last_when_;
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
  bool too_many_ = false;
  bool complained_ = false;
};

}  // namespace

void check_test(const SyntaxTest& syntax, CheckScope& scope, Reporter& reporter) {
  if (scope.rules.tests.size() == limits::tests_max) {
    reporter.beyond_limit("R0704", syntax.title.span, "a rule set has at most " + std::to_string(limits::tests_max) + " tests");
    return;
  }
  const std::vector<bool> features = scope.used_features;
  const std::vector<bool> lets = scope.used_lets;
  scope.rules.tests.push_back(TestChecker(scope, reporter).run(syntax));
  scope.used_features = features;
  scope.used_lets = lets;
}

}  // namespace weir
