# Every target links hubbub_flags: the language, the warnings, the hardening and the sanitizers in one place.
add_library(hubbub_flags INTERFACE)
target_compile_features(hubbub_flags INTERFACE c_std_11)
set(CMAKE_C_EXTENSIONS OFF)
target_compile_definitions(hubbub_flags INTERFACE _GNU_SOURCE)
target_include_directories(hubbub_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(hubbub_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  $<$<BOOL:${HUBBUB_WERROR}>:-Werror>
  -fno-omit-frame-pointer)

# Release keeps debug information and our own assertions: a profile or a core dump from the field is readable.
# The installed program has it in a file of its own (install_debug.cmake), which the build id names.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(HUBBUB_SANITIZE)
  target_compile_options(hubbub_flags INTERFACE -fsanitize=${HUBBUB_SANITIZE} -fno-sanitize-recover=all -O1 -g)
  target_link_options(hubbub_flags INTERFACE -fsanitize=${HUBBUB_SANITIZE})
else()
  target_compile_options(hubbub_flags INTERFACE -fstack-protector-strong
    $<$<CONFIG:Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  if(NOT APPLE)
    target_link_options(hubbub_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
  endif()
endif()
if(NOT APPLE)
  target_link_options(hubbub_flags INTERFACE -Wl,--build-id=sha1)
endif()
if(HUBBUB_FUZZ) # libFuzzer steers by the branches that an input takes in our code
  target_compile_options(hubbub_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(HUBBUB_COVERAGE)
  target_compile_options(hubbub_flags INTERFACE --coverage -O0)
  target_link_options(hubbub_flags INTERFACE --coverage)
endif()
