# The console's pages, built by npm and Vite into <build>/console, with .br and .gz beside what compresses. Sources only
# are read from console/; what npm installs stands in the build folder.
find_program(NPM npm REQUIRED)
find_program(NODE node REQUIRED)
set(PAGES_SOURCE ${CMAKE_SOURCE_DIR}/console)
set(PAGES_WORK ${CMAKE_BINARY_DIR}/console-work)
file(GLOB_RECURSE PAGES CONFIGURE_DEPENDS ${PAGES_SOURCE}/src/* ${PAGES_SOURCE}/public/* ${PAGES_SOURCE}/*.ts
    ${PAGES_SOURCE}/*.html ${PAGES_SOURCE}/tsconfig*.json)
file(GLOB TABLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schemas/data/*.json)
list(FILTER PAGES EXCLUDE REGEX "/node_modules/|/dist/")
add_custom_command(OUTPUT ${PAGES_WORK}/installed
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PAGES_WORK}
    COMMAND ${CMAKE_COMMAND} -E copy ${PAGES_SOURCE}/package.json ${PAGES_SOURCE}/package-lock.json ${PAGES_WORK}
    COMMAND ${CMAKE_COMMAND} -E chdir ${PAGES_WORK} ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${PAGES_WORK}/installed
    DEPENDS ${PAGES_SOURCE}/package.json ${PAGES_SOURCE}/package-lock.json
    COMMENT "console: npm ci" VERBATIM)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/console/index.html
    COMMAND ${CMAKE_COMMAND} -DFROM=${PAGES_SOURCE} -DTO=${PAGES_WORK} -P ${CMAKE_SOURCE_DIR}/cmake/console-copy.cmake
    COMMAND ${CMAKE_COMMAND} -E chdir ${PAGES_WORK} ${NPM} run --silent build -- --outDir ${CMAKE_BINARY_DIR}/console --emptyOutDir
    COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/cmake/console-compress.mjs ${CMAKE_BINARY_DIR}/console
    DEPENDS ${PAGES} ${TABLES} ${PAGES_WORK}/installed ${CMAKE_SOURCE_DIR}/cmake/console-compress.mjs
    COMMENT "console: pages" VERBATIM)
add_custom_target(console ALL DEPENDS ${CMAKE_BINARY_DIR}/console/index.html)
