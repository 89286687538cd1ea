#include "rules/language/rule_parser.h"

#include <algorithm>
#include <array>

#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 10> rule_clauses{"when", "then",  "score", "reason",  "update",
                                                        "tags", "owner", "mode",  "expires", "reset"};
constexpr std::array<std::string_view, 3> policy_clauses{"precedence", "score", "otherwise"};

template <std::size_t size>
bool at_clause(const TokenReader& reader, const std::array<std::string_view, size>& clauses) {
  return reader.peek().kind == TokenKind::name && std::find(clauses.begin(), clauses.end(), reader.peek().text) != clauses.end();
}

// After an error inside a block: on to the next clause, "}" or declaration. Always moves when it stands where the error was.
template <std::size_t size>
void recover(TokenReader& reader, const std::array<std::string_view, size>& clauses, std::size_t from) {
  reader.end_panic();
  if (reader.position() == from && !reader.at_symbol("}") && !reader.at_next_declaration()) reader.take();
  while (!reader.at_end() && !reader.at_symbol("}") && !reader.at_next_declaration()) {
    if (at_clause(reader, clauses) && (reader.peek().first_on_line || reader.at_word("then"))) return;
    if (reader.at_symbol("{")) {
      reader.skip_block();
    } else {
      reader.take();
    }
  }
}

SyntaxScore parse_score(TokenReader& reader) {
  SyntaxScore score;
  score.span = reader.peek().span;
  if (reader.accept_symbol("-")) score.text = "-";
  if (reader.peek().kind == TokenKind::number) {
    score.text += reader.value(reader.peek());
    score.span.end = reader.take().span.end;
  } else {
    std::vector<std::string> help;
    if (reader.at_symbol("+")) help = {"leave the `+` out: `score 40`"};
    if (reader.peek().kind == TokenKind::name) help = {"a rule's score is a number that is written there: `score 40`"};
    reader.fail_expected("a number after `score`", std::move(help));
  }
  return score;
}

std::vector<SyntaxName> parse_names(TokenReader& reader, std::string_view what) {
  std::vector<SyntaxName> names;
  do {
    names.push_back(reader.expect_name(what));
  } while (!reader.panic() && reader.accept_symbol(","));
  return names;
}

class RuleParser {
 public:
  explicit RuleParser(TokenReader& reader) : reader_(reader), expressions_(reader) {}

  SyntaxRule run(SourceSpan word) {
    head();
    rule_.broken = reader_.panic();
    if (rule_.broken) skip_to_body();
    if (!reader_.at_symbol("{")) return std::move(rule_);
    const SourceSpan opening = reader_.take().span;
    while (!reader_.at_symbol("}")) {
      if (reader_.at_next_declaration()) {
        complain_not_closed(reader_, opening, rule_.name.text.empty() ? "the rule" : "rule " + in_backticks(rule_.name.text));
        rule_.broken = true;
        return std::move(rule_);
      }
      const std::size_t from = reader_.position();
      clause();
      if (!reader_.panic()) continue;
      rule_.broken = true;
      recover(reader_, rule_clauses, from);
    }
    reader_.take();
    if (!seen_when_ && !rule_.broken)
      reader_.reporter().error("R0109", rule_.name.text.empty() ? word : rule_.name.span, "a rule needs a condition",
                               "no `when` in this rule", {"for example `when amount > 100`"});
    return std::move(rule_);
  }

 private:
  void head() {
    rule_.name = reader_.expect_name("the rule's name");
    if (!reader_.panic() && reader_.peek().kind != TokenKind::string)
      reader_.fail_expected("the rule's title in double quotes", {help_before_title(reader_, rule_.name.text)});
    rule_.title = reader_.expect_string("the rule's title in double quotes");
    while (!reader_.panic() && !reader_.at_symbol("{")) {
      if (reader_.accept_word("on")) {
        if (!rule_.on.empty()) reader_.fail("R0108", reader_.previous_span(), "`on` stands in this rule for the second time");
        rule_.on = parse_names(reader_, "the name of an event after `on`");
      } else if (reader_.at_word("mode")) {
        mode(reader_.take());
      } else {
        reader_.expect_symbol("{", "after the rule's title", help_behind_title(reader_));
      }
    }
  }

