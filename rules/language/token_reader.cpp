#include "rules/language/token_reader.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

constexpr std::array<std::string_view, 16> reserved{"and",       "or",       "not",  "in",    "is", "between", "matches", "starts_with",
                                                    "ends_with", "contains", "true", "false", "by", "over",    "where",   "excluding"};
constexpr std::array<std::string_view, 10> declarations{"event", "list",    "lookup", "feature", "let",
                                                        "model", "pattern", "rule",   "policy",  "test"};

constexpr std::size_t help_bytes_max = 60;

std::vector<std::string> given(std::string_view help) {
  if (help.empty()) return {};
  return {std::string(help)};
}

}  // namespace

bool is_reserved(std::string_view word) {
  return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

bool begins_declaration(std::string_view word) {
  return std::find(declarations.begin(), declarations.end(), word) != declarations.end();
}

std::span<const std::string_view> reserved_words() {
  return reserved;
}

std::span<const std::string_view> declaration_words() {
  return declarations;
}

const Token& TokenReader::peek(std::size_t ahead) const {
  return list_.tokens[std::min(at_ + ahead, list_.tokens.size() - 1)];
}

const Token& TokenReader::take() {
  const Token& token = peek();
  if (at_ + 1 < list_.tokens.size()) ++at_;
  return token;
}

bool TokenReader::at_word(std::string_view word, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::name && peek(ahead).text == word;
}

bool TokenReader::at_symbol(std::string_view symbol, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == symbol;
}

bool TokenReader::accept_word(std::string_view word) {
  if (!at_word(word)) return false;
  take();
  return true;
}

bool TokenReader::accept_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  take();
  return true;
}

std::string TokenReader::found() const {
  switch (peek().kind) {
    case TokenKind::end:
      return "the end of the file";
    case TokenKind::string:
      return "a string";
    default:
      return in_backticks(reporter_.text(peek().span));
  }
}

void TokenReader::fail(std::string_view code, SourceSpan span, std::string message, std::string label, std::vector<std::string> help) {
  if (!panic_) reporter_.error(code, span, std::move(message), std::move(label), std::move(help));
  panic_ = true;
}

void TokenReader::fail_expected(std::string_view what, std::vector<std::string> help) {
  if (peek().kind == TokenKind::bad) {
    panic_ = true;  // the lexer has complained already
    return;
  }
  fail("R0101", peek().span, "expected " + std::string(what) + ", found " + found(), "", std::move(help));
}

bool TokenReader::expect_symbol(std::string_view symbol, std::string_view place, std::string_view help) {
  if (panic_) return false;
  if (accept_symbol(symbol)) return true;
  fail_expected(in_backticks(symbol) + " " + std::string(place), given(help));
  return false;
}

bool TokenReader::expect_word(std::string_view word, std::string_view place, std::string_view help) {
  if (panic_) return false;
  if (accept_word(word)) return true;
  fail_expected(in_backticks(word) + " " + std::string(place), given(help));
  return false;
}

std::vector<std::string> TokenReader::help_for_name() const {
  if (peek().kind == TokenKind::string && !value(peek()).empty()) return {"names stand without quotes"};
  if (at_symbol(":")) return {"leave the `:` out"};
  if (at_symbol("(")) return {"names stand without parentheses, several of them behind commas: `a, b`"};
  return {};
}

// A path or a name without quotes is quoted to the next blank.
std::vector<std::string> TokenReader::help_for_text() const {
  if (peek().kind != TokenKind::name && peek().kind != TokenKind::number) return {};
  const std::string_view rest = std::string_view(reporter_.file().text).substr(peek().span.begin, help_bytes_max);
  return {"text stands in double quotes: \"" + std::string(rest.substr(0, rest.find_first_of(" \t\r\n{}\"'"))) + "\""};
}

SyntaxName TokenReader::expect_name(std::string_view what, std::string_view help) {
  if (panic_) return {};
  if (peek().kind != TokenKind::name) {
    fail_expected(what, help.empty() || peek().kind == TokenKind::string ? help_for_name() : given(help));
    return {};
  }
  if (is_reserved(peek().text)) {
    fail("R0111", peek().span, in_backticks(peek().text) + " is a word of the language and cannot be a name",
         "expected " + std::string(what));
    return {};
  }
  const Token& token = take();
  return {token.text, token.span};
}

SyntaxString TokenReader::expect_string(std::string_view what, std::string_view help) {
  if (panic_) return {};
  if (peek().kind != TokenKind::string) {
    fail_expected(what, help.empty() ? help_for_text() : given(help));
    return {};
  }
  const Token& token = take();
  return {value(token), token.span};
}

bool TokenReader::at_next_declaration() const {
  if (at_end()) return true;
  const Token& token = peek();
  if (token.kind != TokenKind::name || !token.first_on_line || !begins_declaration(token.text)) return false;
  if (token.text == "event" && (at_word("in", 1) || at_word("not", 1))) return false;  // a condition on the event's type
  return peek(1).kind == TokenKind::name || peek(1).kind == TokenKind::string || (token.text == "policy" && at_symbol("{", 1));
}

void TokenReader::skip_block() {
  std::size_t depth = 0;
  while (!at_end()) {
    if (at_symbol("{")) ++depth;
    if (at_symbol("}") && --depth == 0) {
      take();
      return;
    }
    take();
  }
}

}  // namespace weir
