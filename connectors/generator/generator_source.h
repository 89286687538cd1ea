// Payments from nowhere, for demonstrations and tests: seeded, paced, and repeatable from any position.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "connectors/generator/generator_reader.h"
#include "connectors/generator/generator_settings.h"
#include "engine/base/position_file.h"
#include "engine/event/shard_numbers.h"
#include "engine/ports/source.h"

namespace weir {

struct GeneratorClocks {
  SteadyNow steady = [] { return std::chrono::steady_clock::now(); };
  std::function<std::int64_t()> wall_ms = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
};

// A payment's offset is its ordinal within its shard, and its bytes follow from settings and ordinal: after a restart the stream goes on
// where it was committed, and windows are rebuilt from payments made again. Positions are kept in the state folder; removing that file
// starts over.
class GeneratorSource final : public Source {
 public:
  struct Place {
    std::string name;                 // of the source
    std::filesystem::path state_dir;  // for the position file
  };

  // `numbers` outlives the source.
  GeneratorSource(Place place, const GeneratorSettings& settings, const BatchLimits& limits, ShardNumbers& numbers,
                  GeneratorClocks clocks = {});
  ~GeneratorSource() override;

  Status start(ShardOwner& owner, LaneIndex lanes) override;
  LaneReader& reader(LaneIndex lane) override { return *readers_[lane]; }
  SourceLag lag() const override;
  bool finished() const override { return finished_.load(std::memory_order_acquire); }
  void stop(std::chrono::steady_clock::time_point deadline) override;

 private:
  Status read_positions();
  PaymentModel model_of(std::uint32_t shard) const;
  void control();  // the thread: assign, commit, revoke
  void assign();
  void give_back(std::chrono::steady_clock::time_point deadline);
  void begin_anew();
  void commit();
  void note(std::size_t shard, const ShardPosition& position);

  Place place_;
  GeneratorSettings settings_;
  BatchLimits limits_;
  ShardNumbers& numbers_;
  GeneratorClocks clocks_;
  PositionFile file_;
  PositionFile::Positions kept_;     // as in the file; control thread
  PositionFile::Positions written_;  // what the file holds; control thread
  std::int64_t start_ms_ = 0;
  ShardOwner* owner_ = nullptr;
  std::vector<std::unique_ptr<GeneratorShard>> shards_;
  std::vector<std::unique_ptr<GeneratorReader>> readers_;  // one a lane
  std::atomic<std::uint64_t> committed_{0};                // payments over all shards
  std::atomic<bool> finished_{false};
  std::atomic<bool> stopping_{false};
  std::chrono::steady_clock::time_point stop_deadline_;  // written before stopping_
  WakeSignal wake_;
  std::thread thread_;
};

}  // namespace weir
