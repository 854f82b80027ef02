# cmake -DFROM=… -DTO=… -P console-copy.cmake: the sources of the pages, without what npm and Vite leave beside them.
file(GLOB THINGS RELATIVE ${FROM} ${FROM}/*)
foreach(THING IN LISTS THINGS)
    if(THING MATCHES "^(node_modules|dist|package\\.json|package-lock\\.json)$")
        continue()
    endif()
    file(REMOVE_RECURSE ${TO}/${THING})
    file(COPY ${FROM}/${THING} DESTINATION ${TO})
endforeach()
# The pages read tables of the field where the gateway has them.
file(COPY ${FROM}/../schemas/data DESTINATION ${TO}/../schemas)
