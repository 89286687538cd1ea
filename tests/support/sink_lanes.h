// The engine's side of a sink, for tests: builds output batches, offers them, collects what is acknowledged.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports/sink.h"

namespace weir {

struct TestOutput {
  std::string key;
  std::string value;
  bool has_key = true;
  bool has_value = true;
  std::int64_t timestamp_ms = -1;
  std::vector<std::pair<std::string, std::string>> headers;  // value "(null)": a header without a value
};

std::unique_ptr<OutputBatch> make_output_batch(LaneIndex lane, const std::vector<TestOutput>& outputs);

// One lane: call from one thread.
class SinkLane {
 public:
  static constexpr std::chrono::seconds patience{30};

  SinkLane(Sink& sink, LaneIndex lane) : sink_(sink), lane_(lane) {}

  void add(const std::vector<TestOutput>& outputs) { waiting_.push_back(make_output_batch(lane_, outputs)); }
  // Offers what waits and collects, once.
  void turn();
  // Takes turns until everything was acknowledged, or patience ends.
  bool deliver_all();
  bool turn_until(const std::function<bool()>& holds);

  std::size_t acknowledged() const { return acknowledged_; }  // outputs

 private:
  Sink& sink_;
  LaneIndex lane_;
  std::deque<std::unique_ptr<OutputBatch>> waiting_;
  std::vector<std::unique_ptr<OutputBatch>> sent_;
  std::vector<Acknowledgement> news_;
  std::set<std::pair<OutputBatch*, std::uint32_t>> seen_;  // each output is acknowledged once
  std::size_t taken_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace weir
