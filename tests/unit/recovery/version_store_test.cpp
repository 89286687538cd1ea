#include "engine/recovery/version_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder() {
  const fs::path folder =
      fs::path(testing::TempDir()) / (std::string("versions.") + testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(folder);
  return folder;
}

VersionStore opened(const fs::path& folder) {
  auto store = VersionStore::open(folder);
  EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().text);
  return store.take();
}

RuleVersion made(VersionStore& store, std::uint64_t number, const std::string& text) {
  RuleVersion version;
  version.number = number;
  version.hash = "0123456789abcdef0123456789abcdef";
  version.made_at_ms = 1'790'000'000'000;
  version.origin = "rollback to 3";
  version.files.push_back({KeptFile::Kind::rules, "rules/a b\n%.rules", store.contents().keep(text).take(), text.size()});
  version.files.push_back({KeptFile::Kind::list, "lists/cards.txt", store.contents().keep("c1\nc2\n").take(), 6});
  return version;
}

fs::path file_of(const fs::path& folder, std::uint64_t number) {
  return folder / "versions" / ("0000000" + std::to_string(number) + ".version");
}

TEST(VersionStore, GivesBackWhatWasAdded) {
  const fs::path folder = fresh_folder();
  RuleVersion version;
  {
    VersionStore store = opened(folder);
    EXPECT_EQ(store.next_number(), 1U);
    version = made(store, 1, "rule one");
    ASSERT_TRUE(store.add(version));
    EXPECT_EQ(store.next_number(), 2U);
  }
  const VersionStore store = opened(folder);
  ASSERT_NE(store.find(1), nullptr);
  EXPECT_EQ(*store.find(1), version);
  EXPECT_EQ(store.contents().read(version.files[0].content).value(), "rule one");
  EXPECT_TRUE(store.contents().verify(version.files[1].content));
}

TEST(VersionStore, EveryFlippedBitAndEveryCutIsNoticed) {
  const fs::path folder = fresh_folder();
  {
    VersionStore store = opened(folder);
    ASSERT_TRUE(store.add(made(store, 1, "rule one")));
  }
  std::string whole;
  {
    std::ifstream stream(file_of(folder, 1), std::ios::binary);
    whole = {std::istreambuf_iterator<char>(stream), {}};
  }
  const auto damaged = [&](const std::string& text) {
    std::ofstream(file_of(folder, 1), std::ios::binary) << text;
    const VersionStore store = opened(folder);
    return store.find(1) == nullptr && store.next_number() == 2 && store.missing_text(1).find("damaged") != std::string::npos;
  };
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_TRUE(damaged(flipped)) << at;
    EXPECT_TRUE(damaged(whole.substr(0, at))) << at;
  }
  EXPECT_FALSE(damaged(whole));
}

TEST(VersionStore, DamagedContentIsNotTakenForWhatItWas) {
  const fs::path folder = fresh_folder();
  VersionStore store = opened(folder);
  const RuleVersion version = made(store, 1, "rule one");
  std::ofstream(store.contents().path_of(version.files[0].content)) << "rule two";
  const auto text = store.contents().read(version.files[0].content);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().kind, ErrorKind::fatal);
  EXPECT_FALSE(store.contents().verify(version.files[0].content));
}

TEST(VersionStore, KeepsWhatIsNeededAndABoundedNumberBeyond) {
  const fs::path folder = fresh_folder();
  VersionStore store = opened(folder);
  std::vector<std::string> contents;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    const RuleVersion version = made(store, number, "rule " + std::to_string(number));
    contents.push_back(version.files[0].content);
    ASSERT_TRUE(store.add(version));
  }
  store.trim({2}, 3);
  const VersionStore again = opened(folder);
  std::vector<std::uint64_t> kept;
  for (const auto& [number, version] : again.versions()) kept.push_back(number);
  EXPECT_EQ(kept, (std::vector<std::uint64_t>{2, 5, 6}));
  EXPECT_TRUE(fs::exists(again.contents().path_of(contents[1])));
  EXPECT_FALSE(fs::exists(again.contents().path_of(contents[0])));
  EXPECT_EQ(again.next_number(), 7U);
}

TEST(ContentStore, KeepsAFileAsItWasAndSeesThatItChanged) {
  const fs::path folder = fresh_folder();
  fs::create_directories(folder);
  const fs::path list = folder / "cards.txt";
  std::ofstream(list) << "c1\n";
  ContentStore store(folder / "content");
  const std::string first = store.keep_file(list).take();
  EXPECT_EQ(store.keep_file(list).value(), first);
  EXPECT_EQ(store.read(first).value(), "c1\n");
  std::ofstream(list) << "c1\nc2\n";
  const std::string second = store.keep_file(list).take();
  EXPECT_NE(second, first);
  EXPECT_EQ(store.read(first).value(), "c1\n");
  EXPECT_EQ(store.keep("c1\nc2\n").value(), second);
  EXPECT_FALSE(store.keep_file(folder / "absent").ok());
}

}  // namespace
}  // namespace weir