  void mode(const Token& clause) {
    const Token& word = reader_.peek();
    SyntaxMode mode;
    mode.span = word.span;
    bool known = false;
    for (const RuleMode each : {RuleMode::live, RuleMode::shadow, RuleMode::canary, RuleMode::off}) {
      if (!reader_.at_word(to_string(each))) continue;
      mode.mode = each;
      known = true;
    }
    if (!known) {
      return reader_.fail_expected(
          "`live`, `shadow`, `canary` or `off` after `mode`",
          word.kind == TokenKind::name ? did_you_mean(word.text, {"live", "shadow", "canary", "off"}) : std::vector<std::string>{});
    }
    reader_.take();
    if (mode.mode == RuleMode::canary) canary(mode);
    keep_first(rule_.mode, clause, std::move(mode));
  }

  // 5% by account_id
  void canary(SyntaxMode& mode) {
    const Token& number = reader_.peek();
    if (number.kind != TokenKind::number) return reader_.fail_expected("a percentage after `canary`", {"for example `mode canary 5%`"});
    mode.percent = reader_.value(reader_.take());
    mode.percent_span = number.span;
    if (!reader_.at_symbol("%")) return reader_.fail_expected("`%` after the number", {"for example `mode canary 5%`"});
    mode.percent_span.end = reader_.take().span.end;
    if (reader_.accept_word("by")) mode.by = reader_.expect_name("the name of a field after `by`");
  }

  SyntaxDate date() {
    const Token& token = reader_.peek();
    if (token.kind == TokenKind::timestamp) {
      reader_.take();
    } else {
      reader_.fail_expected("a date after `expires`", {"for example `expires 2027-03-31`"});
    }
    return {token.integer, token.span};
  }

  // A broken head: the body is parsed all the same when it is near.
  void skip_to_body() {
    reader_.end_panic();
    while (!reader_.at_symbol("{") && !reader_.at_next_declaration()) reader_.take();
  }

  bool once(bool seen, const Token& word) {
    if (seen) reader_.reporter().error("R0108", word.span, in_backticks(word.text) + " stands in this rule for the second time");
    return !seen;
  }

  template <typename Value>
  void keep_first(std::optional<Value>& clause, const Token& word, Value value) {
    if (once(clause.has_value(), word) && !reader_.panic()) clause = std::move(value);
  }

  void clause() {
    const Token& word = reader_.peek();
    if (!at_clause(reader_, rule_clauses)) return unknown_clause();
    reader_.note_clause();
    reader_.take();
    if (word.text == "when") {
      const bool first = once(seen_when_, word);
      seen_when_ = true;
      SyntaxExpressionPointer condition = expressions_.parse();
      end_of_condition();
      if (reader_.panic()) condition->kind = SyntaxKind::bad;
      if (first) rule_.when = std::move(condition);
    } else if (word.text == "then") {
      const bool scores = reader_.at_word("score") && reader_.peek(1).kind == TokenKind::number;
      if (scores)
        reader_.fail_expected("an outcome after `then`",
                              {"a score stands without `then`: `score " + std::string(reader_.peek(1).text) + "`"});
      keep_first(rule_.then, word, reader_.expect_name("an outcome after `then`"));
    } else if (word.text == "score") {
      keep_first(rule_.score, word, parse_score(reader_));
    } else if (word.text == "reason") {
      keep_first(rule_.reason, word, reader_.expect_string("text in double quotes after `reason`"));
    } else if (word.text == "tags") {
      once(!rule_.tags.empty(), word);
      rule_.tags = parse_names(reader_, "a tag");
    } else if (word.text == "owner") {
      keep_first(rule_.owner, word, reader_.expect_string("a name in double quotes after `owner`"));
    } else if (word.text == "update") {
      update(word);
    } else if (word.text == "reset") {
      reset(word);
    } else if (word.text == "mode") {
      mode(word);
    } else if (word.text == "expires") {
      keep_first(rule_.expires, word, date());
    } else {
      reader_.fail("R0110", word.span, in_backticks(word.text) + " is not supported yet");
    }
  }

  void end_of_condition() {
    const bool ended = at_clause(reader_, rule_clauses) || reader_.at_symbol("}") || reader_.at_next_declaration();
    if (!ended && !reader_.peek().first_on_line)
      reader_.fail_expected("an operator, a clause of the rule or `}`", help_behind_expression(reader_));
  }

