// A lane with a rule set, fed with records written down in a test: what it decides and what profile updates it writes, byte by byte.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/pipeline/lane.h"
#include "rules/language/checked_rules.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"

namespace weir::test {

// Aborts the test program with the diagnostics when the text is wrong.
CheckedRules check_or_abort(const std::string& rules_text);

class RulesLane {
 public:
  // `features` settings and limits of `input` are kept, its scorer is made from the text. `routes`: conditions of further sinks, whose
  // decisions name what fired rules read. Those of `decisions` name every feature, so that `every_feature_is_read` should hold for them.
  RulesLane(const std::string& rules_text, std::size_t batch_size, InputSettings input = {}, const std::vector<std::string>& routes = {},
            bool every_feature_is_read = true);

  // The shard's records from `offset` on: mute below `live_from`.
  void assign(std::int64_t live_from = 0);
  // The same with further rule sets, each from its offset on; several shards name the same ones.
  void assign(std::int64_t live_from, const std::vector<std::pair<std::int64_t, std::string>>& coming, ShardIndex shard = 0);
  void feed(const std::vector<FakeReader::Record>& records, std::int64_t offset = 0, ShardIndex shard = 0);

  std::vector<std::string> decisions() const { return values(decisions_); }
  std::vector<std::string> updates() const { return values(updates_); }
  // "outcome" of each decision.
  std::vector<std::string> outcomes() const;
  std::vector<std::string> routed(std::size_t route) const { return values(*routed_[route]); }

  const FakeSink& update_sink() const { return updates_; }
  Lane& lane() { return *lane_; }

 private:
  static std::vector<std::string> values(const FakeSink& sink);

  void assign(std::int64_t live_from, ShardRules rules, ShardIndex shard);
  std::shared_ptr<RuleStages> stages_of(std::size_t version, std::shared_ptr<const Scorer> scorer);

  InputSettings input_;
  std::map<std::size_t, std::shared_ptr<RuleStages>> stages_;  // by version, from 1
  FakeReader reader_;
  FakeSink decisions_;
  FakeSink updates_;
  FakeSink dead_letters_;
  std::vector<std::unique_ptr<FakeSink>> routed_;
  std::unique_ptr<Lane> lane_;
};

}  // namespace weir::test
