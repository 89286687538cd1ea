#include "rules/language/expression_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 7> comparison_signs{"==", "=", "!=", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 3> text_operators{"starts_with", "ends_with", "contains"};
constexpr std::array<std::string_view, 12> aggregate_only{"count", "sum",        "avg",    "stddev", "distinct", "first",
                                                          "last",  "percentile", "median", "mode",   "variance", "average"};
constexpr std::array<std::string_view, 2> aggregate_or_function{"min", "max"};
constexpr std::array<std::string_view, 7> aggregate_clauses{"from", "by", "over", "inclusive", "where", "excluding", "delay"};

template <std::size_t size>
bool one_of(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

SourceSpan hull(SourceSpan first, SourceSpan last) {
  return {first.begin, std::max(first.end, last.end)};
}

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& letter : text) letter = static_cast<char>(letter - 'a' + 'A');
  return text;
}

}  // namespace

SyntaxExpressionPointer ExpressionParser::make(SyntaxKind kind, SourceSpan span) {
  if (++nodes_ > limits::expression_nodes_max && !reader_.panic())
    reader_.fail("R0105", span, "an expression has at most " + std::to_string(limits::expression_nodes_max) + " parts",
                 "the limit is reached here",
                 {"give parts of it names with `let`; many values stand in a file: `list partners of string from \"partners.txt\"`"});
  auto node = std::make_unique<SyntaxExpression>();
  node->kind = kind;
  node->span = span;
  node->head_span = span;
  return node;
}

void ExpressionParser::adopt(SyntaxExpression& parent, SyntaxExpressionPointer child) {
  parent.height = std::max(parent.height, child->height + 1);
  if (parent.height > limits::nesting_depth_max)
    reader_.fail("R0105", child->span, "an expression is nested at most " + std::to_string(limits::nesting_depth_max) + " levels deep",
                 "the limit is reached here", {"give parts of it names with `let`"});
  parent.span = hull(parent.span, child->span);
  parent.operands.push_back(std::move(child));
}

SyntaxExpressionPointer ExpressionParser::join(std::string_view operation, SourceSpan head, SyntaxExpressionPointer left,
                                               SyntaxExpressionPointer right) {
  SyntaxExpressionPointer node = make(SyntaxKind::binary, left->span);
  node->head_span = head;
  node->text = operation;
  adopt(*node, std::move(left));
  adopt(*node, std::move(right));
  return node;
}

// `word`, or its capitals with a complaint.
bool ExpressionParser::at_operator(std::string_view word) {
  if (reader_.at_word(word)) return true;
  if (reader_.panic() || !reader_.at_word(upper(word))) return false;
  reader_.reporter().error("R0104", reader_.peek().span, "the language's words are written small", "",
                           {"write " + in_backticks(word) + " instead of " + in_backticks(reader_.peek().text)});
  return true;
}

bool ExpressionParser::at_comparison() const {
  const Token& token = reader_.peek();
  if (token.kind == TokenKind::symbol) return one_of(comparison_signs, token.text);
  if (token.kind != TokenKind::name) return false;
  if (token.text == "not")
    return reader_.at_word("in", 1) || reader_.at_word("between", 1) || reader_.at_word("matches", 1) ||
           one_of(text_operators, reader_.peek(1).text);
  return token.text == "in" || token.text == "between" || token.text == "is" || token.text == "matches" ||
         one_of(text_operators, token.text);
}

SyntaxExpressionPointer ExpressionParser::parse() {
  if (depth_ == 0) nodes_ = 0;
  if (depth_ >= limits::nesting_depth_max) {
    reader_.fail("R0105", reader_.peek().span,
                 "an expression is nested at most " + std::to_string(limits::nesting_depth_max) + " levels deep",
                 "the limit is reached here", {"give parts of it names with `let`"});
    return make(SyntaxKind::bad, reader_.peek().span);
  }
  ++depth_;
  SyntaxExpressionPointer result = parse_chain(true);
  --depth_;
  return result;
}

// `a or b or c` and `a and b and c` are one node with many operands, so that long lists of conditions are not deep.
SyntaxExpressionPointer ExpressionParser::parse_chain(bool disjunction) {
  const std::string_view word = disjunction ? "or" : "and";
  SyntaxExpressionPointer left = disjunction ? parse_chain(false) : parse_not();
  SyntaxExpressionPointer chain;
  while (!reader_.panic() && at_operator(word)) {
    const SourceSpan head = reader_.take().span;
    SyntaxExpressionPointer right = disjunction ? parse_chain(false) : parse_not();
    if (chain) {
      adopt(*chain, std::move(right));
    } else {
      chain = join(word, head, std::move(left), std::move(right));
    }
  }
  return chain ? std::move(chain) : std::move(left);
}

