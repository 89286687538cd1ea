#include "rules/language/pattern_parser.h"

#include <charconv>
#include <utility>

#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"
#include "rules/language/rule_parser.h"

namespace weir {

namespace {

constexpr std::string_view pattern_example =
    "for example `pattern tested by card_id within 1h { small: amount < 2.00 then large: amount > 100 }`";

class PatternParser {
 public:
  explicit PatternParser(TokenReader& reader) : reader_(reader), expressions_(reader) {}

  SyntaxPattern run() {
    pattern_.name = reader_.expect_name("the pattern's name");
    if (reader_.expect_word("by", "and the fields of its key after the pattern's name", pattern_example)) {
      do {
        pattern_.by.push_back(reader_.expect_name("the name of a field"));
      } while (!reader_.panic() && reader_.accept_symbol(","));
    }
    if (reader_.expect_word("within", "and a length of time after the pattern's key", pattern_example))
      pattern_.within = expressions_.parse_duration("within");
    const SourceSpan opening = reader_.peek().span;
    if (reader_.expect_symbol("{", "before the pattern's first step")) steps(opening);
    pattern_.broken = pattern_.broken || reader_.panic();
    return std::move(pattern_);
  }

 private:
  void steps(SourceSpan opening) {
    do {
      step();
    } while (!reader_.panic() && reader_.accept_word("then"));
    if (reader_.panic() || reader_.accept_symbol("}")) return;
    if (reader_.at_next_declaration()) {
      complain_not_closed(reader_, opening, "pattern " + in_backticks(pattern_.name.text));
      pattern_.broken = true;
      return;
    }
    const bool comma = reader_.at_symbol(",") && reader_.peek(1).kind == TokenKind::name;
    reader_.fail_expected("`then` and the next step, or `}`",
                          comma ? std::vector<std::string>{"between two steps stands `then`"} : help_behind_expression(reader_));
  }

  // small: amount < 2.00, or declined: 3 x approved == false
  void step() {
    SyntaxPatternStep step;
    if (reader_.peek().kind == TokenKind::name && reader_.at_symbol(":", 1)) {
      step.label = reader_.expect_name("the step's name");
      reader_.accept_symbol(":");
    }
    if (reader_.peek().kind == TokenKind::number && reader_.at_word("x", 1)) {
      const Token& count = reader_.take();
      const std::string& digits = reader_.value(count);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step.times);
      if (error != std::errc() || end != digits.data() + digits.size() || step.times == 0 || step.times > limits::steps_max)
        return reader_.fail("R0105", count.span, "a step is repeated 1 to " + std::to_string(limits::steps_max) + " times");
      reader_.take();
    }
    step.condition = expressions_.parse();
    if (!reader_.panic()) pattern_.steps.push_back(std::move(step));
  }

  TokenReader& reader_;
  ExpressionParser expressions_;
  SyntaxPattern pattern_;
};

}  // namespace

SyntaxPattern parse_pattern(TokenReader& reader) {
  return PatternParser(reader).run();
}

}  // namespace weir
