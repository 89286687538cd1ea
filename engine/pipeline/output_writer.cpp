#include "engine/pipeline/output_writer.h"

#include <bit>

#include "engine/event/dead_letter.h"

namespace weir {
namespace {

std::uint32_t end_of(const OutputBatch& out) {
  return static_cast<std::uint32_t>(out.bytes.size());
}

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

void OutputWriter::write(BatchInFlight& batch, DecisionWriter& writer, const Scorer& scorer) {
  const std::vector<RecordView>& records = batch.records->records;
  batch.pending.assign(records.size(), 0);
  written_.clear();
  const std::size_t dead_letters = fan_out_.sink_count() - 1;
  for (std::uint32_t sink = 0; sink < dead_letters; ++sink) {
    const SinkBinding& binding = fan_out_.binding(sink);
    OutputBatch& out = fan_out_.open(sink, binding.takes, *batch.shard);
    written_.push_back(&out);
    if (binding.takes == OutputKind::profile_update) {
      write_profile_updates(out, batch, writer, binding);
    } else {
      write_decisions(out, batch, writer, binding);
    }
  }
  write_dead_letters(batch, scorer);
  for (std::size_t record = 0; record < records.size(); ++record)
    batch.shard->ring.add(records[record].offset, records[record].timestamp_ms, batch.pending[record]);
  for (OutputBatch* out : written_) fan_out_.submit(*out);
}

void OutputWriter::write_decisions(OutputBatch& out, BatchInFlight& batch, DecisionWriter& writer, const SinkBinding& binding) {
  const std::uint64_t* route = binding.route ? batch.decisions.routes[*binding.route].words() : nullptr;
  for (std::size_t word = 0; word < batch.events.active.word_count(); ++word) {
    std::uint64_t bits = batch.events.active.words()[word];
    if (route != nullptr) bits &= route[word];
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t row = word * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits));
      const RecordView& record = batch.records->records[batch.events.record_index[row]];
      const std::uint32_t key_begin = end_of(out);
      out.bytes.append(record.key);
      const std::uint32_t value_begin = end_of(out);
      writer.write_decision(out.bytes, {batch.events, batch.features, batch.decisions, row}, batch.shard->identity, binding.features);
      add(out, batch, row, {key_begin, value_begin - key_begin}, {value_begin, end_of(out) - value_begin}, record.has_key);
    }
  }
}

void OutputWriter::write_profile_updates(OutputBatch& out, BatchInFlight& batch, DecisionWriter& writer, const SinkBinding& binding) {
  const BitMask* route = binding.route ? &batch.decisions.routes[*binding.route] : nullptr;
  for (const ProfileUpdate& update : batch.decisions.updates) {
    if (route != nullptr && !route->test(update.row)) continue;
    const std::uint32_t key_begin = end_of(out);
    out.bytes.append(batch.decisions.text.view(update.key_begin, update.key_size));
    const std::uint32_t value_begin = end_of(out);
    writer.write_profile_update(out.bytes, {batch.events, batch.features, batch.decisions, update.row}, update, batch.shard->identity);
    add(out, batch, update.row, {key_begin, update.key_size}, {value_begin, end_of(out) - value_begin}, true);
  }
}

void OutputWriter::write_dead_letters(BatchInFlight& batch, const Scorer& scorer) {
  OutputBatch& dead = fan_out_.open(static_cast<std::uint32_t>(fan_out_.sink_count() - 1), OutputKind::dead_letter, *batch.shard);
  written_.push_back(&dead);
  for (const Reject& reject : batch.rejects) {
    append_dead_letter(dead, *batch.records, batch.records->records[reject.record], batch.shard->start.name,
                       {"parse", reject_code(reject.reason), reject_message(reject, scorer.event()), scorer.vocabulary().hash,
                        sequence_of(batch, reject.record)});
    ++batch.pending[reject.record];
  }
}

}  // namespace weir
