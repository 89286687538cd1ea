#include "engine/event/dead_letter.h"

#include <array>
#include <string>

#include "engine/base/base64.h"
#include "engine/base/json_text.h"
#include "engine/base/utf8.h"

namespace weir {
namespace {

// In the order in which they are written, behind the record's own.
constexpr std::string_view topic_header = "__connect.errors.topic";
constexpr std::string_view partition_header = "__connect.errors.partition";
constexpr std::string_view offset_header = "__connect.errors.offset";
constexpr std::string_view stage_header = "__connect.errors.stage";
constexpr std::string_view class_header = "__connect.errors.class.name";
constexpr std::string_view message_header = "__connect.errors.exception.message";
constexpr std::string_view code_header = "weir-error-code";
constexpr std::string_view ruleset_header = "weir-ruleset";
constexpr std::uint32_t own_header_count = 8;

Slice append_slice(ByteBuffer& bytes, std::string_view text) {
  const auto begin = static_cast<std::uint32_t>(bytes.size());
  bytes.append(text);
  return {begin, static_cast<std::uint32_t>(text.size())};
}

void append_header(OutputBatch& to, std::string_view name, std::string_view value) {
  const Slice name_slice = append_slice(to.bytes, name);
  to.headers.push_back({name_slice, append_slice(to.bytes, value), false});
}

void append_header(OutputBatch& to, std::string_view name, std::int64_t value) {
  const Slice name_slice = append_slice(to.bytes, name);
  const auto begin = static_cast<std::uint32_t>(to.bytes.size());
  append_integer(to.bytes, value);
  to.headers.push_back({name_slice, {begin, static_cast<std::uint32_t>(to.bytes.size()) - begin}, false});
}

void append_base64_or_null(ByteBuffer& out, bool present, std::string_view bytes) {
  if (!present) return out.append("null");
  out.append('"');
  append_base64(out, bytes);
  out.append('"');
}

void append_own_headers(ByteBuffer& out, const OutputBatch& batch, std::uint32_t first, std::uint32_t count) {
  out.append(R"(,"headers":[)");
  for (std::uint32_t index = 0; index < count; ++index) {
    const OutputHeader& header = batch.headers[first + index];
    const std::string_view name = batch.view(header.name);
    if (index > 0) out.append(',');
    if (is_utf8(name)) {
      out.append(R"({"name":)");
      append_json_string(out, name);
    } else {
      out.append(R"({"name_base64":)");
      append_base64_or_null(out, true, name);
    }
    out.append(R"(,"value":)");
    append_base64_or_null(out, !header.null, batch.view(header.value));
    out.append('}');
  }
  out.append(']');
}

}  // namespace

void append_dead_letter(OutputBatch& to, const RecordBatch& records, const RecordView& record, const ShardName& shard,
                        const DeadLetter& letter) {
  Output output;
  output.key = append_slice(to.bytes, record.key);
  output.value = append_slice(to.bytes, record.value);
  output.has_key = record.has_key;
  output.has_value = record.has_value;
  output.timestamp_ms = record.timestamp_ms;
  output.ack_sequence = letter.ack_sequence;
  output.header_first = static_cast<std::uint32_t>(to.headers.size());
  for (std::uint32_t index = 0; index < record.header_count; ++index) {
    const HeaderView& header = records.headers[record.header_first + index];
    append_header(to, header.name, header.value);
    to.headers.back().null = header.null;
  }
  append_header(to, topic_header, shard.topic);
  append_header(to, partition_header, shard.partition);
  append_header(to, offset_header, record.offset);
  append_header(to, stage_header, letter.stage);
  append_header(to, class_header, std::string("weir.").append(letter.stage).append(".").append(letter.reason));
  append_header(to, message_header, letter.message);
  append_header(to, code_header, letter.reason);
  append_header(to, ruleset_header, letter.ruleset);
  output.header_count = record.header_count + own_header_count;
  to.outputs.push_back(output);
}

void append_dead_letter_json(ByteBuffer& out, const OutputBatch& batch, const Output& output) {
  const std::uint32_t own = output.header_count - own_header_count;
  const auto value_of = [&](std::uint32_t index) { return batch.view(batch.headers[output.header_first + own + index].value); };
  out.append(R"({"topic":)");
  append_json_string(out, value_of(0));
  out.append(R"(,"partition":)");
  out.append(value_of(1));
  out.append(R"(,"offset":)");
  out.append(value_of(2));
  out.append(R"(,"timestamp":)");
  if (output.timestamp_ms < 0) {
    out.append("null");
  } else {
    append_integer(out, output.timestamp_ms);
  }
  out.append(R"(,"key":)");
  append_base64_or_null(out, output.has_key, batch.view(output.key));
  out.append(R"(,"value":)");
  append_base64_or_null(out, output.has_value, batch.view(output.value));
  append_own_headers(out, batch, output.header_first, own);
  out.append(R"(,"stage":)");
  append_json_string(out, value_of(3));
  out.append(R"(,"reason":)");
  append_json_string(out, value_of(6));
  out.append(R"(,"message":)");
  append_json_string(out, value_of(5));
  out.append(R"(,"ruleset":)");
  append_json_string(out, value_of(7));
  out.append('}');
}

}  // namespace weir
