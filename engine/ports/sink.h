// The port through which outputs leave: a sink takes batches and says, later, what is durable.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/output.h"

namespace weir {

// Outputs [first, first + count) of `batch` are durable.
struct Acknowledgement {
  OutputBatch* batch = nullptr;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct SinkState {
  bool healthy = true;
  std::string last_error;        // empty while healthy
  std::uint64_t delivered = 0;   // outputs
  std::uint64_t retries = 0;     // attempts beyond the first
  std::uint64_t queued = 0;      // outputs taken and not yet acknowledged
  std::uint64_t hand_overs = 0;  // lanes that went over to the connector's slower path
};

// Each lane calls `offer` and `collect` from its own thread, at the same time as other lanes, with its own LaneIndex only.
// A failed delivery is the sink's to repeat, with back-off, until it succeeds: an output that was taken is never dropped and its batch's
// memory stays valid until it is acknowledged. Outputs of one batch that share a key are delivered in order.
class Sink {
 public:
  virtual ~Sink() = default;

  // Threads and connections. `wake` may be called by the sink from any thread when acknowledgements for that lane are waiting.
  virtual Status open(LaneIndex lanes, void (*wake)(void* context, LaneIndex lane), void* context) = 0;

  // Takes outputs from `first` on and returns how many; fewer than all means full: offer the rest again later.
  virtual std::uint32_t offer(OutputBatch& batch, std::uint32_t first) = 0;

  // Appends what became durable for this lane since the last call.
  virtual void collect(LaneIndex lane, std::vector<Acknowledgement>& into) = 0;

  virtual SinkState state() const = 0;  // any thread

  // Ends threads and connections once no lane runs any more. What is not acknowledged by `deadline` is abandoned (and will be decided again
  // after a restart).
  virtual void close(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace weir
