#include "engine/pipeline/output_writer.h"

#include <bit>

#include "engine/event/dead_letter.h"
#include "engine/pipeline/late_rows.h"

namespace weir {
namespace {

std::uint32_t end_of(const OutputBatch& out) {
  return static_cast<std::uint32_t>(out.bytes.size());
}

// Beyond this, a batch's outputs for a sink go on in a further OutputBatch, whose places have 32 bits.
constexpr std::size_t output_bytes_full = std::size_t{64} * 1024 * 1024;

// The record's place in the ack ring: outputs are written first, so that each record is added with its count.
std::uint64_t sequence_of(const BatchInFlight& batch, std::uint32_t record) {
  return batch.shard->ring.tail() + record;
}

void add(OutputBatch& out, BatchInFlight& batch, std::size_t row, Slice key, Slice value, bool has_key) {
  const std::uint32_t record = batch.events.record_index[row];
  out.outputs.push_back({key, value, 0, 0, has_key, true, -1, sequence_of(batch, record)});
  ++batch.pending[record];
}

}  // namespace

void OutputWriter::write(BatchInFlight& batch, DecisionWriter& writer, const Scorer& scorer, LatePolicy late) {
  const std::vector<RecordView>& records = batch.records->records;
  batch.pending.assign(records.size(), 0);
  written_.clear();
  const std::size_t dead_letters = fan_out_.sink_count() - 1;
  for (std::uint32_t sink = 0; sink < dead_letters; ++sink) {
    const SinkBinding& binding = fan_out_.binding(sink);
    open(sink, binding.takes, batch);
    if (binding.takes == OutputKind::profile_update) {
      write_profile_updates(batch, writer, sink);
    } else {
      write_decisions(batch, writer, sink);
    }
  }
  write_dead_letters(batch, scorer, late);
  for (std::size_t record = 0; record < records.size(); ++record)
    batch.shard->ring.add(records[record].offset, records[record].timestamp_ms, batch.pending[record]);
  for (OutputBatch* out : written_) fan_out_.submit(*out);
}

OutputBatch& OutputWriter::open(std::uint32_t sink, OutputKind kind, BatchInFlight& batch) {
  return *written_.emplace_back(&fan_out_.open(sink, kind, *batch.shard));
}

// The batch that the sink's next output goes to.
OutputBatch& OutputWriter::with_room(BatchInFlight& batch) {
  OutputBatch& out = *written_.back();
  return out.bytes.size() < output_bytes_full ? out : open(out.sink, out.kind, batch);
}

void OutputWriter::remember(BatchInFlight& batch, DecisionWriter& writer) {
  for (const RememberedRow& first : batch.firsts) {
    if (!batch.events.active.test(first.row)) continue;
    Duplicates::Decided& decided = batch.shard->duplicates->decided(first.place);
    for (std::uint32_t sink = 0; sink + 1 < fan_out_.sink_count(); ++sink) {
      const SinkBinding& binding = fan_out_.binding(sink);
      const bool goes_there =
          binding.takes == OutputKind::decision && (!binding.route || batch.decisions.routes[*binding.route].test(first.row));
      const auto begin = static_cast<std::uint32_t>(decided.bytes.size());
      if (goes_there)
        writer.write_decision(decided.bytes, {batch.events, batch.features, batch.decisions, first.row}, batch.shard->identity,
                              binding.features);
      decided.by_sink.push_back({begin, static_cast<std::uint32_t>(decided.bytes.size()) - begin});
    }
  }
}

std::size_t OutputWriter::write_again(BatchInFlight& batch, std::uint32_t sink, std::size_t next, std::size_t row) {
  for (; next < batch.duplicates.size() && batch.duplicates[next].row < row; ++next) {
    const Duplicates::Decided& decided = batch.shard->duplicates->decided(batch.duplicates[next].place);
    if (decided.by_sink.empty() || decided.by_sink[sink].size == 0) continue;
    const RecordView& record = batch.records->records[batch.events.record_index[batch.duplicates[next].row]];
    OutputBatch& out = with_room(batch);
    const std::uint32_t key_begin = end_of(out);
    out.bytes.append(record.key);
    const std::uint32_t value_begin = end_of(out);
    out.bytes.append(decided.bytes.view(decided.by_sink[sink].begin, decided.by_sink[sink].size));
    add(out, batch, batch.duplicates[next].row, {key_begin, value_begin - key_begin}, {value_begin, end_of(out) - value_begin},
        record.has_key);
  }
  return next;
}

void OutputWriter::write_decisions(BatchInFlight& batch, DecisionWriter& writer, std::uint32_t sink) {
  const SinkBinding& binding = fan_out_.binding(sink);
  const std::uint64_t* route = binding.route ? batch.decisions.routes[*binding.route].words() : nullptr;
  std::size_t next = 0;  // of the duplicates
  for (std::size_t word = 0; word < batch.events.active.word_count(); ++word) {
    std::uint64_t bits = batch.events.active.words()[word];
    if (route != nullptr) bits &= route[word];
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t row = word * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits));
      if (next < batch.duplicates.size()) next = write_again(batch, sink, next, row);
      const RecordView& record = batch.records->records[batch.events.record_index[row]];
      OutputBatch& out = with_room(batch);
      const std::uint32_t key_begin = end_of(out);
      out.bytes.append(record.key);
      const std::uint32_t value_begin = end_of(out);
      writer.write_decision(out.bytes, {batch.events, batch.features, batch.decisions, row}, batch.shard->identity, binding.features);
      add(out, batch, row, {key_begin, value_begin - key_begin}, {value_begin, end_of(out) - value_begin}, record.has_key);
    }
  }
  write_again(batch, sink, next, batch.events.rows);
}

