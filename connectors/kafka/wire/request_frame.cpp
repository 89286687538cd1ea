#include "connectors/kafka/wire/request_frame.h"

#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

constexpr std::string_view client_id = "weir";
constexpr std::int16_t api_versions_api = 18;
constexpr std::size_t length_bytes = 4;

}  // namespace

void begin_request(std::string& frame, std::int16_t api, std::int16_t version, std::int32_t correlation) {
  frame.clear();
  Writer request(frame);
  request.int32(0);  // the length
  request.int16(api);
  request.int16(version);
  request.int32(correlation);
  request.string(client_id);
}

void end_request(std::string& frame, std::size_t bytes_elsewhere) {
  Writer(frame).set_int32(0, static_cast<std::int32_t>(frame.size() - length_bytes + bytes_elsewhere));
}

void write_api_versions(std::string& frame, std::int32_t correlation) {
  begin_request(frame, api_versions_api, 0, correlation);
  end_request(frame);
}

bool read_api_versions(std::string_view bytes, std::int16_t api, std::int16_t version) {
  Reader answer(bytes);
  answer.int32();  // correlation
  if (answer.int16() != 0) return false;
  for (std::size_t apis = answer.array(6); apis > 0; --apis) {
    const std::int16_t key = answer.int16();
    const std::int16_t least = answer.int16();
    const std::int16_t most = answer.int16();
    if (key == api) return least <= version && version <= most && answer.ok();
  }
  return false;
}

}  // namespace weir::wire
