#include "rules/language/parser.h"

#include <array>
#include <string>
#include <utility>

#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"
#include "rules/language/pattern_parser.h"
#include "rules/language/rule_parser.h"
#include "rules/language/test_parser.h"

namespace weir {

namespace {

constexpr std::string_view list_example = "for example `list partners of string = [\"a\", \"b\"]`, or `of string from \"partners.txt\"`";

constexpr std::string_view range_example = "a range is written `key from first to last of string`";
constexpr std::string_view lookup_example = "for example `lookup bins from \"bins.csv\" key bin of int { country string, level string? }`";

class FileParser {
 public:
  FileParser(const SourceFile& file, const TokenList& tokens, Reporter& reporter) : reader_(tokens, reporter), expressions_(reader_) {
    tree_.file = &file;
  }

  SyntaxFile run(TokenMarks& marks) {
    while (!reader_.at_end()) {
      const std::size_t from = reader_.position();
      declaration();
      if (reader_.panic()) recover(from);
    }
    marks = reader_.take_marks();
    return std::move(tree_);
  }

 private:
  void recover(std::size_t from) {
    reader_.end_panic();
    if (reader_.position() == from) reader_.take();
    while (!reader_.at_next_declaration()) {
      if (reader_.at_symbol("{")) {
        reader_.skip_block();
      } else {
        reader_.take();
      }
    }
  }

  void declaration() {
    const Token& word = reader_.peek();
    if (word.kind != TokenKind::name || !begins_declaration(word.text)) return no_declaration();
    const std::size_t from = reader_.position();
    reader_.note_declaration();
    reader_.take();
    if (word.text == "event") return event();
    if (word.text == "list") return list();
    if (word.text == "lookup") return lookup();
    if (word.text == "feature") return feature();
    if (word.text == "let") return let();
    if (word.text == "rule") {
      tree_.rules.push_back(parse_rule(reader_, word.span));
    } else if (word.text == "policy") {
      tree_.policies.push_back(parse_policy(reader_, word.span));
    } else if (word.text == "pattern") {
      SyntaxPattern pattern = parse_pattern(reader_);
      if (!pattern.name.text.empty()) tree_.patterns.push_back(std::move(pattern));
    } else if (word.text == "test") {
      tree_.tests.push_back(parse_test(reader_, word.span));
      if (!reader_.panic()) reader_.note_test(from);
    } else {
      reader_.reporter().error("R0110", word.span, in_backticks(word.text) + " is not supported yet");
      skip_declaration();
    }
  }

  void no_declaration() {
    reader_.fail_expected("a declaration (`event`, `list`, `lookup`, `feature`, `let`, `pattern`, `rule`, `policy` or `test`)",
                          help_for_declaration(reader_));
  }

  // To the next declaration, over the block of this one if it has one.
  void skip_declaration() {
    while (!reader_.at_next_declaration()) {
      if (reader_.at_symbol("{")) return reader_.skip_block();
      reader_.take();
    }
  }

  void event() {
    SyntaxEvent event;
    event.name = reader_.expect_name("the event's name");
    const SourceSpan opening = reader_.peek().span;
    if (!reader_.expect_symbol("{", "after the event's name")) return;
    while (!reader_.at_symbol("}")) {
      // A field may be called like a declaration (`list string`), so only the end of the file shows that the block is open, or a line
      // that can be no field.
      if (reader_.at_end() || (reader_.at_next_declaration() && !looks_like_field())) {
        complain_not_closed(reader_, opening, "event " + in_backticks(event.name.text));
        break;
      }
      const std::size_t from = reader_.position();
      field(event);
      if (!reader_.panic()) continue;
      reader_.end_panic();
      if (reader_.position() == from) reader_.take();
      while (!reader_.at_end() && !reader_.at_symbol("}") && !reader_.peek().first_on_line) reader_.take();
    }
    reader_.accept_symbol("}");
    tree_.events.push_back(std::move(event));
  }

  bool looks_like_field() const {
    static constexpr std::array<std::string_view, 10> types{"bool",      "int",      "decimal", "float", "string",
                                                            "timestamp", "duration", "ip",      "geo",   "text"};
    for (const std::string_view type : types)
      if (reader_.at_word(type, 1)) return true;
    return false;
  }

