# cmake --install build --prefix /usr: the program, its pages, and what only the prefix of that moment can
# tell (the unit's paths, the folder of the configuration), which install_system.cmake makes. Last,
# install_debug.cmake parts the program from its debug information.
install(TARGETS hubbub RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/static/ DESTINATION ${CMAKE_INSTALL_DATADIR}/hubbub/static)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)

install(CODE "
  set(hubbub_program \"$<TARGET_FILE:hubbub>\")
  set(hubbub_templates \"${CMAKE_CURRENT_SOURCE_DIR}/cmake/dist\")
  set(hubbub_scratch \"${CMAKE_CURRENT_BINARY_DIR}/dist\")
  set(hubbub_version \"${PROJECT_VERSION}\")
  set(bindir \"${CMAKE_INSTALL_BINDIR}\")
  set(mandir \"${CMAKE_INSTALL_MANDIR}\")
  set(sysconfdir \"${CMAKE_INSTALL_SYSCONFDIR}\")
")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install_system.cmake)
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install_debug.cmake)