  void unknown_clause() {
    reader_.fail_expected(
        "a clause of a rule (`when`, `then`, `score`, `reason`, `tags`, `owner`, `update`, `reset`, `mode`, `expires`) or `}`",
        help_for_clause(reader_, seen_when_));
  }

  void update(const Token& word) {
    if (rule_.updates.size() == limits::updates_max)
      return reader_.fail("R0105", word.span, "a rule has at most " + std::to_string(limits::updates_max) + " updates");
    SyntaxUpdate update;
    update.key = parse_names(reader_, "the field whose profile is updated");
    if (reader_.accept_word("unset")) {
      update.field = reader_.expect_name("the profile's field after `unset`");
    } else if (reader_.expect_word("set", "or `unset` after the key of `update`",
                                   "for example `update card_id set watched = true for 7d`")) {
      update.field = reader_.expect_name("the profile's field after `set`");
      if (!reader_.expect_symbol("=", "after the profile's field")) return;
      update.value = expressions_.parse();
      if (!reader_.panic() && reader_.accept_word("for")) update.duration = expressions_.parse_duration("for");
    }
    if (!reader_.panic()) rule_.updates.push_back(std::move(update));
  }

  void reset(const Token& word) {
    std::vector<SyntaxName> names = parse_names(reader_, "the feature whose window is emptied");
    if (reader_.panic()) return;
    if (rule_.resets.size() + names.size() > limits::resets_max)
      return reader_.fail("R0105", word.span, "a rule resets at most " + std::to_string(limits::resets_max) + " features");
    rule_.resets.insert(rule_.resets.end(), names.begin(), names.end());
  }

  TokenReader& reader_;
  ExpressionParser expressions_;
  SyntaxRule rule_;
  bool seen_when_ = false;
};

void parse_policy_clause(TokenReader& reader, SyntaxPolicy& policy) {
  const Token& word = reader.peek();
  reader.note_clause();
  if (reader.accept_word("precedence")) {
    const bool first = policy.precedence.empty();
    if (!first) reader.reporter().error("R0108", word.span, "`precedence` stands in this policy for the second time");
    std::vector<SyntaxName> names = parse_names(reader, "an outcome");
    if (first) policy.precedence = std::move(names);
  } else if (reader.accept_word("score")) {
    SyntaxBand band;
    reader.expect_symbol(">=", "after `score`: a band is `score >= 80 -> block`");
    if (!reader.panic()) band.score = parse_score(reader);
    reader.expect_symbol("->", "and an outcome after the score");
    band.outcome = reader.expect_name("an outcome after `->`");
    if (!reader.panic()) policy.bands.push_back(std::move(band));
  } else if (reader.accept_word("otherwise")) {
    if (policy.otherwise) reader.reporter().error("R0108", word.span, "`otherwise` stands in this policy for the second time");
    reader.expect_symbol("->", "after `otherwise`");
    const SyntaxName outcome = reader.expect_name("an outcome after `->`");
    if (!reader.panic() && !policy.otherwise) policy.otherwise = outcome;
  } else {
    reader.fail_expected("`precedence`, `score >=`, `otherwise` or `}` in the policy");
  }
}

}  // namespace

std::span<const std::string_view> rule_clause_words() {
  return rule_clauses;
}

std::span<const std::string_view> policy_clause_words() {
  return policy_clauses;
}

void complain_not_closed(TokenReader& reader, SourceSpan opening, const std::string& what) {
  if (!reader.panic()) reader.reporter().error("R0103", opening, what + " is not closed", "this `{` has no `}`");
}

SyntaxRule parse_rule(TokenReader& reader, SourceSpan word) {
  return RuleParser(reader).run(word);
}

SyntaxPolicy parse_policy(TokenReader& reader, SourceSpan word) {
  SyntaxPolicy policy;
  policy.span = word;
  const SourceSpan opening = reader.peek().span;
  policy.broken = !reader.expect_symbol("{", "after `policy`", "for example `policy { score >= 80 -> block otherwise -> allow }`");
  if (policy.broken) return policy;
  while (!reader.at_symbol("}")) {
    if (reader.at_next_declaration()) {
      complain_not_closed(reader, opening, "the policy");
      policy.broken = true;
      return policy;
    }
    const std::size_t from = reader.position();
    parse_policy_clause(reader, policy);
    if (!reader.panic()) continue;
    policy.broken = true;
    recover(reader, policy_clauses, from);
  }
  reader.take();
  return policy;
}

}  // namespace weir
