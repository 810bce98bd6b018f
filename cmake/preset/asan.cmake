# cmake -C cmake/preset/asan.cmake -B build/asan
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(HUBBUB_SANITIZE address,undefined CACHE STRING "")
set(HUBBUB_WERROR ON CACHE BOOL "")
