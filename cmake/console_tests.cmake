# The console's tests: types, units, and each tests/console/**/*.spec.ts in Debian's Chromium, one ctest each (77: no
# Chromium, or a node too old for Playwright). Those of tests/console/real start the gateway and the sandbox that were built.
file(GLOB_RECURSE PAGES_TESTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/console/*)
# What they hold the pages against: the gateway's tables as the compiler reads them, documents, cases.
file(GLOB PAGES_AGAINST CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cases/register/* ${CMAKE_SOURCE_DIR}/gateway/api/*.[ch]
    ${CMAKE_SOURCE_DIR}/gateway/jobs/*.[ch] ${CMAKE_SOURCE_DIR}/docs/*.md ${CMAKE_SOURCE_DIR}/scripts/stage.sh)
file(GLOB_RECURSE SPECS CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests/console ${CMAKE_SOURCE_DIR}/tests/console/*.spec.ts)
add_custom_command(OUTPUT ${PAGES_WORK}/tests/copied
    COMMAND ${PAGES_COPY} -- tests/console tests/cases/register gateway/api gateway/jobs docs scripts/stage.sh
    COMMAND ${CMAKE_COMMAND} -E touch ${PAGES_WORK}/tests/copied
    DEPENDS ${PAGES_TESTS} ${PAGES_AGAINST} ${CMAKE_BINARY_DIR}/console/index.html
    COMMENT "console: tests" VERBATIM)
add_custom_target(console_tests ALL DEPENDS ${PAGES_WORK}/tests/copied)

function(add_pages_test NAME)
    add_test(NAME ${NAME} COMMAND ${PAGES_WORK}/tests/console/run.sh ${ARGN})
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 600 COST 60 SKIP_RETURN_CODE 77 FAIL_REGULAR_EXPRESSION "Sanitizer|runtime error"
        ENVIRONMENT "CONSOLE_DIST=${CMAKE_BINARY_DIR}/console;CONSOLE_SHOTS=${CMAKE_BINARY_DIR}/console-shots;CREDITGATE=$<TARGET_FILE:creditgate>;NODE=${NODE}")
endfunction()
add_pages_test(console_types types)
add_pages_test(console_unit unit)
foreach(SPEC IN LISTS SPECS)
    string(REPLACE "/" "_" NAME ${SPEC})
    string(REPLACE ".spec.ts" "" NAME ${NAME})
    add_pages_test(console_${NAME} browser tests/console/${SPEC})
endforeach()
