# Run by cmake --install, after install.cmake has set what it knows: makes the folders absolute for the
# prefix at hand, then installs the unit, the manual page and, if there is none yet, the sample configuration.
foreach(folder bindir mandir sysconfdir)
  if(NOT IS_ABSOLUTE "${${folder}}")
    set(${folder} "${CMAKE_INSTALL_PREFIX}/${${folder}}")
  endif()
endforeach()
if(sysconfdir STREQUAL "/usr/etc") # nothing looks there
  set(sysconfdir /etc)
endif()

foreach(template hubbub.service hubbub.1)
  configure_file(${hubbub_templates}/${template}.in ${hubbub_scratch}/${template} @ONLY)
endforeach()
file(INSTALL ${hubbub_scratch}/hubbub.service DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
file(INSTALL ${hubbub_scratch}/hubbub.1 DESTINATION ${mandir}/man1)

if(EXISTS "$ENV{DESTDIR}${sysconfdir}/hubbub/hubbub.conf")
  message(STATUS "Kept: $ENV{DESTDIR}${sysconfdir}/hubbub/hubbub.conf")
else()
  execute_process(COMMAND ${hubbub_program} --print-config
    OUTPUT_FILE ${hubbub_scratch}/hubbub.conf RESULT_VARIABLE failure)
  if(failure)
    message(FATAL_ERROR "${hubbub_program} --print-config failed: ${failure}")
  endif()
  file(INSTALL ${hubbub_scratch}/hubbub.conf DESTINATION ${sysconfdir}/hubbub)
endif()