SyntaxExpressionPointer ExpressionParser::parse_not() {
  std::vector<SourceSpan> negations;
  while (!reader_.panic() && at_operator("not")) negations.push_back(reader_.take().span);
  SyntaxExpressionPointer operand = parse_comparison();
  while (!negations.empty() && !reader_.panic()) {
    SyntaxExpressionPointer node = make(SyntaxKind::unary, negations.back());
    node->text = "not";
    adopt(*node, std::move(operand));
    operand = std::move(node);
    negations.pop_back();
  }
  return operand;
}

SyntaxExpressionPointer ExpressionParser::parse_comparison() {
  SyntaxExpressionPointer left = parse_sum();
  if (reader_.panic() || !at_comparison()) return left;
  SyntaxExpressionPointer result;
  if (reader_.peek().kind == TokenKind::symbol) {
    if (reader_.at_symbol("=")) reader_.note_comparison();
    const Token& sign = reader_.take();
    SyntaxExpressionPointer right = parse_sum();
    result = join(sign.text == "=" ? "==" : sign.text, sign.span, std::move(left), std::move(right));
  } else {
    result = parse_word_comparison(std::move(left));
  }
  refuse_chain();
  return result;
}

void ExpressionParser::refuse_chain() {
  if (reader_.panic() || !at_comparison()) return;
  reader_.fail("R0107", reader_.peek().span, "comparisons cannot be chained", "a comparison ends before this",
               {"join two comparisons with `and` or write `x between 1 and 5`; an aggregate with `where` is put in parentheses"});
}

SyntaxExpressionPointer ExpressionParser::parse_word_comparison(SyntaxExpressionPointer left) {
  const SourceSpan first = reader_.peek().span;
  const bool negated = reader_.accept_word("not");
  const Token& word = reader_.take();
  const SourceSpan head = hull(first, word.span);
  if (word.text == "in") return parse_in(std::move(left), negated, head);
  if (word.text == "is") return parse_presence(std::move(left), head);
  if (word.text == "between") {
    SyntaxExpressionPointer node = make(SyntaxKind::between, left->span);
    node->head_span = head;
    node->flag = negated;
    adopt(*node, std::move(left));
    if (reader_.at_symbol("(") && reader_.at_symbol(",", 2))
      reader_.fail_expected("a value after `between`", {"the bounds are written `between 1 and 5`"});
    adopt(*node, parse_sum());
    if (reader_.expect_word("and", "between the two bounds of `between`")) adopt(*node, parse_sum());
    return node;
  }
  if (word.text == "matches") {
    SyntaxExpressionPointer node = make(SyntaxKind::matches, left->span);
    node->head_span = head;
    node->flag = negated;
    adopt(*node, std::move(left));
    const SyntaxString pattern = reader_.expect_string("a regular expression in double quotes after `matches`");
    SyntaxExpressionPointer text = make(SyntaxKind::string, pattern.span);
    text->text = pattern.value;
    adopt(*node, std::move(text));
    return node;
  }
  SyntaxExpressionPointer node = join(word.text, head, std::move(left), parse_sum());
  node->flag = negated;
  return node;
}

SyntaxExpressionPointer ExpressionParser::parse_in(SyntaxExpressionPointer left, bool negated, SourceSpan head) {
  SyntaxExpressionPointer node = make(SyntaxKind::in, left->span);
  node->head_span = head;
  node->flag = negated;
  adopt(*node, std::move(left));
  if (reader_.peek().kind == TokenKind::list_name) {
    const Token& list = reader_.take();
    SyntaxExpressionPointer name = make(SyntaxKind::list_name, list.span);
    name->text = reader_.value(list);
    adopt(*node, std::move(name));
    return node;
  }
  if (!reader_.at_symbol("[")) {
    reader_.fail_expected("`@list` or `[a, b, ...]` after `in`", help_behind_in(reader_));
    return node;
  }
  SyntaxExpressionPointer set = make(SyntaxKind::set, reader_.take().span);
  while (!reader_.panic() && !reader_.at_symbol("]")) {
    adopt(*set, parse_element());
    if (!reader_.at_symbol("]")) reader_.expect_symbol(",", "or `]` after a value", values_written);
  }
  set->span = hull(set->span, reader_.peek().span);
  reader_.expect_symbol("]", "at the end of the values");
  adopt(*node, std::move(set));
  return node;
}

// A literal, or a bare word: outcomes stand without quotes, and the checker knows what to say about the others.
SyntaxExpressionPointer ExpressionParser::parse_element() {
  const Token& token = reader_.peek();
  if (token.kind != TokenKind::name || is_reserved(token.text)) return parse_value();
  SyntaxExpressionPointer node = make(SyntaxKind::name, token.span);
  node->text = reader_.take().text;
  return node;
}

