# tidewait_target(NAME): the flags of every target of ours, and of no one else's.
function(tidewait_target name)
    target_include_directories(${name}
        PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/generated PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    target_compile_options(${name} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes
        -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough
        -Wno-missing-field-initializers -fno-common)
    if(CMAKE_C_COMPILER_ID STREQUAL Clang)
        # The cleanup attribute and statement expressions are the two GNU extensions of the house.
        target_compile_options(${name} PRIVATE -Wno-gnu-zero-variadic-macro-arguments -Wno-gnu-statement-expression)
    endif()
    if(TIDEWAIT_WERROR)
        target_compile_options(${name} PRIVATE -Werror)
    endif()
    if(TIDEWAIT_SANITIZE)
        target_compile_options(${name} PRIVATE -fsanitize=${TIDEWAIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${name} PUBLIC -fsanitize=${TIDEWAIT_SANITIZE})
    endif()
    if(TIDEWAIT_FUZZ)
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
        target_link_options(${name} PUBLIC -fsanitize=fuzzer-no-link)
    endif()
    if(TIDEWAIT_COVERAGE)
        target_compile_options(${name} PRIVATE --coverage)
        target_link_options(${name} PUBLIC --coverage)
    endif()
    if(TIDEWAIT_HARDEN)
        target_compile_options(${name} PRIVATE -fstack-protector-strong -fstack-clash-protection -fPIE -D_FORTIFY_SOURCE=2)
        if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
            target_compile_options(${name} PRIVATE -fcf-protection)
        endif()
        target_link_options(${name} PUBLIC -pie -Wl,-z,relro,-z,now,-z,noexecstack)
    endif()
endfunction()

# tidewait_layer(NAME SOURCES … USES …): one static library a folder; USES are the layers below and its own libraries.
function(tidewait_layer name)
    cmake_parse_arguments(layer "" "" "SOURCES;USES" ${ARGN})
    add_library(tidewait_${name} STATIC ${layer_SOURCES})
    tidewait_target(tidewait_${name})
    target_link_libraries(tidewait_${name} PUBLIC ${layer_USES})
endfunction()
