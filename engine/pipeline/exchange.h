// The exchange between lanes: a feature whose key is not tied to the shard is kept by the lane that owns the key, so a batch's home lane
// sends each owner one block of requests and gets it back answered.
//
//   home lane                                  owner
//   begin(batch) ──── block: rows, keys ─────► serve: add events, fill in answers
//   other batches                                │
//   serve: last block is back ◄── same block ────┘
//   finish(batch)
#pragma once

#include <concurrentqueue.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/bit_mask.h"
#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/owned_windows.h"
#include "engine/pipeline/request_block.h"
#include "engine/pipeline/rule_stages.h"

namespace weir {

class Lane;

// One a lane, its thread only. A lane has at most `batches_in_flight_max` batches out and each sends at most one block to every other lane,
// which bounds all inboxes: none is ever full, and whoever waits for answers serves requests meanwhile, so nobody waits for ever.
class Exchange {
 public:
  static constexpr std::size_t batches_in_flight_max = 8;

  Exchange(LaneIndex index, const std::vector<InputSettings>& inputs);

  // Before any thread runs: all lanes in order, this one among them. Without it the lane is alone and owns every key.
  void connect(const std::vector<Lane*>& lanes);

  // Applies what this lane owns and sends the rest. Afterwards `batch.answers_missing` blocks are out.
  void request(BatchInFlight& batch);
  // Takes what came: requests of others are applied and go back, answers go into their batches. True when there was anything.
  bool serve();

  void wake_all() const;

  OwnedWindows& owned() { return owned_; }
  const OwnedWindows& owned() const { return owned_; }

 private:
  using Inbox = moodycamel::ConcurrentQueue<RequestBlock*>;
  struct Peer {
    Lane* lane = nullptr;
    Inbox* inbox = nullptr;
    std::unique_ptr<moodycamel::ProducerToken> token;
    RequestBlock* open = nullptr;  // of the batch at hand
  };
  void share_out(BatchInFlight& batch, std::size_t route);
  void apply_own(BatchInFlight& batch, std::size_t route);
  RequestBlock& block_for(LaneIndex lane, BatchInFlight& batch);
  void send(LaneIndex lane, RequestBlock& block);
  void answer(RequestBlock& block);
  void take_answer(RequestBlock& block);

  LaneIndex index_;
  std::vector<InputSettings> sources_;
  std::vector<Peer> peers_;  // by lane; empty while the lane is alone
  Inbox inbox_;
  std::unique_ptr<moodycamel::ConsumerToken> consumer_;
  OwnedWindows owned_;
  BitMask own_rows_;
  std::vector<std::unique_ptr<RequestBlock>> blocks_;
  std::vector<RequestBlock*> idle_;
};

}  // namespace weir
