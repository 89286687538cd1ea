// What a commit says beside the offset, read back and refused.
#include "connectors/kafka/commit_metadata.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(CommitMetadata, IsReadAsItWasWritten) {
  const std::string text = write_commit_metadata({1'700'000'000'000, 2'500, 17});
  EXPECT_EQ(text, "weir1 timestamp_ms=1700000000000 lag_ms=2500 origin=17");
  const auto read = read_commit_metadata(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->timestamp_ms, 1'700'000'000'000);
  EXPECT_EQ(read->lag_ms_max, 2'500);
  EXPECT_EQ(read->origin, 17);
}

TEST(CommitMetadata, HoldsNoNul) {
  EXPECT_EQ(write_commit_metadata({-1, 0, 0}).find('\0'), std::string::npos);
}

TEST(CommitMetadata, RefusesWhatIsNotExactlyItsFormat) {
  for (const char* text :
       {"", "weir2 timestamp_ms=1 lag_ms=2 origin=3", "weir1 timestamp_ms=1 lag_ms=2 origin=3 ", "weir1 timestamp_ms= lag_ms=2 origin=3",
        "weir1 timestamp_ms=1 lag_ms=-2 origin=3", "weir1 timestamp_ms=1 lag_ms=2 origin=-3", "weir1 timestamp_ms=1 lag_ms=2",
        "weir1 timestamp_ms=99999999999999999999 lag_ms=2 origin=3", "{\"offset\":1}"})
    EXPECT_FALSE(read_commit_metadata(text)) << text;
}

}  // namespace
}  // namespace weir
