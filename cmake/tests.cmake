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
    # What is tested is compiled as ever; the tests themselves need no more of the optimiser than gcc needs to warn.
    target_compile_options(${NAME} PRIVATE $<$<CONFIG:Debug>:$<IF:$<C_COMPILER_ID:GNU>,-Og,-O0>>)
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
# Those that take long begin first (seconds, roughly), so that nothing waits for the last one alone.
set(LONG fault_system_calls 120 flow_openapi 80 fault_model 50 fault_courier_calls 50 flow_console 45 flow_changes 40
    unit_gateway_trace_test_crash 40 flow_watch 30 flow_reconcile 30 unit_all_test_courier_endings_later 30 flow_serve 25
    flow_demo 25 unit_all_test_courier_endings 25 flow_staff 20 flow_stages 20 unit_gateway_http_test_http2_ends 20)
while(LONG)
    list(POP_FRONT LONG NAME SECONDS)
    set_tests_properties(${NAME} PROPERTIES COST ${SECONDS})
endwhile()

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

# The model check and other tools of tests/fault and tests/flow, one program a folder; the shell tests beside them run them.
foreach(KIND fault flow)
    file(GLOB TOOLS CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${CMAKE_SOURCE_DIR}/tests/${KIND} ${CMAKE_SOURCE_DIR}/tests/${KIND}/*)
    foreach(TOOL IN LISTS TOOLS)
        file(GLOB SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${KIND}/${TOOL}/*.c)
        if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/${KIND}/${TOOL} OR NOT SOURCES)
            continue()
        endif()
        add_executable(${KIND}_${TOOL} ${SOURCES})
        target_link_libraries(${KIND}_${TOOL} PRIVATE test_support ${LOWER})
        set_target_properties(${KIND}_${TOOL} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    endforeach()
endforeach()
