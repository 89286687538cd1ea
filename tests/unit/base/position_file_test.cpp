#include "engine/base/position_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

std::filesystem::path fresh_folder() {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) /
                                       (std::string("positions.") + testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::remove_all(folder);
  return folder;
}

TEST(PositionFile, IsEmptyBeforeTheFirstWrite) {
  const auto positions = PositionFile(fresh_folder() / "source").read();
  ASSERT_TRUE(positions.ok());
  EXPECT_TRUE(positions.value().empty());
}

TEST(PositionFile, GivesBackWhatWasWrittenLast) {
  const PositionFile file(fresh_folder() / "deeper" / "source");
  ASSERT_TRUE(file.write({{"0", 7}, {"1", -1}}).ok());
  ASSERT_TRUE(file.write({{"0", 9'000'000'000}}).ok());
  const auto positions = file.read();
  ASSERT_TRUE(positions.ok());
  EXPECT_EQ(positions.value(), (PositionFile::Positions{{"0", 9'000'000'000}}));
}

TEST(PositionFile, RefusesWhatItDoesNotUnderstand) {
  const std::filesystem::path folder = fresh_folder();
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "source") << "0 7\nnonsense\n";
  const auto positions = PositionFile(folder / "source").read();
  ASSERT_FALSE(positions.ok());
  EXPECT_EQ(positions.error().kind, ErrorKind::fatal);
  EXPECT_NE(positions.error().text.find("nonsense"), std::string::npos);
}

TEST(PositionFile, SaysWhyItCannotWrite) {
  const std::filesystem::path folder = fresh_folder();
  std::filesystem::create_directories(folder / "source");  // a folder stands where the file belongs
  const auto written = PositionFile(folder / "source").write({{"0", 1}});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::retryable);
  EXPECT_NE(written.error().text.find("source"), std::string::npos);
}

}  // namespace
}  // namespace weir
