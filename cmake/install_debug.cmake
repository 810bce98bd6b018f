# Run by cmake --install, after the program is in its place: takes the debug information out of it and puts
# that where gdb and perf look, lib/debug/.build-id/xx/yyyy.debug, under the name that the linker has given
# the program. hubbub_program and bindir are known from install.cmake.
set(installed "$ENV{DESTDIR}${bindir}/hubbub")
find_program(objcopy NAMES objcopy llvm-objcopy)
if(NOT objcopy)
  message(STATUS "No objcopy here: ${installed} keeps its debug information")
  return()
endif()

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE failure ERROR_VARIABLE text)
  if(failure)
    message(FATAL_ERROR "${ARGV}: ${failure} ${text}")
  endif()
endfunction()

# The note is a header of 16 bytes, then the id.
set(note ${hubbub_scratch}/build-id)
file(MAKE_DIRECTORY ${hubbub_scratch})
run(${objcopy} -O binary --only-section=.note.gnu.build-id ${hubbub_program} ${note})
file(READ ${note} id OFFSET 16 HEX)
if(id STREQUAL "")
  message(STATUS "The program has no build id: ${installed} keeps its debug information")
  return()
endif()
string(SUBSTRING ${id} 0 2 folder)
string(SUBSTRING ${id} 2 -1 name)

set(debug ${hubbub_scratch}/${name}.debug)
run(${objcopy} --only-keep-debug ${hubbub_program} ${debug})
run(${objcopy} --strip-unneeded --add-gnu-debuglink=${debug} ${installed})
file(INSTALL ${debug} DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id/${folder})
