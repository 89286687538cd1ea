# Flags that every target of the project is built with.
option(WEIR_TESTS "Build the tests" ON)
option(WEIR_BENCHMARKS "Build the benchmarks" OFF)
option(WEIR_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
set(WEIR_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")

set(WEIR_PROFILE "" CACHE STRING "Profile-guided optimization (g++): generate, to count what runs; use, to build by the counts in this folder")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()

# Floating-point results are part of the output, so no contraction and no fast-math: the same bytes on every machine.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffp-contract=off -fno-omit-frame-pointer)
# At -O3 g++ 12 sees overlaps that are not there in std::string (its bug 105329), and overflows that are not there in fmt's parser.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict $<$<CONFIG:Release>:-Wno-stringop-overflow>)
endif()
if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-maybe-uninitialized)  # g++ loses track in instrumented code
  endif()
  if(WEIR_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-tsan)  # the queues' fences, which gcc's sanitizer does not follow
  endif()
endif()
if(WEIR_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)  # so that libFuzzer sees which code an input reaches
endif()
# What a training run did not reach is compiled as without a profile. The counts are the folder's own, so a compiler cache has nothing to give.
if(WEIR_PROFILE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU OR NOT WEIR_PROFILE MATCHES "^(generate|use)$")
    message(FATAL_ERROR "WEIR_PROFILE is generate or use, and needs g++: it is '${WEIR_PROFILE}' with ${CMAKE_CXX_COMPILER_ID}")
  endif()
  unset(CMAKE_CXX_COMPILER_LAUNCHER)
  if(WEIR_PROFILE STREQUAL generate)
    add_compile_options(-fprofile-generate -fprofile-update=prefer-atomic)
    add_link_options(-fprofile-generate)
  else()
    add_compile_options(-fprofile-use -fprofile-partial-training -fprofile-correction -Wno-missing-profile)
  endif()
endif()
include_directories(${CMAKE_SOURCE_DIR})
