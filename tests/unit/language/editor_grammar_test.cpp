#include "rules/language/editor_grammar.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "rules/language/functions.h"
#include "rules/language/token_reader.h"

namespace weir {
namespace {

const std::filesystem::path grammar_path = std::filesystem::path(WEIR_SOURCE_DIR) / "config/editors/vscode/syntaxes/weir.tmLanguage.json";

TEST(EditorGrammar, IsUpToDate) {
  if (std::getenv("GOLDEN_UPDATE") != nullptr) std::ofstream(grammar_path, std::ios::binary) << textmate_grammar();
  std::ifstream file(grammar_path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, textmate_grammar()) << "GOLDEN_UPDATE=1 build/dev/tests/test_language --gtest_filter='EditorGrammar.*' writes it anew";
}

TEST(EditorGrammar, KnowsEveryWordOfTheLanguage) {
  const std::string grammar = textmate_grammar();
  const auto knows = [&](std::string_view word) {
    for (const std::string_view before : {"(", "|", ":"})
      for (const std::string_view after : {")", "|"})
        if (grammar.find(std::string(before) + std::string(word) + std::string(after)) != std::string::npos) return true;
    return false;
  };
  for (const std::string_view word : declaration_words()) EXPECT_TRUE(knows(word)) << word;
  for (const std::string_view word : reserved_words()) EXPECT_TRUE(knows(word)) << word;
  for (const FunctionDescription& function : all_functions()) EXPECT_TRUE(knows(function.name)) << function.name;
  for (const AggregateDescription& aggregate : all_aggregates()) EXPECT_TRUE(knows(aggregate.name)) << aggregate.name;
}

}  // namespace
}  // namespace weir