  void field(SyntaxEvent& event) {
    SyntaxField field;
    field.name = reader_.expect_name("the name of a field or `}`");
    type(field.type, field.parameter);
    field.optional = !reader_.panic() && reader_.accept_symbol("?");
    while (!reader_.panic() && reader_.peek().kind == TokenKind::name && !reader_.peek().first_on_line) {
      const Token& role = reader_.peek();
      if (role.text != "id" && role.text != "time" && role.text != "key")
        reader_.fail_expected("`id`, `time`, `key` or the next line", did_you_mean(role.text, {"id", "time", "key"}));
      if (reader_.panic()) break;
      field.roles.push_back({role.text, reader_.take().span});
    }
    if (!reader_.panic() && reader_.accept_symbol(","))
      reader_.reporter().error("R0101", reader_.previous_span(), "fields stand on lines of their own, without a comma", "",
                               {"leave the `,` out"});
    if (reader_.panic()) field.type = {};
    if (!field.name.text.empty()) event.fields.push_back(std::move(field));
  }

  // decimal(2), timestamp(ms)
  void type(SyntaxName& name, std::optional<SyntaxName>& parameter) {
    name = reader_.expect_name("a type");
    if (reader_.panic() || !reader_.accept_symbol("(")) return;
    const Token& token = reader_.peek();
    if (token.kind == TokenKind::number || token.kind == TokenKind::name) {
      parameter = SyntaxName{token.text, token.span};
      reader_.take();
    } else {
      reader_.fail_expected("the type's parameter");
    }
    reader_.expect_symbol(")", "after the type's parameter");
  }

  void list() {
    SyntaxList list;
    if (reader_.peek().kind == TokenKind::list_name) {
      const Token& name = reader_.peek();
      return reader_.fail("R0101", name.span, "a list is declared without `@`", "", {"write `list " + reader_.value(name) + "`"});
    }
    list.name = reader_.expect_name("the list's name");
    if (reader_.expect_word("of", "and a type after the list's name", list_example)) type(list.type, list.parameter);
    if (reader_.panic()) {
      // nothing more can be said
    } else if (reader_.accept_word("from")) {
      list.path = reader_.expect_string("the path of a file in double quotes after `from`");
      if (!reader_.panic() && reader_.accept_word("column")) list.column = column();
    } else if (reader_.accept_symbol("=")) {
      values(list);
    } else {
      reader_.fail_expected("`from \"file\"` or `= [...]` after the list's type");
    }
    if (reader_.panic()) list.type = {};
    if (!list.name.text.empty()) tree_.lists.push_back(std::move(list));
  }

  // lookup bins from "bins.csv" key bin of int { country string, level string? }
  void lookup() {
    SyntaxLookup lookup;
    lookup.name = reader_.expect_name("the lookup's name");
    if (reader_.expect_word("from", "and the path of a CSV file after the lookup's name", lookup_example))
      lookup.path = reader_.expect_string("the path of a CSV file in double quotes after `from`");
    if (!reader_.panic() && reader_.expect_word("key", "and a column of the file after its path", lookup_example)) lookup_key(lookup);
    const bool range_without_from = reader_.at_word("to") && !lookup.last;
    if (!reader_.panic() &&
        reader_.expect_word("of", "and the key's type after its column", range_without_from ? range_example : lookup_example))
      type(lookup.type, lookup.parameter);
    const SourceSpan opening = reader_.peek().span;
    if (!reader_.panic() && reader_.expect_symbol("{", "after the key's type: the columns that are read")) lookup_columns(lookup, opening);
    lookup.broken |= reader_.panic();
    if (!lookup.name.text.empty()) tree_.lookups.push_back(std::move(lookup));
  }

  // key bin, or key from first to last
  void lookup_key(SyntaxLookup& lookup) {
    const bool ranged = reader_.at_word("from") && !reader_.at_word("of", 1);
    if (ranged) reader_.take();
    lookup.key = column();
    if (!ranged || reader_.panic()) return;
    if (reader_.expect_word("to", "and the column of a range's last key")) lookup.last = column();
  }

  void lookup_columns(SyntaxLookup& lookup, SourceSpan opening) {
    while (!reader_.panic() && !reader_.at_symbol("}")) {
      if (reader_.at_end() || (reader_.at_next_declaration() && !looks_like_field())) {
        complain_not_closed(reader_, opening, "lookup " + in_backticks(lookup.name.text));
        lookup.broken = true;
        return;
      }
      SyntaxField field;
      field.name = reader_.expect_name("the name of a column or `}`");
      type(field.type, field.parameter);
      field.optional = !reader_.panic() && reader_.accept_symbol("?");
      reader_.accept_symbol(",");
      if (!reader_.panic()) lookup.columns.push_back(std::move(field));
    }
    if (!reader_.panic()) reader_.take();
  }

