// A service whose rules change while it runs: its folder, the process, and what it says about itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "engine/control/admin_socket.h"
#include "tests/support/child_process.h"

namespace weir::test {

// Holds weir.yaml, which the test writes (its state folder is `state`), and test.rules. Removed at the end.
class RulesFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-reload-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // As editors do it: beside, then in its place.
  void save(const std::string& rules) const {
    std::ofstream(root_ / "new") << rules;
    std::filesystem::rename(root_ / "new", root_ / "test.rules");
  }

  ChildProcess service() const { return ChildProcess({WEIR_BINARY, "run", (root_ / "weir.yaml").string()}, (root_ / "log").string()); }
  std::string log() const { return text_of(root_ / "log"); }

  static bool wait_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  }

  AdminAnswer ask(const std::vector<std::string>& words) const {
    auto answer = ask_admin(root_ / "state" / "admin.sock", {words});
    return answer ? answer.take() : AdminAnswer{-1, answer.error().text};
  }

  std::string status_json() const { return ask({"status", "json"}).body; }

  // What the service says is in force; 0 while it does not answer.
  std::uint64_t version_in_force() const {
    std::uint64_t version = 0;
    RE2::PartialMatch(status_json(), R"("ruleset":\{"version":(\d+))", &version);
    return version;
  }

  std::uint64_t decided() const {
    std::uint64_t decided = 0;
    RE2::PartialMatch(status_json(), R"("decided":(\d+))", &decided);
    return decided;
  }

  // The number N of `reason "set N` in the rules that each version was made of, from what is kept on disk.
  std::map<std::uint64_t, int> sets_of_versions() const {
    std::map<std::uint64_t, int> sets;
    const std::filesystem::path kept = root_ / "state" / "rules";
    for (const auto& entry : std::filesystem::directory_iterator(kept / "versions")) {
      const std::string manifest = text_of(entry.path());
      std::uint64_t number = 0;
      std::string content;
      EXPECT_TRUE(RE2::PartialMatch(manifest, R"(number (\d+)\n(?s:.*)file rules ([0-9a-f]+) )", &number, &content)) << manifest;
      const std::string text = text_of(kept / "content" / content);
      EXPECT_TRUE(RE2::PartialMatch(text, R"re(reason "set (\d+)\b)re", &sets[number])) << text;
    }
    return sets;
  }

  static std::string text_of(const std::filesystem::path& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path root_;
};

}  // namespace weir::test