SyntaxExpressionPointer ExpressionParser::parse_presence(SyntaxExpressionPointer left, SourceSpan head) {
  SyntaxExpressionPointer node = make(SyntaxKind::presence, left->span);
  const bool negated = reader_.accept_word("not");
  node->head_span = hull(head, reader_.peek().span);
  if (reader_.at_word("present") || reader_.at_word("missing")) {
    node->flag = (reader_.take().text == "present") != negated;
    node->span = hull(node->span, node->head_span);
  } else {
    const bool absent = reader_.at_word("null") || reader_.at_word("NULL") || reader_.at_word("none") || reader_.at_word("None") ||
                        reader_.at_word("empty") || reader_.at_word("nil");
    reader_.fail_expected("`present` or `missing` after `is`", {reader_.at_word("in") ? "write `in` or `not in`, without `is`"
                                                                : !absent             ? "values are compared with `==`"
                                                                : negated             ? "write `is present`"
                                                                                      : "write `is missing`"});
  }
  adopt(*node, std::move(left));
  return node;
}

SyntaxExpressionPointer ExpressionParser::parse_sum() {
  SyntaxExpressionPointer left = parse_product();
  while (!reader_.panic() && (reader_.at_symbol("+") || reader_.at_symbol("-"))) {
    const Token& sign = reader_.take();
    left = join(sign.text, sign.span, std::move(left), parse_product());
  }
  return left;
}

SyntaxExpressionPointer ExpressionParser::parse_product() {
  SyntaxExpressionPointer left = parse_unary();
  while (!reader_.panic() && (reader_.at_symbol("*") || reader_.at_symbol("/") || reader_.at_symbol("%"))) {
    const Token& sign = reader_.take();
    left = join(sign.text, sign.span, std::move(left), parse_unary());
  }
  return left;
}

SyntaxExpressionPointer ExpressionParser::parse_unary() {
  std::vector<SourceSpan> signs;
  while (reader_.at_symbol("-")) signs.push_back(reader_.take().span);
  SyntaxExpressionPointer operand = parse_primary();
  while (!signs.empty() && !reader_.panic()) {
    SyntaxExpressionPointer node = make(SyntaxKind::unary, signs.back());
    node->text = "-";
    adopt(*node, std::move(operand));
    operand = std::move(node);
    signs.pop_back();
  }
  return operand;
}

SyntaxExpressionPointer ExpressionParser::parse_value() {
  const Token& token = reader_.peek();
  const bool literal = token.kind == TokenKind::number || token.kind == TokenKind::string || token.kind == TokenKind::duration ||
                       token.kind == TokenKind::timestamp || reader_.at_word("true") || reader_.at_word("false");
  if (!literal && !reader_.at_symbol("-")) {
    const bool word = token.kind == TokenKind::name;
    reader_.fail_expected("a value", word ? std::vector<std::string>{"text stands in double quotes: \"" + std::string(token.text) + "\""}
                                          : std::vector<std::string>{});
    return make(SyntaxKind::bad, token.span);
  }
  return parse_unary();
}

// `then block` where a value should stand: the value is missing. A field may well be called `then`.
bool ExpressionParser::at_clause() const {
  return reader_.at_word("then") && reader_.peek(1).kind == TokenKind::name && !is_reserved(reader_.peek(1).text) &&
         reader_.peek(1).text != "then";
}

SyntaxExpressionPointer ExpressionParser::parse_primary() {
  const Token& token = reader_.peek();
  if (reader_.panic()) return make(SyntaxKind::bad, token.span);
  if (reader_.at_next_declaration()) {
    reader_.fail_expected("a value, a name or `(`");
    return make(SyntaxKind::bad, token.span);
  }
  SyntaxExpressionPointer node = make(SyntaxKind::bad, token.span);
  switch (token.kind) {
    case TokenKind::number:
    case TokenKind::string:
      node->kind = token.kind == TokenKind::number ? SyntaxKind::number : SyntaxKind::string;
      node->text = reader_.value(reader_.take());
      return node;
    case TokenKind::duration:
    case TokenKind::timestamp:
      node->kind = token.kind == TokenKind::duration ? SyntaxKind::duration : SyntaxKind::timestamp;
      node->integer = reader_.take().integer;
      return node;
    case TokenKind::list_name:
      reader_.fail("R0101", token.span, "a list stands only after `in`", "", {"for example `card_id in " + std::string(token.text) + "`"});
      return node;
    case TokenKind::symbol:
      if (!reader_.at_symbol("(")) break;
      reader_.take();
      node = parse();
      if (!reader_.panic()) node->span = {token.span.begin, reader_.peek().span.end};
      reader_.expect_symbol(")", "at the end of the parentheses");
      return node;
    case TokenKind::name:
      if (reader_.at_symbol("(", 1))
        return reader_.at_word("profile") ? parse_profile() : reader_.at_word("lookup") ? parse_lookup() : parse_call();
      if (token.text == "true" || token.text == "false") {
        node->kind = SyntaxKind::boolean;
        node->flag = reader_.take().text == "true";
        return node;
      }
      if (is_reserved(token.text) || at_clause()) break;
      node->kind = SyntaxKind::name;
      node->text = reader_.take().text;
      if (reader_.at_symbol(".")) return parse_member(std::move(node));
      if (reader_.at_word("matched") && !reader_.peek().first_on_line) {
        node->kind = SyntaxKind::matched;
        node->span = hull(node->span, reader_.take().span);
      }
      return node;
    default:
      break;
  }
  reader_.fail_expected("a value, a name or `(`", help_before_value(reader_));
  return node;
}

