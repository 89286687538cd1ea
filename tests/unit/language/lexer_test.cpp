#include "rules/language/lexer.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

// Kinds and texts of all tokens: "name:amount symbol:>= number:5".
std::string tokens(const std::string& text, std::string* codes = nullptr) {
  static const char* const kinds[] = {"name", "number", "string", "duration", "timestamp", "list", "symbol", "bad", "end"};
  const SourceFile file{"test.rules", text};
  Diagnostics diagnostics;
  Reporter reporter(file, diagnostics);
  const TokenList list = lex(file, reporter);
  std::string all;
  for (const Token& token : list.tokens) {
    if (token.kind == TokenKind::end) break;
    all += all.empty() ? "" : " ";
    all += kinds[static_cast<std::size_t>(token.kind)];
    all += ':';
    const bool has_value = token.kind == TokenKind::number || token.kind == TokenKind::string || token.kind == TokenKind::list_name;
    const bool has_integer = token.kind == TokenKind::duration || token.kind == TokenKind::timestamp;
    all += has_integer ? std::to_string(token.integer) : has_value ? list.values[token.value] : std::string(token.text);
  }
  if (codes != nullptr)
    for (const Diagnostic& diagnostic : diagnostics) *codes += diagnostic.code + " ";
  return all;
}

TEST(Lexer, ReadsNamesNumbersAndSigns) {
  EXPECT_EQ(tokens("a_1>=12.50-20_000 # comment\n->@list"), "name:a_1 symbol:>= number:12.50 symbol:- number:20000 symbol:-> list:list");
}

TEST(Lexer, ReadsTimes) {
  EXPECT_EQ(tokens("90s 10m 500ms 2w"), "duration:90000 duration:600000 duration:500 duration:1209600000");
  EXPECT_EQ(tokens("2026-01-01 2026-01-01T01:00:00.250+01:00"), "timestamp:1767225600000 timestamp:1767225600250");
}

TEST(Lexer, ResolvesEscapesButNotInRegularExpressions) {
  EXPECT_EQ(tokens(R"("a\"b\\c\n" matches "\d\"\\")"), "string:a\"b\\c\n name:matches string:\\d\\\"\\\\");
}

TEST(Lexer, SkipsAByteOrderMarkAndWindowsLineEnds) {
  EXPECT_EQ(tokens("\xEF\xBB\xBFrule\r\n\"x\"\r\n"), "name:rule string:x");
}

TEST(Lexer, BlanksOfWordProcessorsAreBlanks) {
  std::string codes;
  EXPECT_EQ(tokens("a\xC2\xA0>\xE2\x80\x89"
                   "5",
                   &codes),
            "name:a symbol:> number:5");
  EXPECT_EQ(tokens("\"a\xC2\xA0z\"", &codes), "string:a\xC2\xA0z") << "in text they stay";
  EXPECT_EQ(codes, "");
}

TEST(Lexer, WhatWordProcessorsMakeOfSignsIsReadAndComplainedAbout) {
  std::string codes;
  EXPECT_EQ(tokens("\xE2\x80\x9E"
                   "EUR\xE2\x80\x9C \xE2\x80\x98x\xE2\x80\x99 \xE2\x89\xA5 \xE2\x80\x93",
                   &codes),
            "string:EUR string:x symbol:>= symbol:-");
  EXPECT_EQ(codes, "R0102 R0102 R0104 R0104 ");
  EXPECT_EQ(tokens("gr\xC3\xB6\xC3\x9F"
                   "e > 1",
                   &codes),
            "name:gr\xC3\xB6\xC3\x9F"
            "e symbol:> number:1");
}

TEST(Lexer, ReadsOnBehindWhatItDoesNotKnow) {
  std::string codes;
  EXPECT_EQ(tokens("a && b $ c\x01\x02 'd' ; e", &codes), "name:a name:and name:b name:c string:d name:e");
  EXPECT_EQ(codes, "R0104 R0102 R0102 R0104 R0104 ");
}

TEST(Lexer, AStringEndsWithItsLine) {
  std::string codes;
  EXPECT_EQ(tokens("\"open\nnext", &codes), "bad:\"open name:next");
  EXPECT_EQ(codes, "R0102 ");
}

TEST(Lexer, SpansPointIntoTheText) {
  const SourceFile file{"test.rules", "  amount >= 5.00"};
  Diagnostics diagnostics;
  Reporter reporter(file, diagnostics);
  const TokenList list = lex(file, reporter);
  EXPECT_EQ(reporter.text(list.tokens[0].span), "amount");
  EXPECT_EQ(reporter.text(list.tokens[2].span), "5.00");
  EXPECT_TRUE(list.tokens[0].first_on_line);
  EXPECT_FALSE(list.tokens[1].first_on_line);
}

}  // namespace
}  // namespace weir
