// A cursor over tokens with what a parser asks of it: look, accept, expect, and find the next place to go on after an error.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/language/lexer.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Positions in a token list, ascending.
struct TokenMarks {
  std::vector<std::size_t> declarations;
  std::vector<std::size_t> clauses;
  std::vector<std::size_t> comparisons;                    // `=` that means `==`
  std::vector<std::pair<std::size_t, std::size_t>> tests;  // first token, and the one behind the last
};

class TokenReader {
 public:
  TokenReader(const TokenList& list, Reporter& reporter) : list_(list), reporter_(reporter) {}

  const Token& peek(std::size_t ahead = 0) const;
  const Token& take();
  bool at_end() const { return peek().kind == TokenKind::end; }
  std::size_t position() const { return at_; }
  const Token& previous(std::size_t back = 1) const { return list_.tokens[at_ < back ? 0 : at_ - back]; }
  SourceSpan previous_span() const { return list_.tokens[at_ == 0 ? 0 : at_ - 1].span; }
  const std::string& value(const Token& token) const { return list_.values[token.value]; }

  bool at_word(std::string_view word, std::size_t ahead = 0) const;
  bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const;
  bool accept_word(std::string_view word);
  bool accept_symbol(std::string_view symbol);

  // Complain "expected <what>, found <token>" (once while in panic) and start a panic. What is expected is a noun phrase.
  void fail_expected(std::string_view what, std::vector<std::string> help = {});
  // Complains about something else at the same price.
  void fail(std::string_view code, SourceSpan span, std::string message, std::string label = {}, std::vector<std::string> help = {});
  // Of what could be written instead, `help` says the most for the place; empty: what can be said of the token that stands there.
  bool expect_symbol(std::string_view symbol, std::string_view place, std::string_view help = {});
  bool expect_word(std::string_view word, std::string_view place, std::string_view help = {});
  // A name that a person chooses: not a word of the language.
  SyntaxName expect_name(std::string_view what, std::string_view help = {});
  SyntaxString expect_string(std::string_view what, std::string_view help = {});

  // In panic every complaint is swallowed; the statement's parser recovers and ends it.
  bool panic() const { return panic_; }
  void end_panic() { panic_ = false; }
  // True at the end of the file and where a line begins with a new declaration: a block or expression that gets here was not ended.
  bool at_next_declaration() const;
  // Skips the block whose "{" is the next token, to behind its "}". Stops at the end of the file.
  void skip_block();

  Reporter& reporter() const { return reporter_; }

  // What a token turned out to be, for those who write the file anew: the next one begins a declaration or a clause of a block, or it is
  // an `=` that compares.
  void note_declaration() { marks_.declarations.push_back(at_); }
  void note_clause() { marks_.clauses.push_back(at_); }
  void note_comparison() { marks_.comparisons.push_back(at_); }
  // The tokens since `from` are a test.
  void note_test(std::size_t from) { marks_.tests.push_back({from, at_}); }
  TokenMarks take_marks() { return std::move(marks_); }

 private:
  std::string found() const;
  // Help about the token that stands where a name or text should.
  std::vector<std::string> help_for_name() const;
  std::vector<std::string> help_for_text() const;

  const TokenList& list_;
  Reporter& reporter_;
  std::size_t at_ = 0;
  bool panic_ = false;
  TokenMarks marks_;
};

// Words that expressions are made of: no field, feature or let may be called so.
bool is_reserved(std::string_view word);
// Words that begin a declaration.
bool begins_declaration(std::string_view word);
std::span<const std::string_view> reserved_words();
std::span<const std::string_view> declaration_words();

}  // namespace weir
