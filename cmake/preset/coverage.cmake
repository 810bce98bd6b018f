# cmake -C cmake/preset/coverage.cmake -B build/coverage
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(HUBBUB_COVERAGE ON CACHE BOOL "")
