// Writes a decision as JSON: the same event, rule set and position give the same bytes, always.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "engine/event/decision_id.h"
#include "engine/event/output.h"

namespace weir {

// Which feature values a sink's decisions carry.
enum class FeatureSelection : std::uint8_t { fired, all, none };  // fired: those that the rules read which fired, in shadow too

// What is the same in all decisions of a shard.
struct ShardIdentity {
  explicit ShardIdentity(const ShardName& name);
  Id128 id;
  std::string source_json;  // `"source":{"topic":"payments","partition":3,"offset":`
};

// One row of a decided batch and where it came from.
struct DecidedRow {
  const EventBatch& events;
  const FeatureColumns& features;
  const DecisionBatch& decisions;
  std::size_t row = 0;
};

// One a lane and rule set. Appends to the buffer of an OutputBatch; allocates nothing once that has grown.
class DecisionWriter {
 public:
  DecisionWriter(const DecisionVocabulary& vocabulary, const EventSchema& schema);

  // {"id","event_id","event" (of several types),"outcome","score","reasons":[{"rule","text","score","outcome"}],
  // "shadow":[{"rule","score","outcome"}],"errors","features","ruleset":{"version","hash"},"source"}
  void write_decision(ByteBuffer& out, const DecidedRow& decided, const ShardIdentity& shard, FeatureSelection selection);

  // {"id","event_id","entity",...,"rule","ruleset","source"}
  void write_profile_update(ByteBuffer& out, const DecidedRow& decided, const ProfileUpdate& update, const ShardIdentity& shard);

  const std::string& ruleset_hash() const { return ruleset_hash_; }

 private:
  void append_reasons(ByteBuffer& out, const DecidedRow& decided) const;
  void append_shadows(ByteBuffer& out, const DecidedRow& decided) const;
  void append_errors(ByteBuffer& out, const DecidedRow& decided);
  void append_features(ByteBuffer& out, const DecidedRow& decided, FeatureSelection selection);
  void want_features_of(std::uint32_t rule);
  void append_event_id(ByteBuffer& out, const DecidedRow& decided) const;
  void append_tail(ByteBuffer& out, const DecidedRow& decided, const ShardIdentity& shard) const;

  const DecisionVocabulary& vocabulary_;
  const EventSchema& schema_;
  std::string ruleset_hash_;
  std::string ruleset_json_;                 // `"ruleset":{"hash":"..."},`
  std::vector<std::string> event_json_;      // `,"event":"login"`, by event type; empty where there is one
  std::vector<std::string> outcome_json_;    // `,"outcome":"block","score":`
  std::vector<std::string> rule_json_;       // `{"rule":"card_testing","text":"`
  std::vector<std::string> rule_tail_json_;  // `","score":80,"outcome":"block"}`
  std::vector<std::string> shadow_json_;     // `{"rule":"card_testing","score":80,"outcome":"block"}`
  std::vector<std::string> feature_json_;    // `"card_payments_10m":`
  std::vector<std::uint64_t> wanted_;        // scratch: one bit a feature
};

}  // namespace weir