  SyntaxName column() {
    if (reader_.peek().kind != TokenKind::string) return reader_.expect_name("the name of a column");
    const Token& token = reader_.take();  // a column whose name is no word
    return {token.text.substr(1, token.text.size() > 2 ? token.text.size() - 2 : 0), token.span};
  }

  void values(SyntaxList& list) {
    if (!reader_.expect_symbol("[", "after `=`", list_example)) return;
    while (!reader_.panic() && !reader_.at_symbol("]")) {
      list.values.push_back(expressions_.parse_value());
      if (!reader_.at_symbol("]")) reader_.expect_symbol(",", "or `]` after a value", values_written);
    }
    reader_.expect_symbol("]", "at the end of the list");
  }

  void feature() {
    SyntaxFeature feature;
    feature.name = reader_.expect_name("the feature's name");
    if (reader_.expect_symbol("=", "after the feature's name", "for example `feature card_payments_10m = count() by card_id over 10m`"))
      feature.value = expressions_.parse();
    end_of_declaration("the feature");
    // A broken feature still has a name: what uses it is not to blame.
    if (reader_.panic()) feature.value = std::make_unique<SyntaxExpression>();
    if (!feature.name.text.empty()) tree_.features.push_back(std::move(feature));
  }

  void let() {
    SyntaxLet let;
    let.name = reader_.expect_name("the name after `let`");
    if (reader_.expect_symbol("=", "after the name", "for example `let fee = amount * 0.02`")) let.value = expressions_.parse();
    end_of_declaration("`let`");
    if (reader_.panic()) let.value = std::make_unique<SyntaxExpression>();
    if (!let.name.text.empty()) tree_.lets.push_back(std::move(let));
  }

  void end_of_declaration(std::string_view what) {
    if (reader_.panic() || reader_.at_end() || reader_.peek().first_on_line) return;
    if (reader_.peek().kind == TokenKind::name && begins_declaration(reader_.peek().text)) return;
    reader_.fail_expected("the end of " + std::string(what), help_behind_expression(reader_));
  }

  TokenReader reader_;
  ExpressionParser expressions_;
  SyntaxFile tree_;
};

// Layout, comments and tests are left out; strings stay as written.
std::string joined(const TokenList& list, const TokenMarks& marks) {
  std::string text;
  auto test = marks.tests.begin();
  auto declaration = marks.declarations.begin();
  auto comparison = marks.comparisons.begin();
  for (std::size_t index = 0; list.tokens[index].kind != TokenKind::end; ++index) {
    if (test != marks.tests.end() && index == test->first) {
      index = test++->second - 1;
      continue;
    }
    while (declaration != marks.declarations.end() && *declaration < index) ++declaration;
    while (comparison != marks.comparisons.end() && *comparison < index) ++comparison;
    const bool begins = declaration != marks.declarations.end() && *declaration == index;
    const bool compares = comparison != marks.comparisons.end() && *comparison == index;
    if (!text.empty()) text += begins ? '\n' : ' ';
    text += compares ? "==" : list.tokens[index].text;
  }
  text += '\n';
  return text;
}

}  // namespace

SyntaxFile parse_rules(const SourceFile& file, Reporter& reporter) {
  const TokenList tokens = lex(file, reporter);
  TokenMarks marks;
  return parse_tokens(file, tokens, reporter, marks);
}

SyntaxFile parse_tokens(const SourceFile& file, const TokenList& tokens, Reporter& reporter, TokenMarks& marks) {
  SyntaxFile tree = FileParser(file, tokens, reporter).run(marks);
  tree.canonical_text = joined(tokens, marks);
  return tree;
}

SyntaxExpressionPointer parse_expression(const SourceFile& text, Reporter& reporter) {
  const TokenList tokens = lex(text, reporter);
  TokenReader reader(tokens, reporter);
  SyntaxExpressionPointer expression = ExpressionParser(reader).parse();
  if (!reader.panic() && !reader.at_end()) reader.fail_expected("the end of the expression");
  if (reader.panic()) expression->kind = SyntaxKind::bad;
  return expression;
}

}  // namespace weir
