#include "rules/language/test_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/language/expression_parser.h"
#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"
#include "rules/language/rule_parser.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 4> steps{"given", "when", "with", "expect"};

class TestParser {
 public:
  explicit TestParser(TokenReader& reader) : reader_(reader), expressions_(reader) {}

  SyntaxTest run(SourceSpan word) {
    test_.title = reader_.expect_string("the test's title in double quotes", "for example `test \"the fifth payment is blocked\" {`");
    const SourceSpan opening = reader_.peek().span;
    if (!reader_.expect_symbol("{", "after the test's title", "the steps of a test stand in braces")) {
      test_.broken = true;
      return std::move(test_);
    }
    while (!reader_.at_symbol("}")) {
      if (reader_.at_next_declaration()) {
        complain_not_closed(reader_, opening, "the test");
        test_.broken = true;
        return std::move(test_);
      }
      if (test_.steps.size() == limits::test_steps_max) {
        reader_.fail("R0704", word, "a test has at most " + std::to_string(limits::test_steps_max) + " steps");
        test_.broken = true;
        break;
      }
      const std::size_t from = reader_.position();
      step();
      if (!reader_.panic()) continue;
      test_.broken = true;
      recover(from);
    }
    reader_.accept_symbol("}");
    return std::move(test_);
  }

 private:
  bool at_step() const {
    const Token& token = reader_.peek();
    return token.kind == TokenKind::name && std::find(steps.begin(), steps.end(), token.text) != steps.end();
  }

  void recover(std::size_t from) {
    reader_.end_panic();
    if (reader_.position() == from && !reader_.at_symbol("}") && !reader_.at_next_declaration()) reader_.take();
    while (!reader_.at_end() && !reader_.at_next_declaration()) {
      if (at_step() && reader_.peek().first_on_line) break;
      if (reader_.at_symbol("}") && braces_ == 0) break;
      if (reader_.at_symbol("{")) ++braces_;
      if (reader_.at_symbol("}")) --braces_;
      reader_.take();
    }
    braces_ = 0;
  }

  bool open_brace() {
    if (reader_.panic() || !reader_.accept_symbol("{")) return false;
    ++braces_;
    return true;
  }
  void close_brace(std::string_view place) {
    if (reader_.expect_symbol("}", place)) --braces_;
  }

  void step() {
    const Token& word = reader_.peek();
    if (!at_step())
      return reader_.fail_expected("a step of the test (`given`, `when`, `with list`, `expect`) or `}`", help_for_step(reader_));
    reader_.note_clause();
    reader_.take();
    SyntaxStep step;
    if (word.text == "with") {
      list(step);
    } else if (word.text == "expect") {
      expectation(step);
    } else {
      step.kind = word.text == "given" ? SyntaxStepKind::given : SyntaxStepKind::when;
      event(step);
    }
    step.span = {word.span.begin, std::max(word.span.end, reader_.previous_span().end)};
    if (!reader_.panic()) test_.steps.push_back(std::move(step));
  }

  // given 4 payment every 30s after 2h { card_id: "c1" }
  void event(SyntaxStep& step) {
    if (step.kind == SyntaxStepKind::given && reader_.peek().kind == TokenKind::number) {
      const Token& count = reader_.take();
      step.count = SyntaxName{count.text, count.span};
    }
    if (step.kind == SyntaxStepKind::given && reader_.at_word("list"))
      reader_.fail_expected("the name of an event", {"entries of a list are given with `with list NAME [...]`"});
    const bool counted = step.kind == SyntaxStepKind::when && reader_.peek().kind == TokenKind::number;
    if (counted)
      reader_.fail_expected("the name of an event",
                            {"`when` is one event; several before it are `given " + std::string(reader_.peek().text) + " ...`"});
    step.name = reader_.expect_name("the name of an event", "for example `when payment { ... }`");
    while (!reader_.panic() && (reader_.at_word("every") || reader_.at_word("after"))) {
      const Token& word = reader_.take();
      std::optional<SyntaxDuration>& into = word.text == "every" ? step.every : step.after;
      if (into) return reader_.fail("R0108", word.span, in_backticks(word.text) + " stands here for the second time");
      if (word.text == "every" && step.kind == SyntaxStepKind::when)
        return reader_.fail("R0101", word.span, "`when` is one event", "`every` belongs to `given`", {"write `after 2h` to let time pass"});
      into = expressions_.parse_duration(word.text);
    }
    if (!open_brace()) return end_of_step(step);
    while (!reader_.panic() && !reader_.at_symbol("}")) {
      step.fields.push_back(field());
      if (!reader_.at_symbol("}") && !reader_.accept_symbol(",") && !reader_.peek().first_on_line)
        reader_.expect_symbol(",", "or `}` after a value");
    }
    close_brace("at the end of the event");
  }

