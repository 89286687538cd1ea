#include "rules/language/condition_warnings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace weir {

namespace {

using Number = long double;
constexpr std::size_t depth_max = 200;
constexpr std::size_t comparisons_a_step = 64;  // of two texts
constexpr Number unbounded = std::numeric_limits<Number>::infinity();

// What the terms of a conjunction say about one value so far.
struct Knowledge {
  Number low = -unbounded;
  Number high = unbounded;
  bool low_open = false;
  bool high_open = false;
  bool present = false;
  bool missing = false;
  bool is_true = false;
  bool is_false = false;
  std::optional<std::vector<std::string>> texts;  // it is one of these
  std::vector<std::string> not_texts;
};

Number number_of(const Expression& literal) {
  if (literal.type == ValueType::floating) return literal.literal.floating;
  return static_cast<Number>(literal.literal.integer) / std::pow(static_cast<Number>(10), literal.scale);
}

ExpressionKind mirrored(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::less:
      return ExpressionKind::greater;
    case ExpressionKind::less_equal:
      return ExpressionKind::greater_equal;
    case ExpressionKind::greater:
      return ExpressionKind::less;
    case ExpressionKind::greater_equal:
      return ExpressionKind::less_equal;
    default:
      return kind;
  }
}

class Conjunction {
 public:
  // Lets that are used many times make a condition far larger than its text, so its steps are counted.
  Conjunction(const CheckedRules& rules, const SourceFile& file, std::size_t steps_max)
      : rules_(rules), file_(file), steps_max_(steps_max) {}

  // Stops at the first contradiction.
  void add(ExpressionIndex index) {
    if (reason_ || steps_ >= steps_max_ || depth_ >= depth_max) return;
    ++steps_;
    ++depth_;
    judge(index);
    --depth_;
  }

  std::optional<std::string> reason() const { return reason_; }
  std::size_t steps() const { return steps_; }

 private:
  void judge(ExpressionIndex index) {
    const Expression& node = rules_.expressions[index];
    switch (node.kind) {
      case ExpressionKind::logical_and:
        for (const ExpressionIndex operand : node.operands) add(operand);
        return;
      case ExpressionKind::let:
        return add(rules_.lets[node.index].value);
      case ExpressionKind::logical_or:
        return add_choice(node);
      case ExpressionKind::literal:
        if (!node.literal.boolean) fail("it says `false`");
        return;
      case ExpressionKind::truth:
        return add_flag(node.operands[0], true);
      case ExpressionKind::event_column:
      case ExpressionKind::feature:
        return add_flag(index, true);
      case ExpressionKind::logical_not:
        return add_not(node.operands[0]);
      case ExpressionKind::equal:
      case ExpressionKind::not_equal:
      case ExpressionKind::less:
      case ExpressionKind::less_equal:
      case ExpressionKind::greater:
      case ExpressionKind::greater_equal:
        return add_comparison(node);
      case ExpressionKind::between:
        return add_between(node);
      case ExpressionKind::in_list:
        need_present(node.operands[0]);
        if (!node.negated && rules_.lists[node.index].values.size() == 0) fail("list `@" + rules_.lists[node.index].name + "` is empty");
        return;
      case ExpressionKind::in_set:
        return add_set(node);
      case ExpressionKind::is_missing:
        return need_missing(node.operands[0]);
      case ExpressionKind::is_present:
      case ExpressionKind::matches:
        return need_present(node.operands[0]);
      default:
        return;
    }
  }

  void fail(std::string why) {
    if (!reason_) reason_ = std::move(why);
  }

  // Through conversions of a number: `count > 2.5` bounds `count`.
  ExpressionIndex base(ExpressionIndex index) const {
    while (true) {
      const Expression& node = rules_.expressions[index];
      if (node.kind == ExpressionKind::let) {
        index = rules_.lets[node.index].value;
      } else if (node.kind == ExpressionKind::convert) {
        index = node.operands[0];
      } else {
        return index;
      }
    }
  }

  std::string name(ExpressionIndex index) const {
    const Expression& node = rules_.expressions[index];
    if (node.kind == ExpressionKind::event_column) return in_backticks(rules_.event.fields[node.index].name);
    if (node.kind == ExpressionKind::feature) return in_backticks(rules_.features[node.index].name);
    if (node.kind == ExpressionKind::let) return in_backticks(rules_.lets[node.index].name);
    if (node.file == &file_) return in_backticks(std::string_view(file_.text).substr(node.span.begin, node.span.end - node.span.begin));
    return "the value";
  }

  Knowledge& knowledge(ExpressionIndex index) {
    const auto [place, added] = known_.try_emplace(index);
    Knowledge& knows = place->second;
    const Expression& node = rules_.expressions[index];
    if (!added) return knows;
    if (node.kind == ExpressionKind::feature) {
      const FeatureSpec& feature = rules_.features[node.index];
      const bool counts = feature.aggregate == Aggregate::count || feature.aggregate == Aggregate::distinct;
      if (counts || feature.aggregate == Aggregate::stddev) knows.low = 0;
      if (counts && feature.last_events > 0) knows.high = feature.last_events;
    } else if (node.kind == ExpressionKind::call) {
      bound_call(node.function, knows);
    }
    return knows;
  }

