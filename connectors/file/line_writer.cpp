#include "connectors/file/line_writer.h"

#include <algorithm>
#include <pthread.h>

#include "engine/event/dead_letter.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::hours idle_wait{1};
constexpr std::size_t parts_at_once = 64;

}  // namespace

LineWriter::LineWriter(std::unique_ptr<LineTarget> target, const LineWriterLimits& limits)
    : target_(std::move(target)), limits_(limits), pause_(limits.retry_first) {}

LineWriter::~LineWriter() {
  close(Clock::now());
}

Status LineWriter::open(LaneIndex lanes, void (*wake)(void*, LaneIndex), void* context) {
  if (const Status opened = target_->open(); !opened) return opened;
  wake_ = wake;
  wake_context_ = context;
  for (LaneIndex lane = 0; lane < lanes; ++lane) lanes_.push_back(std::make_unique<LaneQueues>(queue_));
  lines_.reserve(limits_.write_bytes * 2);
  thread_ = std::thread([this] { run(); });
  return success();
}

std::uint32_t LineWriter::offer(OutputBatch& batch, std::uint32_t first) {
  const std::uint64_t queued = queued_.load(std::memory_order_relaxed);
  if (queued >= limits_.queue_outputs_max) return 0;
  const auto offered = static_cast<std::uint32_t>(batch.outputs.size()) - first;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(offered, limits_.queue_outputs_max - queued));
  if (count == 0) return 0;
  queued_.fetch_add(count, std::memory_order_relaxed);
  queue_.enqueue(lanes_[batch.lane]->offer_token, Acknowledgement{&batch, first, count});
  signal_.notify();
  return count;
}

void LineWriter::collect(LaneIndex lane, std::vector<Acknowledgement>& into) {
  Acknowledgement part;
  while (lanes_[lane]->done.try_dequeue(part)) into.push_back(part);
}

SinkState LineWriter::state() const {
  SinkState state;
  state.delivered = delivered_.load(std::memory_order_relaxed);
  state.retries = retries_.load(std::memory_order_relaxed);
  state.queued = queued_.load(std::memory_order_relaxed);
  const std::lock_guard lock(error_mutex_);
  state.last_error = last_error_;
  state.healthy = last_error_.empty();
  return state;
}

void LineWriter::close(Clock::time_point deadline) {
  if (!thread_.joinable()) return;
  deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  closing_.store(true, std::memory_order_release);
  signal_.notify();
  thread_.join();
}

void LineWriter::run() {
  pthread_setname_np(pthread_self(), "file-sink");
  while (true) {
    if (gather()) {
      if (!deliver()) return;
      acknowledge();
    } else if (closing_.load(std::memory_order_acquire)) {
      return;
    } else {
      signal_.wait_until(Clock::now() + idle_wait);
    }
  }
}

bool LineWriter::gather() {
  gathered_.clear();
  lines_.clear();
  written_ = 0;
  Acknowledgement part;
  while (lines_.size() < limits_.write_bytes && gathered_.size() < parts_at_once && queue_.try_dequeue(part)) {
    append_lines(part);
    gathered_.push_back(part);
  }
  return !gathered_.empty();
}

void LineWriter::append_lines(const Acknowledgement& part) {
  const OutputBatch& batch = *part.batch;
  for (std::uint32_t index = part.first; index < part.first + part.count; ++index) {
    const Output& output = batch.outputs[index];
    if (batch.kind == OutputKind::dead_letter) {
      append_dead_letter_json(lines_, batch, output);
    } else {
      lines_.append(batch.view(output.value));
    }
    lines_.append('\n');
  }
}

bool LineWriter::deliver() {
  while (true) {
    while (written_ < lines_.size()) {
      const Result<std::size_t> written = target_->append(lines_.view().substr(written_));
      if (written) {
        written_ += written.value();
      } else if (!back_off(written.error())) {
        return false;
      }
    }
    const Status synced = target_->sync();
    if (synced) break;
    written_ = 0;
    if (!back_off(synced.error())) return false;
  }
  if (failing_) set_error({});
  failing_ = false;
  pause_ = limits_.retry_first;
  return true;
}

void LineWriter::acknowledge() {
  for (const Acknowledgement& part : gathered_) {
    const LaneIndex lane = part.batch->lane;
    queued_.fetch_sub(part.count, std::memory_order_relaxed);
    delivered_.fetch_add(part.count, std::memory_order_relaxed);
    lanes_[lane]->done.enqueue(lanes_[lane]->acknowledge_token, part);
    wake_(wake_context_, lane);
  }
}

bool LineWriter::back_off(const Error& error) {
  set_error(error.text);
  failing_ = true;
  retries_.fetch_add(1, std::memory_order_relaxed);
  const Clock::time_point until = Clock::now() + pause_;
  pause_ = std::min(pause_ * 2, limits_.retry_max);
  while (Clock::now() < until && !out_of_time()) {
    const bool closing = closing_.load(std::memory_order_acquire);
    const Clock::time_point deadline{Clock::duration(deadline_.load(std::memory_order_relaxed))};
    signal_.wait_until(closing ? std::min(until, deadline) : until);
  }
  return !out_of_time();
}

bool LineWriter::out_of_time() const {
  if (!closing_.load(std::memory_order_acquire)) return false;
  return Clock::now().time_since_epoch().count() >= deadline_.load(std::memory_order_relaxed);
}

void LineWriter::set_error(std::string text) {
  const std::lock_guard lock(error_mutex_);
  last_error_ = std::move(text);
}

}  // namespace weir