  void end_of_step(const SyntaxStep& step) {
    if (reader_.panic() || at_step() || reader_.at_symbol("}")) return;
    const std::string name(step.name.text.substr(0, 60));
    std::vector<std::string> help{"for example `" + std::string(step.kind == SyntaxStepKind::given ? "given " : "when ") + name +
                                  " { amount: 5.00 }`"};
    if (reader_.at_word("x") || reader_.at_word("times") || reader_.peek().kind == TokenKind::number)
      help = {"how many stands first: `given 3 " + name + " every 1m { ... }`"};
    if (reader_.at_word("in") || reader_.at_word("at") || reader_.at_word("over") || reader_.at_word("within"))
      help = {"times are written `every 1m` between several events, `after 2h` before one; or give the event's time field a value"};
    reader_.fail_expected("`{` with the event's fields, or the next step", std::move(help));
  }

  SyntaxTestField field() {
    SyntaxTestField field;
    const bool comma = reader_.peek().kind == TokenKind::number && reader_.previous(2).kind == TokenKind::number;
    field.name = reader_.expect_name("the name of a field or `}`", comma ? "numbers are written with a point: `5.00`" : "");
    reader_.expect_symbol(":", "after the field's name", "for example `amount: 5.00`");
    if (reader_.panic()) return field;
    const SourceSpan first = reader_.peek().span;
    if (reader_.at_symbol("{")) {
      place(field);
    } else if (!reader_.accept_word("missing")) {
      field.value = expressions_.parse();
    }
    field.span = {first.begin, std::max(first.end, reader_.previous_span().end)};
    return field;
  }

  // { lat: 52.5, lon: 13.4 }
  void place(SyntaxTestField& field) {
    open_brace();
    for (const std::string_view part : {"lat", "lon"}) {
      reader_.expect_word(part, "of a place: `{ lat: 52.5, lon: 13.4 }`");
      reader_.expect_symbol(":", "behind it");
      (part == "lat" ? field.value : field.longitude) = reader_.panic() ? nullptr : expressions_.parse_value();
      if (part == "lat") reader_.expect_symbol(",", "after the latitude");
    }
    close_brace("at the end of the place");
  }

  // with list blocked_cards ["c1"]
  void list(SyntaxStep& step) {
    step.kind = SyntaxStepKind::with_list;
    if (!reader_.expect_word("list", "after `with`", "for example `with list blocked_cards [\"c1\"]`")) return;
    if (reader_.peek().kind == TokenKind::list_name) {
      const Token& name = reader_.peek();
      return reader_.fail("R0101", name.span, "the list stands here without `@`", "", {"write `with list " + reader_.value(name) + "`"});
    }
    step.name = reader_.expect_name("the list's name");
    reader_.accept_symbol("=");
    if (!reader_.expect_symbol("[", "and the entries after the list's name")) return;
    while (!reader_.panic() && !reader_.at_symbol("]")) {
      step.values.push_back(expressions_.parse_value());
      if (!reader_.at_symbol("]")) reader_.expect_symbol(",", "or `]` after a value", values_written);
    }
    reader_.expect_symbol("]", "at the end of the entries");
  }

  // `outcome`, `rule` and `no` mean something only where a name follows them: fields may be called so.
  void expectation(SyntaxStep& step) {
    const auto names = [this](std::size_t ahead) {
      return reader_.peek(ahead).kind == TokenKind::name && !is_reserved(reader_.peek(ahead).text) && !reader_.peek(ahead).first_on_line;
    };
    if (reader_.at_word("no") && reader_.at_word("rule", 1)) {
      reader_.take();
      reader_.take();
      step.kind = SyntaxStepKind::no_rule;
      step.name = reader_.expect_name("the name of a rule after `expect no rule`");
    } else if (reader_.at_word("no") && reader_.at_word("decision", 1)) {
      reader_.take();
      reader_.take();
      step.kind = SyntaxStepKind::no_decision;
    } else if (reader_.at_word("rule") && names(1)) {
      reader_.take();
      step.kind = SyntaxStepKind::rule;
      step.name = reader_.expect_name("the name of a rule");
    } else if (reader_.at_word("outcome") && names(1)) {
      reader_.take();
      step.kind = SyntaxStepKind::outcome;
      step.name = reader_.expect_name("an outcome");
    } else {
      step.kind = SyntaxStepKind::condition;
      const Token& first = reader_.peek();
      step.condition = expressions_.parse();
      if (!reader_.panic() && !at_step() && !reader_.at_symbol("}") && !reader_.at_next_declaration())
        reader_.fail_expected("an operator, the next step or `}`", help_for_expectation(reader_, first));
    }
  }

  TokenReader& reader_;
  ExpressionParser expressions_;
  SyntaxTest test_;
  std::size_t braces_ = 0;  // open within the step
};

}  // namespace

std::span<const std::string_view> test_step_words() {
  return steps;
}

SyntaxTest parse_test(TokenReader& reader, SourceSpan word) {
  return TestParser(reader).run(word);
}

}  // namespace weir
