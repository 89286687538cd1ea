// Each folder of tests/golden/config is a config and what is said about it. GOLDEN_UPDATE=1 rewrites what is expected.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/registry.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/load_service_settings.h"

namespace weir {
namespace {

const std::filesystem::path cases_folder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden/config";

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(cases_folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// environment.txt: NAME=value lines; set.txt: what stands behind --set, one a line.
std::string said_about(const std::filesystem::path& folder) {
  std::map<std::string, std::string, std::less<>> variables;
  for (const std::string& line : lines_of(folder / "environment.txt"))
    variables[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  const Environment environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  const SettingsLoad load = load_service_settings(folder / "config.yaml", lines_of(folder / "set.txt"), environment, connector_kinds());
  EXPECT_EQ(load.settings.has_value(), !has_errors(load.diagnostics));
  Diagnostics diagnostics = load.diagnostics;
  if (load.settings) find_rules_files(*load.settings, diagnostics);
  std::string said = diagnostics.empty() ? "no errors\n" : render(diagnostics, false);
  for (std::size_t at = 0; (at = said.find(folder.string() + "/", at)) != std::string::npos;) said.erase(at, folder.string().size() + 1);
  for (std::size_t at = 0; (at = said.find(folder.string(), at)) != std::string::npos;) said.replace(at, folder.string().size(), "FOLDER");
  return said;
}

class ConfigGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(ConfigGolden, IsSaidAsExpected) {
  const std::filesystem::path folder = cases_folder / GetParam();
  const std::string said = said_about(folder);
  if (std::getenv("GOLDEN_UPDATE") != nullptr) std::ofstream(folder / "expected.txt", std::ios::binary) << said;
  EXPECT_EQ(said, text_of(folder / "expected.txt")) << "if this is better: GOLDEN_UPDATE=1";
  EXPECT_EQ(said.find("hunter"), std::string::npos) << "a secret of the case is shown";
}

INSTANTIATE_TEST_SUITE_P(Cases, ConfigGolden, ::testing::ValuesIn(case_names()), [](const auto& each) { return each.param; });

TEST(ConfigGolden, EveryCodeHasACase) {
  std::string all;
  for (const std::string& name : case_names()) all += text_of(cases_folder / name / "expected.txt");
  // What takes more than a config that is there: tests/unit/settings, tests/unit/service/connect_check_test.cpp.
  const std::set<std::string_view> elsewhere{config_error::unreadable, config_error::unwritable_state, config_error::no_broker,
                                             config_error::no_topic};
  for (const ConfigError& error : config_errors()) {
    if (elsewhere.contains(error.code)) continue;
    EXPECT_NE(all.find("[" + std::string(error.code) + "]"), std::string::npos) << error.code << " " << error.title;
  }
}

}  // namespace
}  // namespace weir
