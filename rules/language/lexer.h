// Text to tokens. Complains about what cannot be a token and goes on, so that the parser always gets a list that ends with `end`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "rules/language/reporter.h"

namespace weir {

enum class TokenKind : std::uint8_t {
  name,       // also the language's own words: which words mean something depends on the place
  number,     // value: digits without underscores, at most one point
  string,     // value: escapes resolved (after `matches` backslashes stand for themselves)
  duration,   // integer: milliseconds
  timestamp,  // integer: milliseconds since 1970
  list_name,  // value: without "@"
  symbol,     // text
  bad,        // already complained about
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  bool first_on_line = false;
  std::uint32_t value = 0;  // index into TokenList::values
  SourceSpan span;
  std::string_view text;  // as written; for `&&` and the like the word that was meant
  std::int64_t integer = 0;
};

struct TokenList {
  std::vector<Token> tokens;
  std::vector<std::string> values;
};

TokenList lex(const SourceFile& file, Reporter& reporter);

}  // namespace weir
