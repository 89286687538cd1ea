#include "engine/pipeline/joint_sources.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pipeline/source_links.h"

namespace weir {
namespace {

// Sources 0 and 1 feed something together, source 2 does not.
struct Sources {
  Sources() {
    for (int source = 0; source < 3; ++source) joint.add_source();
  }

  std::string forgotten;  // keepers, each emptying in brackets
  JointSources joint{[](std::size_t source) { return source < 2; },
                     [this](const std::vector<std::size_t>& keepers) {
                       forgotten += '[';
                       for (const std::size_t keeper : keepers) forgotten += keeper == joint_keeper ? "joint" : std::to_string(keeper);
                       forgotten += ']';
                     }};
};

TEST(JointSources, ASourceThatFeedsAloneIsForgottenAlone) {
  Sources under;
  under.joint.come(0);
  under.joint.come(2);
  under.joint.go(2);
  EXPECT_EQ(under.forgotten, "[2]");
  EXPECT_FALSE(under.joint.wants_anew(0));
}

TEST(JointSources, WhatTwoFeedIsForgottenWithTheLastOfThem) {
  Sources under;
  under.joint.come(0);
  under.joint.come(1);
  under.joint.go(0);
  EXPECT_EQ(under.forgotten, "");
  EXPECT_TRUE(under.joint.wants_anew(1)) << "it holds events of shards that are gone";
  under.joint.go(1);
  EXPECT_EQ(under.forgotten, "[joint01]");
  EXPECT_FALSE(under.joint.wants_anew(1));
}

TEST(JointSources, WhoComesBackWaitsUntilTheOthersHaveGone) {
  Sources under;
  under.joint.come(0);
  under.joint.come(1);
  under.joint.go(0);
  std::atomic<bool> back{false};
  std::thread source([&] {
    under.joint.come(0);
    EXPECT_EQ(under.forgotten, "[joint01]");
    back = true;
  });
  EXPECT_FALSE(back);
  under.joint.go(1);
  source.join();
  under.joint.come(1);
  EXPECT_FALSE(under.joint.wants_anew(0));
  EXPECT_FALSE(under.joint.wants_anew(1));
}

TEST(JointSources, AnotherShardOfASourceThatIsHereDoesNotWait) {
  Sources under;
  under.joint.come(0);
  under.joint.come(1);
  under.joint.go(0);
  under.joint.come(1);
  EXPECT_TRUE(under.joint.wants_anew(1));
}

TEST(JointSources, AtTheEndNobodyComesBack) {
  Sources under;
  under.joint.come(0);
  under.joint.come(1);
  under.joint.end();
  under.joint.go(0);
  EXPECT_FALSE(under.joint.wants_anew(1));
  under.joint.come(0);
  under.joint.go(0);
  under.joint.go(1);
  EXPECT_EQ(under.forgotten, "[joint01]");
}

}  // namespace
}  // namespace weir