  static void bound_call(Function function, Knowledge& knows) {
    switch (function) {
      case Function::hour_of_day:
        knows.low = 0;
        knows.high = 23;
        break;
      case Function::day_of_week:
        knows.low = 1;
        knows.high = 7;
        break;
      case Function::day_of_month:
        knows.low = 1;
        knows.high = 31;
        break;
      case Function::length:
      case Function::abs:
      case Function::sqrt:
      case Function::distance_km:
      case Function::seconds_between:
      case Function::minutes_between:
      case Function::hours_between:
      case Function::days_between:
        knows.low = 0;
        break;
      default:
        break;
    }
  }

  void need_present(ExpressionIndex index) {
    Knowledge& knows = knowledge(base(index));
    knows.present = true;
    if (knows.missing) fail(name(base(index)) + " cannot be missing and have a value");
  }

  void need_missing(ExpressionIndex index) {
    if (!rules_.expressions[index].may_be_missing) return fail(name(index) + " is never missing");
    Knowledge& knows = knowledge(base(index));
    knows.missing = true;
    if (knows.present) fail(name(base(index)) + " cannot be missing and have a value");
  }

  void add_flag(ExpressionIndex index, bool wanted) {
    const ExpressionIndex value = base(index);
    Knowledge& knows = knowledge(value);
    (wanted ? knows.is_true : knows.is_false) = true;
    if (knows.is_true && knows.is_false) fail(name(value) + " cannot be both true and false");
  }

  // A missing bool meets `not`, so only what is surely false is known.
  void add_not(ExpressionIndex operand) {
    const Expression& node = rules_.expressions[operand];
    if (node.kind == ExpressionKind::event_column) return add_flag(operand, false);
    if (node.kind == ExpressionKind::truth) return add_flag(node.operands[0], false);
    if (node.kind == ExpressionKind::literal && node.literal.boolean) fail("it says `not true`");
  }

  // A choice is impossible when each of its branches is, with what is known from the terms before it.
  void add_choice(const Expression& node) {
    std::string why;
    for (const ExpressionIndex operand : node.operands) {
      steps_ += known_.size();  // they are copied
      if (steps_ >= steps_max_) return;
      Conjunction branch = *this;
      branch.add(operand);
      steps_ = branch.steps_;
      if (!branch.reason_) return;
      why = *branch.reason_;
    }
    fail(why);
  }

  void add_comparison(const Expression& node) {
    ExpressionIndex left = base(node.operands[0]);
    ExpressionIndex right = base(node.operands[1]);
    ExpressionKind kind = node.kind;
    need_present(left);
    need_present(right);
    if (left == right) {
      const bool strict = kind == ExpressionKind::not_equal || kind == ExpressionKind::less || kind == ExpressionKind::greater;
      if (strict) fail(name(left) + " is compared with itself");
      return;
    }
    if (rules_.expressions[left].kind == ExpressionKind::literal) {
      std::swap(left, right);
      kind = mirrored(kind);
    }
    const Expression& literal = rules_.expressions[right];
    if (literal.kind != ExpressionKind::literal) return;
    if (literal.type == ValueType::string) return add_text(left, literal.literal.text, kind == ExpressionKind::equal);
    if (literal.type == ValueType::boolean) return add_flag(left, literal.literal.boolean == (kind == ExpressionKind::equal));
    bound(left, kind, number_of(literal));
  }

  void add_between(const Expression& node) {
    need_present(node.operands[0]);
    const Expression& low = rules_.expressions[base(node.operands[1])];
    const Expression& high = rules_.expressions[base(node.operands[2])];
    if (node.negated || low.kind != ExpressionKind::literal || high.kind != ExpressionKind::literal) return;
    if (number_of(low) > number_of(high)) {
      const Expression& hours = rules_.expressions[base(node.operands[0])];
      const bool of_day = hours.kind == ExpressionKind::call && hours.function == Function::hour_of_day;
      return fail(of_day ? "the bounds are the wrong way round; over midnight it is `hour_of_day(t) >= 22 or hour_of_day(t) < 6`"
                         : "the bounds of `between` are the wrong way round");
    }
    bound(base(node.operands[0]), ExpressionKind::greater_equal, number_of(low));
    bound(base(node.operands[0]), ExpressionKind::less_equal, number_of(high));
  }

  void add_set(const Expression& node) {
    need_present(node.operands[0]);
    if (node.negated) return;
    const ValueSet& set = rules_.sets[node.index];
    const ExpressionIndex value = base(node.operands[0]);
    if (set.type == ValueType::string) return narrow(value, set.sorted_texts());
    const Number unit = std::pow(static_cast<Number>(10), set.scale);
    const std::vector<std::int64_t> integers = set.sorted_integers();
    if (integers.empty()) return;  // addresses and networks
    bound(value, ExpressionKind::greater_equal, static_cast<Number>(integers.front()) / unit);
    bound(value, ExpressionKind::less_equal, static_cast<Number>(integers.back()) / unit);
  }

