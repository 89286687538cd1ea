// A sink that writes one line an output: the queue and the thread that the file and the console sink share.
#pragma once

#include <atomic>
#include <chrono>
#include <concurrentqueue.h>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connectors/file/line_target.h"
#include "engine/base/byte_buffer.h"
#include "engine/base/wake_signal.h"
#include "engine/ports/sink.h"

namespace weir {

struct LineWriterLimits {
  std::uint64_t queue_outputs_max = 65'536;                // taken and not yet acknowledged; beyond it `offer` takes nothing
  std::size_t write_bytes = std::size_t{1} * 1024 * 1024;  // lines are written, and synced, in pieces of about this size
  std::chrono::milliseconds retry_first{100};              // back-off after a failure, doubled each time ...
  std::chrono::milliseconds retry_max{30'000};             // ... up to this
};

// Decisions and profile updates are written as they are, dead letters as JSON (engine/event/dead_letter.h). A write that fails is repeated
// from the byte where it stopped, so a line is never torn by an error and never written twice in one run.
class LineWriter final : public Sink {
 public:
  LineWriter(std::unique_ptr<LineTarget> target, const LineWriterLimits& limits);
  ~LineWriter() override;

  Status open(LaneIndex lanes, void (*wake)(void* context, LaneIndex lane), void* context) override;
  std::uint32_t offer(OutputBatch& batch, std::uint32_t first) override;
  void collect(LaneIndex lane, std::vector<Acknowledgement>& into) override;
  SinkState state() const override;
  void close(std::chrono::steady_clock::time_point deadline) override;

 private:
  using Queue = moodycamel::ConcurrentQueue<Acknowledgement>;

  // A lane's way in and back. The tokens belong to the lane and to the writer's thread.
  struct LaneQueues {
    explicit LaneQueues(Queue& in) : offer_token(in), acknowledge_token(done) {}
    moodycamel::ProducerToken offer_token;
    Queue done;
    moodycamel::ProducerToken acknowledge_token;
  };

  void run();
  // Takes from the queue what fits into one piece. False when there was nothing.
  bool gather();
  void append_lines(const Acknowledgement& part);
  // Returns false when closing took over before all was durable.
  bool deliver();
  void acknowledge();
  // Sleeps after a failure. False when closing has passed its deadline.
  bool back_off(const Error& error);
  bool out_of_time() const;
  void set_error(std::string text);

  std::unique_ptr<LineTarget> target_;
  LineWriterLimits limits_;
  Queue queue_;
  std::vector<std::unique_ptr<LaneQueues>> lanes_;
  void (*wake_)(void*, LaneIndex) = nullptr;
  void* wake_context_ = nullptr;
  WakeSignal signal_;
  std::atomic<bool> closing_{false};
  std::atomic<std::chrono::steady_clock::rep> deadline_{0};
  std::atomic<std::uint64_t> queued_{0};
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> retries_{0};
  mutable std::mutex error_mutex_;
  std::string last_error_;

  // The writer's thread only.
  std::vector<Acknowledgement> gathered_;
  ByteBuffer lines_;
  std::size_t written_ = 0;  // bytes of lines_
  bool failing_ = false;
  std::chrono::milliseconds pause_{0};

  std::thread thread_;
};

}  // namespace weir
