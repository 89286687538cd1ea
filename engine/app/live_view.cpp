#include "engine/app/live_view.h"

#include <algorithm>
#include <iterator>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/ioctl.h>

namespace weir {
namespace {

constexpr std::size_t rates_kept = 60;
constexpr std::size_t shadows_shown_max = 8;

double seconds(std::chrono::steady_clock::duration span) {
  return std::chrono::duration<double>(span).count();
}

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string duration_text(std::uint64_t microseconds) {
  if (microseconds < 1000) return fmt::format("{} us", microseconds);
  if (microseconds < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(microseconds) / 1e3);
  return fmt::format("{:.1f} s", static_cast<double>(microseconds) / 1e6);
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < std::uint64_t{1024} * 1024) return fmt::format("{:.0f} KiB", static_cast<double>(bytes) / 1024);
  if (bytes < std::uint64_t{1024} * 1024 * 1024) return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1024.0 * 1024 * 1024));
}

std::string percentiles(const std::array<std::uint64_t, Histogram::bucket_count>& counts, std::uint64_t unit_us) {
  std::string text;
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}})
    text += fmt::format("{} {:<9}", name, duration_text(Histogram::percentile(counts, share) * unit_us));
  return text;
}

std::string sparkline(const std::vector<double>& values) {
  static const char* const steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double highest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  std::string line;
  for (const double value : values) line += steps[highest > 0 ? static_cast<std::size_t>(value / highest * 7.0) : 0];
  return line;
}

std::string outcomes_text(const ServiceStatus& status) {
  std::string text;
  for (const OutcomeCount& outcome : status.outcomes) {
    const double share = status.decided == 0 ? 0 : 100.0 * static_cast<double>(outcome.count) / static_cast<double>(status.decided);
    text += fmt::format("{} {} ({:.2f} %)   ", outcome.name, grouped(outcome.count), share);
  }
  return text;
}

std::size_t terminal_columns(std::FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 120;
}

// Cut to `columns` characters of text; control characters, which could move the cursor, become spaces.
std::string fit(std::string text, std::size_t columns) {
  std::size_t seen = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) text[at] = ' ';
    if ((byte & 0xc0U) != 0x80U && ++seen > columns) break;
  }
  text.resize(at);
  return text;
}

}  // namespace

LiveView::LiveView(std::FILE* out, bool screen, std::string title)
    : out_(out), screen_(screen), title_(std::move(title)), begun_(std::chrono::steady_clock::now()) {
  last_.taken_at = begun_;
  if (screen_) std::fputs("\x1b[?25l\x1b[2J", out_);
}

LiveView::~LiveView() {
  if (!screen_) return;
  std::fputs("\x1b[?25h\n", out_);
  std::fflush(out_);
}

void LiveView::show(const ServiceStatus& now, const std::vector<RecentDecision>& recent, const std::string& rules) {
  const double elapsed = std::max(1e-3, seconds(now.taken_at - last_.taken_at));
  rates_.push_back(static_cast<double>(now.records - last_.records) / elapsed);
  if (rates_.size() > rates_kept) rates_.erase(rates_.begin());
  if (!screen_ && rules != rules_) std::fputs(fmt::format("rules      {}\n", rules).c_str(), out_);
  rules_ = rules;
  const std::string text = screen_ ? screen_text(now, last_, recent) : line_text(now, last_);
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
  last_ = now;
}

std::string LiveView::line_text(const ServiceStatus& now, const ServiceStatus& last) const {
  const ServiceStatus span = since(now, last);
  const std::string replay = span.records == 0 && span.replayed > 0 ? fmt::format("  replayed {}", grouped(now.replayed)) : "";
  return fmt::format("{:>5.0f} s  {:>9} events/s  batch p99 {:>8}  age p99 {:>8}  {}dead letters {}  lag {}{}\n",
                     seconds(now.taken_at - begun_), grouped(static_cast<std::uint64_t>(rates_.back())),
                     duration_text(Histogram::percentile(span.batch_us, 0.99)),
                     duration_text(Histogram::percentile(span.age_ms, 0.99) * 1000), outcomes_text(now), grouped(now.dead_letters),
                     now.lag < 0 ? "?" : grouped(static_cast<std::uint64_t>(now.lag)), replay);
}

