#include "reuse_code.h"

#define NOT_ON_WINDOWS                                                                                                 \
    "Not on Windows: there this error is 10048 (WSAEADDRINUSE), and the option lets strangers share the port."

static const struct reuse_code in_c = {
    .lines = "int on = 1;\n"
             "setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));",
    .remark = NOT_ON_WINDOWS,
};
static const struct reuse_code in_go = {
    .lines = "syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)",
    .remark = "Go does so by itself in net.Listen(); in a net.ListenConfig of your own, Control needs:",
};
static const struct reuse_code in_java = {
    .lines = "serverSocket.setReuseAddress(true);",
    .remark = NOT_ON_WINDOWS,
};
static const struct reuse_code in_node = {
    .lines = "server.listen(port);",
    .remark = "Node.js does so by itself in:",
};
static const struct reuse_code in_python = {
    .lines = "sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
    .remark = NOT_ON_WINDOWS,
};

const struct reuse_code *reuse_code_for(enum runtime runtime)
{
    switch (runtime) {
    case RUNTIME_UNKNOWN:
    case RUNTIME_C:
        return &in_c;
    case RUNTIME_GO:
        return &in_go;
    case RUNTIME_JAVA:
        return &in_java;
    case RUNTIME_NODE:
        return &in_node;
    case RUNTIME_PYTHON:
        return &in_python;
    }
    return &in_c;
}