// lookup(bins, bin).country
SyntaxExpressionPointer ExpressionParser::parse_lookup() {
  SyntaxExpressionPointer node = make(SyntaxKind::lookup, reader_.take().span);
  reader_.take();  // "("
  const SyntaxName table = reader_.expect_name("the name of a lookup");
  node->text = table.text;
  node->head_span = table.span;
  if (reader_.expect_symbol(",", "and a key after the lookup's name")) adopt(*node, parse());
  reader_.expect_symbol(")", "after the key");
  reader_.expect_symbol(".", "and the name of a column, as in `lookup(bins, bin).country`");
  if (!reader_.panic()) node->names.push_back(reader_.expect_name("the name of a column"));
  node->span = hull(node->span, reader_.previous_span());
  return node;
}

// profile(card_id, device_id).level
SyntaxExpressionPointer ExpressionParser::parse_profile() {
  SyntaxExpressionPointer node = make(SyntaxKind::profile, reader_.take().span);
  node->names.emplace_back();
  do {
    reader_.take();  // "(" or ","
    node->names.push_back(reader_.expect_name("a field of the event: the key of the profile"));
  } while (!reader_.panic() && reader_.at_symbol(","));
  reader_.expect_symbol(")", "after the profile's key");
  reader_.expect_symbol(".", "and the name of a fact, as in `profile(card_id).level`");
  node->names.front() = reader_.expect_name("the name of a fact");
  node->span = hull(node->span, reader_.previous_span());
  return node;
}

// small.amount
SyntaxExpressionPointer ExpressionParser::parse_member(SyntaxExpressionPointer step) {
  SyntaxExpressionPointer node = make(SyntaxKind::member, step->span);
  reader_.take();  // "."
  node->names.push_back({reader_.reporter().text(step->span), step->span});
  node->names.push_back(reader_.expect_name("a field of the event after `.`"));
  node->span = hull(node->span, reader_.previous_span());
  if (reader_.at_symbol("("))
    reader_.fail("R0101", node->span, "functions stand before what they work on", "",
                 {"for example `starts_with(" + std::string(node->names[0].text.substr(0, 60)) + ", \"4111\")` or `" +
                  std::string(node->names[0].text.substr(0, 60)) + " starts_with \"4111\"`"});
  return node;
}

SyntaxExpressionPointer ExpressionParser::parse_call() {
  const Token& function = reader_.take();
  SyntaxExpressionPointer node = make(SyntaxKind::call, function.span);
  node->text = function.text;
  reader_.take();  // "("
  while (!reader_.panic() && !reader_.at_symbol(")")) {
    if (node->operands.size() == limits::call_arguments_max)
      reader_.fail("R0105", reader_.peek().span, "a function takes at most " + std::to_string(limits::call_arguments_max) + " arguments");
    SyntaxExpressionPointer argument = parse();
    adopt(*node, std::move(argument));
    if (!reader_.at_symbol(")"))
      reader_.expect_symbol(
          ",", "or `)` after an argument",
          reader_.previous().text == "distinct" ? "different values are counted with `distinct(merchant_id)`, without `count`" : "");
  }
  node->span = hull(node->span, reader_.peek().span);
  if (!reader_.expect_symbol(")", "at the end of the arguments")) return node;
  // In a `where` the clauses behind a function are those of the aggregate around it: `where contains(s, "x") excluding this event`.
  const bool may_aggregate = !within_where_ || (one_of(aggregate_or_function, function.text) && node->operands.size() == 1);
  const bool clauses = may_aggregate && reader_.peek().kind == TokenKind::name && one_of(aggregate_clauses, reader_.peek().text);
  if (!one_of(aggregate_only, function.text) && !clauses) return node;

  node->kind = SyntaxKind::aggregate;
  node->aggregate = std::make_unique<SyntaxAggregate>();
  node->aggregate->function = {function.text, function.span};
  node->aggregate->arguments = std::move(node->operands);
  node->operands.clear();
  parse_aggregate_clauses(*node->aggregate);
  if (node->aggregate->where) node->height = std::max(node->height, node->aggregate->where->height + 1);
  node->span = hull(node->span, reader_.previous_span());
  return node;
}

}  // namespace weir
