// Decisions of a batch: what the scorer writes and the fan-out turns into outputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bit_mask.h"
#include "engine/base/byte_buffer.h"
#include "engine/event/batch.h"
#include "engine/event/rule_mode.h"

namespace weir {

using OutcomeIndex = std::uint8_t;
constexpr OutcomeIndex no_outcome = 0xff;

constexpr int score_scale = 4;  // scores are decimals with four digits after the point

// A rule that fired on a row. Its reason is bytes [text_begin, text_begin + text_size) of DecisionBatch::text, raw (not JSON-escaped).
struct FiredRule {
  std::uint32_t row = 0;
  std::uint32_t rule = 0;  // index into DecisionVocabulary::rules
  std::uint32_t text_begin = 0;
  std::uint32_t text_size = 0;
};

// A profile update that a rule's `update` wrote: one JSON object in DecisionBatch::update_text, keyed by its entity.
struct ProfileUpdate {
  std::uint32_t row = 0;
  std::uint32_t rule = 0;
  std::size_t key_begin = 0;  // the entity's key, for partitioning
  std::uint32_t key_size = 0;
  std::uint32_t body_size = 0;
  std::size_t body_begin = 0;  // the JSON members without braces: "entity":..,"set":{..},"for_ms":..
};

// A rule that could not be judged on a row (counted as not fired), or whose updates were not made; its text says why.
struct RuleError {
  std::uint32_t row = 0;
  std::uint32_t rule = 0;
  std::uint32_t text_begin = 0;
  std::uint32_t text_size = 0;
};

// A rule in shadow whose condition held on a row: it changed nothing.
struct ShadowHit {
  std::uint32_t row = 0;
  std::uint32_t rule = 0;
  OutcomeIndex outcome_if_live = 0;  // of the row, had this rule alone been live
};

// Rows on which a rule did not fire and a value that its condition compares was missing.
struct UndecidedRows {
  std::uint32_t rule = 0;
  std::uint32_t rows = 0;
};

struct DecisionBatch {
  std::size_t rows = 0;
  std::vector<std::int64_t> scores;  // scaled by 10^score_scale
  std::vector<OutcomeIndex> outcomes;
  std::vector<std::uint32_t> fired_begin;  // rows + 1 entries into `fired`
  std::vector<FiredRule> fired;            // by row, then by rule
  std::vector<ProfileUpdate> updates;      // by row, then by rule
  std::vector<RuleError> errors;           // by row, then by rule
  std::vector<ShadowHit> shadows;          // by row, then by rule
  std::vector<UndecidedRows> undecided;    // a rule may stand several times
  std::vector<BitMask> routes;             // one per sink with a `when`: rows that go there
  std::uint64_t reasons_cut = 0;           // of `fired`: texts that are not whole
  std::uint64_t updates_left_out = 0;      // of rules that fired: their event's updates took too many bytes
  ByteBuffer text;
  ByteBuffer update_text;
};

// A rule as decisions show it.
struct RuleDescription {
  std::string name;
  std::string title;
  OutcomeIndex outcome = no_outcome;  // forced by `then`
  std::int64_t score = 0;             // scaled by 10^score_scale
  std::vector<std::string> tags;
  std::string owner;
  std::vector<std::uint32_t> features;  // features that its condition or reason reads, ascending
  RuleMode mode = RuleMode::live;
  std::int64_t canary_share = 0;            // of a canary: of canary_share_all
  std::int64_t expires_ms = never_expires;  // from this event time on it is off
};

// Names behind the indexes of a rule set's decisions. Immutable, lives as long as the rule set.
struct DecisionVocabulary {
  std::vector<std::string> outcomes;
  std::vector<RuleDescription> rules;
  std::vector<std::string> features;  // names, as FeatureColumns::columns; aggregates written in place carry their own text
  std::vector<std::string> events;    // names of the event types; empty where there is one
  std::string hash;                   // of the rule set: 32 hexadecimal digits
  std::uint64_t version = 1;          // of the rule set, as the epoch log counts them
};

}  // namespace weir
