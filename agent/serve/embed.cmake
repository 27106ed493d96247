# cmake -DOUTPUT=FILE -DGZIP=PROGRAM -P embed.cmake -- FILE=NAME…: writes C that holds each FILE, as it is and compressed.
set(first 0)
foreach(index RANGE ${CMAKE_ARGC})
    if("${CMAKE_ARGV${index}}" STREQUAL "--")
        math(EXPR first "${index} + 1")
    endif()
endforeach()
math(EXPR last "${CMAKE_ARGC} - 1")

set(TYPE_.css "text/css; charset=utf-8")
set(TYPE_.js "text/javascript; charset=utf-8")
set(TYPE_.svg "image/svg+xml")

# add_bytes(FILE SYMBOL): appends an array to `code`.
function(add_bytes file symbol)
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    set(code "${code}static const unsigned char ${symbol}[] = {${bytes}};\n" PARENT_SCOPE)
endfunction()

set(code "#include \"assets_table.h\"\n\n")
set(rows "")
foreach(index RANGE ${first} ${last})
    string(REGEX MATCH "^(.*)=(.*)$" match "${CMAKE_ARGV${index}}")
    set(file "${CMAKE_MATCH_1}")
    set(name "${CMAKE_MATCH_2}")
    string(MAKE_C_IDENTIFIER "${name}" symbol)
    cmake_path(GET name EXTENSION LAST_ONLY extension)
    execute_process(COMMAND ${GZIP} -9nc ${file} OUTPUT_FILE ${OUTPUT}.gz COMMAND_ERROR_IS_FATAL ANY)
    file(SHA256 "${file}" digest)
    string(SUBSTRING "${digest}" 0 16 digest)
    add_bytes("${file}" "${symbol}")
    add_bytes("${OUTPUT}.gz" "${symbol}_gzip")
    string(APPEND rows "    {\"${name}\", \"${TYPE_${extension}}\", \"${digest}\", ${symbol}, sizeof(${symbol}), "
        "${symbol}_gzip, sizeof(${symbol}_gzip)},\n")
endforeach()
file(REMOVE ${OUTPUT}.gz)
file(WRITE ${OUTPUT} "${code}\nconst struct assets_row assets_table[] = {\n${rows}};\n"
    "const size_t assets_table_count = sizeof(assets_table) / sizeof(assets_table[0]);\n")