std::string LiveView::screen_text(const ServiceStatus& now, const ServiceStatus& last, const std::vector<RecentDecision>& recent) const {
  const ServiceStatus span = since(now, last);
  std::size_t shadows_shown = 0;
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}   {:.0f} s   Ctrl-C ends", title_, seconds(now.taken_at - begun_)));
  lines.emplace_back();
  lines.push_back(fmt::format("events/s   {:<12} {}", grouped(static_cast<std::uint64_t>(rates_.back())), sparkline(rates_)));
  lines.push_back(fmt::format("decided    {:<12} dead letters {}   filtered {}   replayed {}", grouped(now.decided),
                              grouped(now.dead_letters), grouped(now.filtered), grouped(now.replayed)));
  lines.push_back("outcomes   " + outcomes_text(now));
  lines.push_back("batch      " + percentiles(span.batch_us, 1) + "  hand-over to hand-out");
  lines.push_back("age        " + percentiles(span.age_ms, 1000) + "  broker's timestamp to decision");
  lines.push_back(fmt::format("lag        {:<12} shards {}   keys {}   state {}   late {}",
                              now.lag < 0 ? "?" : grouped(static_cast<std::uint64_t>(now.lag)), now.shards, grouped(now.keys),
                              bytes_text(now.state_bytes), grouped(now.late_events)));
  if (!rules_.empty()) lines.push_back("rules      " + rules_);
  lines.emplace_back();
  for (const SinkStatus& sink : now.sinks) {
    lines.push_back(fmt::format("sink       {:<14} {:>12} outputs   {:>8} waiting   {}", sink.name, grouped(sink.outputs),
                                grouped(sink.state.queued), sink.state.healthy ? "ok" : "failing: " + sink.state.last_error));
  }
  for (const RuleStatus& rule : now.rules)
    if ((rule.mode == RuleMode::shadow || rule.mode == RuleMode::canary) && ++shadows_shown <= shadows_shown_max)
      lines.push_back("shadow     " + rule_text(rule));
  for (const ShardFailure& failure : now.failures)
    lines.push_back(fmt::format("stopped    {}/{}: {}", failure.name.topic, failure.name.partition, failure.error.text));
  lines.emplace_back();
  for (auto decision = recent.rbegin(); decision != recent.rend(); ++decision)
    lines.push_back(fmt::format("{:<7} {:>5}  {:<16} {}", decision->outcome, decision->score, decision->event_id, decision->reasons));

  const std::size_t columns = terminal_columns(out_) - 1;
  std::string text = "\x1b[H";
  for (const std::string& line : lines) {
    const std::string shown = fit(line, columns);
    const char* colour = line.starts_with("block") ? "\x1b[31m" : line.starts_with("alert") ? "\x1b[33m" : "";
    text += colour + shown + (*colour != '\0' ? "\x1b[0m" : "") + "\x1b[K\n";
  }
  return text + "\x1b[J";
}

std::string LiveView::summary(const ServiceStatus& total, std::chrono::steady_clock::duration ran_for) {
  std::string text = fmt::format("{} records in {:.1f} s: {} decided, {} dead letters, {} filtered", grouped(total.records),
                                 seconds(ran_for), grouped(total.decided), grouped(total.dead_letters), grouped(total.filtered));
  if (total.replayed > 0) text += fmt::format(", {} replayed mute", grouped(total.replayed));
  if (total.skipped > 0) text += fmt::format(", {} of no known event skipped", grouped(total.skipped));
  if (total.too_late_events > 0)
    text += fmt::format(", {} events too late for their key (judged on what is kept, not added)", grouped(total.too_late_events));
  if (total.late_dropped > 0) text += fmt::format(", {} too late and dropped", grouped(total.late_dropped));
  if (total.duplicates > 0) text += fmt::format(", {} duplicates", grouped(total.duplicates));
  if (total.ids_forgotten > 0) text += fmt::format(", {} ids forgotten within their horizon (`ids_max`)", grouped(total.ids_forgotten));
  text += "\n" + outcomes_text(total) + "\n";
  for (const RuleStatus& rule : total.rules)
    if (rule.in_shadow > 0) text += rule_text(rule) + "\n";
  for (const SinkStatus& sink : total.sinks)
    text += fmt::format("{}: {} outputs, {} delivered{}\n", sink.name, grouped(sink.outputs), grouped(sink.state.delivered),
                        sink.state.retries > 0 ? fmt::format(", {} retries", grouped(sink.state.retries)) : "");
  return text;
}

}  // namespace weir
