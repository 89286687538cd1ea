// The service on one screen of the terminal, redrawn each second; without a terminal, a line a second.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/control/recent_decisions.h"
#include "engine/control/status.h"

namespace weir {

class LiveView {
 public:
  // `screen`: `out` is a terminal that may be redrawn; otherwise lines are appended. `title` heads the screen.
  LiveView(std::FILE* out, bool screen, std::string title);
  ~LiveView();

  // `rules` says what came of the last reload; empty: there was none.
  void show(const ServiceStatus& now, const std::vector<RecentDecision>& recent, const std::string& rules);

  // What happened in all, as a few lines.
  static std::string summary(const ServiceStatus& total, std::chrono::steady_clock::duration ran_for);

 private:
  std::string screen_text(const ServiceStatus& now, const ServiceStatus& last, const std::vector<RecentDecision>& recent) const;
  std::string line_text(const ServiceStatus& now, const ServiceStatus& last) const;

  std::FILE* out_;
  bool screen_;
  std::string title_;
  std::chrono::steady_clock::time_point begun_;
  std::string rules_;
  ServiceStatus last_;
  std::vector<double> rates_;  // of the last minute, for the sparkline
};

}  // namespace weir
