// The program `weir`.
#include <cstdio>
#include <exception>
#include <iostream>
#include <unistd.h>

#include "engine/app/command_line.h"
#include "engine/app/exit_code.h"

int main(int argc, char** argv) {
  try {
    const weir::Environment environment = weir::process_environment();
    const bool colour = !environment("NO_COLOR").value_or("").size() && environment("TERM").value_or("dumb") != "dumb";
    const weir::Terminal terminal{std::cout, std::cerr, colour && isatty(STDOUT_FILENO) == 1, colour && isatty(STDERR_FILENO) == 1,
                                  environment};
    const int code = weir::run_command_line({argv + 1, argv + argc}, terminal);
    std::cout.flush();
    return code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir: internal error: %s\n", error.what());
    return weir::exit_code::internal;
  }
}
