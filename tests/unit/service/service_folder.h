// A whole service in a folder of its own: generated payments in, files out.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/app/build_service.h"
#include "engine/app/configuration.h"
#include "tests/support/child_process.h"

namespace weir::test {

// A folder with a config, rules and room for outputs, removed at the end.
class ServiceFolder : public testing::Test {
 protected:
  explicit ServiceFolder(std::string rules) : rules_(std::move(rules)) {}

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-service-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    write(root_ / "test.rules", rules_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

  // Outputs go to the folder `name`.
  std::filesystem::path config(const std::string& name, int lanes, int batch_size, std::uint64_t count, int shards = 4,
                               const std::string& mapping = {}) {
    const std::filesystem::path folder = root_ / name;
    std::filesystem::create_directories(folder);
    std::ostringstream text;
    text << "version: 1\n"
         << "sources:\n  payments:\n    generator: { rate: 0, count: " << count
         << ", seed: 7, cards: 500, merchants: 40, shards: " << shards
         << ", malformed_share: 0.01 }\n    event: payment\n    mapping: { batch_size: " << batch_size << mapping << " }\n"
         << "rules: { files: [\"../test.rules\"] }\n"
         << "sinks:\n  block: { file: { path: block.jsonl }, when: \"outcome == block\" }\n"
         << "  decisions: { file: { path: decisions.jsonl }, features: all }\n"
         << "dead_letters: { file: { path: dead.jsonl } }\n"
         << "state: { dir: state }\nruntime: { lanes: " << lanes << " }\nlog: { level: warn }\n";
    write(folder / "weir.yaml", text.str());
    return folder / "weir.yaml";
  }

  // Runs to the end of the source within this process.
  static void run(const std::filesystem::path& path) {
    const auto configuration = load_configuration(path, {}, process_environment());
    ASSERT_TRUE(configuration->usable()) << render(configuration->diagnostics, false);
    auto built = build_service(*configuration, [](std::string_view) {});
    ASSERT_TRUE(built) << built.error().text;
    Service& service = *built.value()->service;
    const Status started = service.start();
    ASSERT_TRUE(started) << started.error().text;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
    while (!service.finished() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    EXPECT_TRUE(service.finished());
    EXPECT_TRUE(service.stop(std::chrono::seconds{30}));
  }

  std::vector<std::string> sorted_lines(const std::string& folder, const std::string& file) const {
    std::ifstream stream(root_ / folder / file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  // The binary with these words, to its end.
  int weir(std::vector<std::string> arguments, std::string& said) const {
    arguments.insert(arguments.begin(), WEIR_BINARY);
    return run_and_read(arguments, (root_ / "log").string(), said);
  }

  std::string log_of(const std::string& folder, const std::string& file = "log") const {
    std::ifstream stream(root_ / folder / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::string rules_;
  std::filesystem::path root_;
};

}  // namespace weir::test
