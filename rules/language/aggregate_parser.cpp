// What stands behind an aggregate: by, over, delay, where, excluding.
#include <string>
#include <utility>

#include "rules/language/expression_parser.h"
#include "rules/language/foreign_words.h"

namespace weir {

void ExpressionParser::parse_aggregate_clauses(SyntaxAggregate& aggregate) {
  const auto once = [this](bool seen, const Token& word) {
    if (seen) reader_.fail("R0108", word.span, in_backticks(word.text) + " stands here for the second time");
  };
  while (!reader_.panic()) {
    const Token& word = reader_.peek();
    if (word.kind != TokenKind::name) return;
    if (word.text == "from") {
      once(!aggregate.from.empty(), word);
      if (!aggregate.by.empty() && !reader_.panic())
        reader_.fail("R0101", word.span, "`from` stands before `by`", "", {"for example `count() from login by card_id over 10m`"});
      do {
        reader_.take();
        aggregate.from.push_back(reader_.expect_name("the name of an event after `from`"));
      } while (!reader_.panic() && reader_.at_symbol(","));
    } else if (word.text == "by") {
      once(!aggregate.by.empty(), word);
      if ((aggregate.over || aggregate.last) && !reader_.panic())
        reader_.fail("R0101", word.span, "`by` stands before `over`", "", {"for example `count() by card_id over 10m`"});
      do {
        reader_.take();
        aggregate.by.push_back(reader_.expect_name("the name of a field after `by`"));
      } while (!reader_.panic() && reader_.at_symbol(","));
      // A comma in a call's arguments never gets here: `by` is followed by `over`.
    } else if (word.text == "over") {
      once(aggregate.over || aggregate.last, word);
      reader_.take();
      parse_window(aggregate);
    } else if (word.text == "inclusive" && (aggregate.over || aggregate.last)) {
      once(aggregate.inclusive, word);
      reader_.take();
      aggregate.inclusive = true;
    } else if (word.text == "where") {
      once(aggregate.where != nullptr, word);
      reader_.take();
      const bool within_another = std::exchange(within_where_, true);
      aggregate.where = parse();
      within_where_ = within_another;
    } else if (word.text == "excluding") {
      once(aggregate.exclude_this_event, word);
      reader_.take();
      if (reader_.expect_word("this", "after `excluding`", "write `excluding this event`"))
        reader_.expect_word("event", "after `excluding this`");
      aggregate.exclude_this_event = true;
    } else if (word.text == "delay" && (aggregate.over || aggregate.last || reader_.peek(1).kind == TokenKind::duration)) {
      if (!aggregate.over && !aggregate.last)
        reader_.fail("R0101", word.span, "`over` stands before `delay`", "", {"for example `count() by card_id over 30d delay 7d`"});
      once(aggregate.delay.has_value() && !reader_.panic(), word);
      reader_.take();
      aggregate.delay = parse_duration("delay");
    } else {
      return;
    }
  }
}

void ExpressionParser::parse_window(SyntaxAggregate& aggregate) {
  if (reader_.panic()) return;
  if (reader_.at_word("last") && reader_.peek(1).kind == TokenKind::number) {
    reader_.take();
    const Token& number = reader_.take();
    const std::string& digits = reader_.value(number);
    aggregate.last = SyntaxEventCount{0, number.span};
    if (digits.size() <= 18 && digits.find('.') == std::string::npos) aggregate.last->events = std::stoull(digits);
    reader_.expect_word("events", "after the number of events", "for example `over last 10 events`");
    if (reader_.accept_word("within")) aggregate.over = parse_duration("within");
    return;
  }
  aggregate.over = parse_duration("over");
}

std::optional<SyntaxDuration> ExpressionParser::parse_duration(std::string_view what) {
  if (reader_.panic()) return std::nullopt;
  const Token& token = reader_.peek();
  if (token.kind == TokenKind::duration) {
    reader_.take();
    return SyntaxDuration{token.integer, token.span};
  }
  if (token.kind == TokenKind::number) {
    const Token& unit = reader_.peek(1);
    const std::string meant = unit.kind == TokenKind::name && !unit.first_on_line ? duration_meant(token.text, unit.text) : "";
    reader_.fail(
        "R0106", token.span, "a length of time needs a unit", "",
        {meant.empty() ? "for example `" + std::string(token.text) + "m`; units are ms, s, m, h, d and w" : "write `" + meant + "`"});
  } else {
    reader_.fail_expected("a length of time after `" + std::string(what) + "`",
                          {"for example `" + std::string(what) +
                           (what == "over" ? " 10m` or `over last 10 events`; a window ends at the event itself" : " 10m`")});
  }
  return std::nullopt;
}

}  // namespace weir
