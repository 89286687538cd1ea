// A folder for each test, and what stands in for the engine beside a file source.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engine/ports/source.h"

namespace weir {

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    folder = std::filesystem::temp_directory_path() /
             (std::string("weir-") + test->test_suite_name() + "-" + test->name() + "-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder); }

  static void write(const std::filesystem::path& path, std::string_view text, std::ios::openmode mode = std::ios::trunc) {
    std::ofstream file(path, std::ios::binary | mode);
    file << text;
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::filesystem::path folder;
};

// Takes every assignment; the test moves its position.
class FakeShardOwner : public ShardOwner {
 public:
  std::chrono::milliseconds history_reach() const override { return std::chrono::milliseconds{0}; }
  bool wants_anew() const override { return anew.load(std::memory_order_acquire); }
  void assign(const ShardStart& start) override {
    starts.push_back(start);
    count.store(starts.size(), std::memory_order_release);
    assigned.store(true, std::memory_order_release);
  }
  ShardPosition revoke(ShardIndex, bool, std::chrono::steady_clock::time_point) override {
    anew.store(false, std::memory_order_release);
    return position(0);
  }
  ShardPosition position(ShardIndex) const override { return {.next_offset = next_offset.load(std::memory_order_acquire)}; }
  void fail(ShardIndex, const Error& error) override {
    failure = error.text;
    failed.store(true, std::memory_order_release);
  }

  std::vector<ShardStart> starts;
  std::string failure;
  std::atomic<bool> assigned{false};
  std::atomic<bool> anew{false};
  std::atomic<std::size_t> count{0};  // of starts
  std::atomic<bool> failed{false};
  std::atomic<std::int64_t> next_offset{-1};
};

template <typename Condition>
void wait_for(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace weir
