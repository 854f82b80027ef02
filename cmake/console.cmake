# The console's pages, built by npm and Vite into <build>/console, with .br and .gz beside what compresses, and their tests.
# Nothing is written beside the sources: <build>/pages holds copies of what the pages and their tests read, in the places
# that they have to one another here, and what npm installs. npm runs when package-lock.json changed, Vite when a source did.
set(HOW_TO "Install them (scripts/packages does), or leave the console out: -DCREDITGATE_CONSOLE=OFF")
find_program(NODE NAMES node nodejs)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
    message(FATAL_ERROR "The staff's console is built with node and npm, which are not here. ${HOW_TO}")
endif()
# Debian 12's node 18 makes the very same pages and checks their types; only Playwright, which the browser tests need, wants 20.
execute_process(COMMAND ${NODE} -p "process.versions.node.split('.')[0]" OUTPUT_VARIABLE NODE_MAJOR OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT NODE_MAJOR GREATER_EQUAL 18)
    message(FATAL_ERROR "The staff's console wants node 18 or newer; ${NODE} is ${NODE_MAJOR}. ${HOW_TO}")
endif()
set(PAGES_SOURCE ${CMAKE_SOURCE_DIR}/console)
set(PAGES_WORK ${CMAKE_BINARY_DIR}/pages)
set(PAGES_COPY ${CMAKE_COMMAND} -DFROM=${CMAKE_SOURCE_DIR} -DTO=${PAGES_WORK} -P ${CMAKE_SOURCE_DIR}/cmake/console-copy.cmake)
file(GLOB_RECURSE PAGES CONFIGURE_DEPENDS ${PAGES_SOURCE}/src/* ${PAGES_SOURCE}/public/* ${PAGES_SOURCE}/*.ts
    ${PAGES_SOURCE}/*.html ${PAGES_SOURCE}/tsconfig*.json)
file(GLOB TABLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schemas/data/*.json)
list(FILTER PAGES EXCLUDE REGEX "/node_modules/|/dist/")

add_custom_command(OUTPUT ${PAGES_WORK}/installed
    COMMAND ${PAGES_COPY} -- console/package.json console/package-lock.json console/.npmrc
    COMMAND ${CMAKE_COMMAND} -E chdir ${PAGES_WORK}/console ${NPM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --silent
    COMMAND ${CMAKE_COMMAND} -E touch ${PAGES_WORK}/installed
    DEPENDS ${PAGES_SOURCE}/package.json ${PAGES_SOURCE}/package-lock.json ${PAGES_SOURCE}/.npmrc
    COMMENT "console: npm ci" VERBATIM)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/console/index.html
    COMMAND ${PAGES_COPY} -- console/src console/public console/index.html console/vite.config.ts console/vitest.config.ts
        console/tsconfig.json console/tsconfig.tests.json schemas/data
    COMMAND ${CMAKE_COMMAND} -E chdir ${PAGES_WORK}/console ${NPM} run --silent pages -- --outDir ${CMAKE_BINARY_DIR}/console --emptyOutDir --logLevel=warn
    DEPENDS ${PAGES} ${TABLES} ${PAGES_WORK}/installed ${CMAKE_SOURCE_DIR}/cmake/console-copy.cmake
    COMMENT "console: pages" VERBATIM)
add_custom_target(console ALL DEPENDS ${CMAKE_BINARY_DIR}/console/index.html)