void OutputWriter::write_profile_updates(BatchInFlight& batch, DecisionWriter& writer, std::uint32_t sink) {
  const SinkBinding& binding = fan_out_.binding(sink);
  const BitMask* route = binding.route ? &batch.decisions.routes[*binding.route] : nullptr;
  for (const ProfileUpdate& update : batch.decisions.updates) {
    if (route != nullptr && !route->test(update.row)) continue;
    OutputBatch& out = with_room(batch);
    const std::uint32_t key_begin = end_of(out);
    out.bytes.append(batch.decisions.update_text.view(update.key_begin, update.key_size));
    const std::uint32_t value_begin = end_of(out);
    writer.write_profile_update(out.bytes, {batch.events, batch.features, batch.decisions, update.row}, update, batch.shard->identity);
    add(out, batch, update.row, {key_begin, update.key_size}, {value_begin, end_of(out) - value_begin}, true);
  }
}

// In the order of the records, whatever they died of.
void OutputWriter::write_dead_letters(BatchInFlight& batch, const Scorer& scorer, LatePolicy late) {
  open(static_cast<std::uint32_t>(fan_out_.sink_count() - 1), OutputKind::dead_letter, batch);
  const auto write = [&](std::uint32_t record, std::string_view stage, std::string_view reason, std::string_view message) {
    append_dead_letter(with_room(batch), *batch.records, batch.records->records[record], batch.shard->start.name,
                       {stage, reason, message, scorer.vocabulary().hash, sequence_of(batch, record)});
    ++batch.pending[record];
  };
  auto late_record = batch.late_records.begin();
  const auto write_late_before = [&](std::uint32_t record) {
    if (late != LatePolicy::dead_letter) return;
    for (; late_record != batch.late_records.end() && *late_record < record; ++late_record)
      write(*late_record, "features", "too_late", too_late_text);
  };
  for (const Reject& reject : batch.rejects) {
    write_late_before(reject.record);
    write(reject.record, "parse", reject_code(reject.reason), reject_message(reject, scorer.event()));
  }
  write_late_before(static_cast<std::uint32_t>(batch.records->records.size()));
}

}  // namespace weir
