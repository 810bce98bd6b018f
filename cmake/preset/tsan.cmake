# cmake -C cmake/preset/tsan.cmake -B build/tsan
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(HUBBUB_SANITIZE thread CACHE STRING "")
set(HUBBUB_WERROR ON CACHE BOOL "")
