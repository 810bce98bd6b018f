# cmake -C cmake/preset/fuzz.cmake -B build/fuzz
set(CMAKE_C_COMPILER clang CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(HUBBUB_SANITIZE address,undefined CACHE STRING "")
set(HUBBUB_FUZZ ON CACHE BOOL "")
set(HUBBUB_TESTS ON CACHE BOOL "")
