# Each tests/unit/<room>/test_*.c is one program and one ctest. A leak or a sanitizer's word fails it, even when Criterion
# itself is content (Criterion does not see leaks).
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
set(TEST_DATA ${CMAKE_SOURCE_DIR}/../shared/data CACHE PATH "test data that may not be copied; tests that need it are skipped without it")
file(GLOB SUPPORT CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.c)
add_library(test_support STATIC ${SUPPORT})
target_link_libraries(test_support PUBLIC room_base PkgConfig::DEPS PkgConfig::CRITERION)
target_compile_definitions(test_support PUBLIC TEST_DATA="${TEST_DATA}" TEST_SOURCE="${CMAKE_SOURCE_DIR}")

file(GLOB_RECURSE UNIT_TESTS CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c)
foreach(TEST IN LISTS UNIT_TESTS)
    string(REPLACE "/" "_" NAME ${TEST})
    string(REPLACE ".c" "" NAME ${NAME})
    add_executable(${NAME} tests/${TEST})
    # A test sees what its room sees: the rooms below, none above. tests/unit/all sees the whole house.
    get_filename_component(ROOM ${TEST} DIRECTORY)
    string(REGEX REPLACE "^unit/" "" ROOM ${ROOM})
    string(REPLACE "/" "_" ROOM "room_${ROOM}")
    if(ROOM STREQUAL "room_all")
        set(ROOM ${LOWER})
    endif()
    target_link_libraries(${NAME} PRIVATE ${ROOM} test_support)
    set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${NAME} COMMAND ${NAME})
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 300
        FAIL_REGULAR_EXPRESSION "Sanitizer|runtime error" ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1")
endforeach()

add_test(NAME layers COMMAND ${CMAKE_COMMAND} -P ${CMAKE_SOURCE_DIR}/cmake/layers.cmake)
file(GLOB FLOWS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/flow/*.sh ${CMAKE_SOURCE_DIR}/tests/fault/*.sh)
foreach(FLOW IN LISTS FLOWS)
    get_filename_component(NAME ${FLOW} NAME_WE)
    get_filename_component(KIND ${FLOW} DIRECTORY)
    get_filename_component(KIND ${KIND} NAME)
    add_test(NAME ${KIND}_${NAME} COMMAND ${FLOW} $<TARGET_FILE:creditgate>)
    set_tests_properties(${KIND}_${NAME} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77
        FAIL_REGULAR_EXPRESSION "Sanitizer|runtime error")
endforeach()

# Benchmarks, one program each; built when named (scripts/bench, release preset), never timed as tests. What several of
# them share, and the programs that are their tools, are the other files of the folder.
file(GLOB BENCHES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/bench_*.c ${CMAKE_SOURCE_DIR}/tests/bench/tool_*.c)
file(GLOB BENCH_SUPPORT CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*.c)
list(REMOVE_ITEM BENCH_SUPPORT ${BENCHES})
add_library(bench_support STATIC EXCLUDE_FROM_ALL ${BENCH_SUPPORT})
target_link_libraries(bench_support PUBLIC test_support ${LOWER})
foreach(BENCH IN LISTS BENCHES)
    get_filename_component(NAME ${BENCH} NAME_WE)
    add_executable(${NAME} EXCLUDE_FROM_ALL ${BENCH})
    target_link_libraries(${NAME} PRIVATE bench_support)
    set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# The model check and other tools of tests/fault, one program a folder; the shell tests beside them run them.
file(GLOB FAULT_TOOLS CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${CMAKE_SOURCE_DIR}/tests/fault ${CMAKE_SOURCE_DIR}/tests/fault/*)
foreach(TOOL IN LISTS FAULT_TOOLS)
    if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/fault/${TOOL})
        continue()
    endif()
    file(GLOB SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fault/${TOOL}/*.c)
    add_executable(fault_${TOOL} ${SOURCES})
    target_link_libraries(fault_${TOOL} PRIVATE test_support ${LOWER})
    set_target_properties(fault_${TOOL} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()
