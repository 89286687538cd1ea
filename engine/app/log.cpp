#include "engine/app/log.h"

#include <unistd.h>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"

namespace weir {
namespace {

// One JSON object a line. spdlog's patterns do not escape, so the whole line is written here.
class JsonLineFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
    line_.clear();
    line_.append("{\"time\":\"");
    append_timestamp(line_, std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count());
    line_.append("\",\"level\":");
    const auto level = spdlog::level::to_string_view(message.level);
    append_json_string(line_, {level.data(), level.size()});
    line_.append(",\"text\":");
    append_json_string(line_, {message.payload.data(), message.payload.size()});
    line_.append("}\n");
    to.append(line_.data(), line_.data() + line_.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLineFormatter>(); }

 private:
  ByteBuffer line_;
};

spdlog::level::level_enum level_of(LogSettings::Level level) {
  switch (level) {
    case LogSettings::Level::debug:
      return spdlog::level::debug;
    case LogSettings::Level::warning:
      return spdlog::level::warn;
    case LogSettings::Level::error:
      return spdlog::level::err;
    case LogSettings::Level::info:
      break;
  }
  return spdlog::level::info;
}

}  // namespace

void open_log(const LogSettings& settings) {
  const bool json =
      settings.format == LogSettings::Format::json || (settings.format == LogSettings::Format::automatic && isatty(STDERR_FILENO) == 0);
  auto logger = std::make_shared<spdlog::logger>("weir", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  if (json)
    logger->set_formatter(std::make_unique<JsonLineFormatter>());
  else
    logger->set_pattern("%H:%M:%S %^%-7l%$ %v");
  logger->set_level(level_of(settings.level));
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view text) {
  spdlog::default_logger_raw()->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}
void log_warning(std::string_view text) {
  spdlog::default_logger_raw()->log(spdlog::level::warn, spdlog::string_view_t(text.data(), text.size()));
}
void log_error(std::string_view text) {
  spdlog::default_logger_raw()->log(spdlog::level::err, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace weir