  void add_text(ExpressionIndex value, const std::string& text, bool same) {
    if (rules_.expressions[value].kind == ExpressionKind::literal) {
      if ((rules_.expressions[value].literal.text == text) != same) fail("it compares two different texts");
      return;
    }
    if (same) return narrow(value, {text});
    Knowledge& knows = knowledge(value);
    knows.not_texts.push_back(text);
    if (!knows.texts) return;
    steps_ += knows.texts->size();
    std::erase(*knows.texts, text);
    if (knows.texts->empty()) fail_narrow(value);
  }

  void narrow(ExpressionIndex value, const std::vector<std::string>& allowed) {
    Knowledge& knows = knowledge(value);
    steps_ += allowed.size() * (1 + knows.not_texts.size() + (knows.texts ? knows.texts->size() : 0)) / comparisons_a_step;
    if (steps_ >= steps_max_) return;
    std::vector<std::string> left;
    for (const std::string& text : allowed) {
      const bool before = !knows.texts || std::find(knows.texts->begin(), knows.texts->end(), text) != knows.texts->end();
      const bool ruled_out = std::find(knows.not_texts.begin(), knows.not_texts.end(), text) != knows.not_texts.end();
      if (before && !ruled_out) left.push_back(text);
    }
    if (left.empty()) fail_narrow(value);
    knows.texts = std::move(left);
  }

  void fail_narrow(ExpressionIndex value) { fail(name(value) + " cannot have both of the values asked for"); }

  void bound(ExpressionIndex value, ExpressionKind kind, Number at) {
    const Expression& node = rules_.expressions[value];
    Knowledge& knows = knowledge(value);
    if (node.kind == ExpressionKind::literal && node.type != ValueType::string) {
      knows.low = knows.high = number_of(node);
    }
    const bool raises = kind == ExpressionKind::greater || kind == ExpressionKind::greater_equal || kind == ExpressionKind::equal;
    const bool lowers = kind == ExpressionKind::less || kind == ExpressionKind::less_equal || kind == ExpressionKind::equal;
    const bool open = kind == ExpressionKind::greater || kind == ExpressionKind::less;
    if (raises && (at > knows.low || (at == knows.low && open))) {
      knows.low = at;
      knows.low_open = open;
    }
    if (lowers && (at < knows.high || (at == knows.high && open))) {
      knows.high = at;
      knows.high_open = open;
    }
    if (kind == ExpressionKind::not_equal && knows.low == at && knows.high == at) knows.low_open = true;
    if (is_empty(knows, node.type)) fail("no " + name(value) + " lies within all the bounds asked for");
  }

  static bool is_empty(const Knowledge& knows, ValueType type) {
    Number low = knows.low;
    Number high = knows.high;
    if (type == ValueType::integer) {
      if (std::isfinite(low)) low = knows.low_open ? std::floor(low) + 1 : std::ceil(low);
      if (std::isfinite(high)) high = knows.high_open ? std::ceil(high) - 1 : std::floor(high);
      return low > high;
    }
    return low > high || (low == high && (knows.low_open || knows.high_open));
  }

  const CheckedRules& rules_;
  const SourceFile& file_;
  std::map<ExpressionIndex, Knowledge> known_;
  std::optional<std::string> reason_;
  std::size_t steps_max_ = 0;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
};

// Nothing when it may be true. What is not understood counts as possible.
std::optional<std::string> why_never_true(const CheckedRules& rules, ExpressionIndex condition, const SourceFile& file,
                                          std::size_t& steps_left) {
  Conjunction conjunction(rules, file, std::min(steps_left, condition_steps_max));
  conjunction.add(condition);
  steps_left -= std::min(steps_left, conjunction.steps());
  return conjunction.reason();
}

}  // namespace

void warn_if_never_true(const CheckedRules& rules, ExpressionIndex condition, SourceSpan span, Reporter& reporter,
                        std::size_t& steps_left) {
  if (const std::optional<std::string> why = why_never_true(rules, condition, reporter.file(), steps_left)) {
    reporter.warning("R0310", span, "this condition can never be true", *why);
    return;
  }
  const Expression& node = rules.expressions[condition];
  if (node.kind != ExpressionKind::logical_or) return;
  for (const ExpressionIndex operand : node.operands) {
    const std::optional<std::string> why = why_never_true(rules, operand, reporter.file(), steps_left);
    const Expression& branch = rules.expressions[operand];
    if (why && branch.file == &reporter.file() && branch.span.begin >= span.begin && branch.span.end <= span.end)
      reporter.warning("R0310", branch.span, "this part of the condition can never be true", *why);
  }
}

}  // namespace weir
