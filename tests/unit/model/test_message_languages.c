#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "message_sample.h"

static const struct message_sample go[] = {
    {"listen tcp :8080: bind: address already in use", MESSAGE_IN_USE, "8080/tcp"},
    {"2021/12/21 11:47:22 listen tcp :80: bind: permission denied", MESSAGE_DENIED, "80/tcp"},
    {"listen tcp [::]:8080: bind: address already in use", MESSAGE_IN_USE, "[::]:8080/tcp"},
    {"listen udp :53: bind: address already in use", MESSAGE_IN_USE, "53/udp"},
    {"listen udp4 0.0.0.0:68: bind: address already in use", MESSAGE_IN_USE, "0.0.0.0:68/udp"},
    {"listen tcp 172.17.42.1:10000: bind: cannot assign requested address.", MESSAGE_NOT_AVAILABLE,
     "172.17.42.1:10000/tcp"},
    {"listen tcp [fe80::1%eth0]:8080: bind: address already in use", MESSAGE_IN_USE, "8080/tcp"},
    {"E0811 09:56:00.630759   39164 main.go:26] listen tcp :53: bind: address already in use", MESSAGE_IN_USE,
     "53/tcp"},
    {"time=\"2020-05-08T22:10:26Z\" level=fatal msg=\"listen tcp 0.0.0.0:5555: bind: address already in use\"",
     MESSAGE_IN_USE, "0.0.0.0:5555/tcp"},
    {"ts=2024-05-02T10:11:12.123Z caller=web.go:683 level=error msg=\"Unable to start web listener\" "
     "err=\"listen tcp 0.0.0.0:9090: bind: address already in use\"",
     MESSAGE_IN_USE, "0.0.0.0:9090/tcp"},
    {"Error: loading initial config: loading new config: http app module: start: listening on :443: listen tcp :443: "
     "bind: permission denied",
     MESSAGE_DENIED, "443/tcp"},
    {"error preparing server: error opening listener: listen tcp :80: bind: address already in use", MESSAGE_IN_USE,
     "80/tcp"},
    {"Failed to start TCP listener on \"127.0.0.1\" port 8301: listen tcp 127.0.0.1:8301: bind: address already in use",
     MESSAGE_IN_USE, "127.0.0.1:8301/tcp"},
    {"listen tcp myhost.example:80: bind: address already in use", MESSAGE_IN_USE, "80/tcp"},
    {"listen tcp :8080: bind: Only one usage of each socket address (protocol/network address/port) is normally "
     "permitted.",
     MESSAGE_IN_USE, "8080/tcp"},
    {"listen tcp4 127.0.0.1:80: bind: An attempt was made to access a socket in a way forbidden by its access "
     "permissions.",
     MESSAGE_DENIED, "127.0.0.1:80/tcp"},
};

static const struct message_sample node[] = {
    {"Error: listen EADDRINUSE: address already in use :::3000\n"
     "    at Server.setupListenHandle [as _listen2] (net.js:1313:16)\n"
     "    at listenInCluster (net.js:1361:12)",
     MESSAGE_IN_USE, "[::]:3000/tcp"},
    {"Error: listen EADDRINUSE: address already in use 127.0.0.1:10190", MESSAGE_IN_USE, "127.0.0.1:10190/tcp"},
    {"Error: listen EADDRINUSE: address already in use ::1:3000", MESSAGE_IN_USE, "[::1]:3000/tcp"},
    {"Error: listen EADDRINUSE 0.0.0.0:3000", MESSAGE_IN_USE, "0.0.0.0:3000/tcp"},
    {"Error: listen EADDRINUSE :::5000", MESSAGE_IN_USE, "[::]:5000/tcp"},
    {"Error: listen EACCES: permission denied 0.0.0.0:80", MESSAGE_DENIED, "0.0.0.0:80/tcp"},
    {"Error: bind EADDRINUSE 0.0.0.0:1900\n    at dgram.js:253:16\n  code: 'EADDRINUSE'", MESSAGE_IN_USE,
     "0.0.0.0:1900/tcp"},
    {"events.js:292\n      throw er; // Unhandled 'error' event\n      ^\n\n  code: 'EADDRINUSE',\n  errno: -98,\n"
     "  syscall: 'listen',\n  address: '::',\n  port: 5000\n}",
     MESSAGE_IN_USE, "[::]:5000/tcp"},
    {"{code:'EADDRINUSE', errno:-98, syscall:'listen', address:'::', port:3000}", MESSAGE_IN_USE, "[::]:3000/tcp"},
    {"  code: 'EADDRNOTAVAIL',\n  errno: 'EADDRNOTAVAIL',\n  syscall: 'listen',\n"
     "  address: 'fe80::9c6b:3ddc:9d33:a634',\n  port: 8000",
     MESSAGE_NOT_AVAILABLE, "8000/tcp"},
    {"{ [Error: listen EADDRINUSE] code: 'EADDRINUSE', errno: 'EADDRINUSE', syscall: 'listen' }", MESSAGE_IN_USE, ""},
    {"Error: connect EADDRNOTAVAIL 127.0.0.1:6379 - Local (0.0.0.0:0)\n    at internalConnect (net.js:872:16)",
     MESSAGE_NOT_AVAILABLE, "127.0.0.1:6379/tcp", true},
    {"Upstream error from the block daemon.  Resetting scanner due to: {\"code\":\"EADDRNOTAVAIL\",\"errno\":"
     "\"EADDRNOTAVAIL\",\"syscall\":\"connect\",\"address\":\"127.0.0.1\",\"port\":18081}",
     MESSAGE_NOT_AVAILABLE, "127.0.0.1:18081/tcp", true},
    {"  code: 'EADDRNOTAVAIL',\n  syscall: 'connect',\n  address: '10.0.0.5',\n  port: 5432\n", MESSAGE_NOT_AVAILABLE,
     "10.0.0.5:5432/tcp", true},
    {"? Something is already running on port 12345.\nWould you like to run the app on another port instead?",
     MESSAGE_IN_USE, "12345/tcp"},
    {"Error: Port 5173 is already in use", MESSAGE_IN_USE, "5173/tcp"},
    {"Port 3000 is in use, using http://localhost:3001 instead.", MESSAGE_IN_USE, "3000/tcp"},
};

static const struct message_sample python[] = {
    {"OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', 8080): address already in use",
     MESSAGE_IN_USE, "127.0.0.1:8080/tcp"},
    {"ERROR:    [Errno 98] error while attempting to bind on address ('::1', 8080, 0, 0): address already in use",
     MESSAGE_IN_USE, "[::1]:8080/tcp"},
    {"[Errno 10048] error while attempting to bind on address ('127.0.0.1', 8000): [winerror 10048] only one usage of "
     "each socket address (protocol/network address/port) is normally permitted",
     MESSAGE_IN_USE, "127.0.0.1:8000/tcp"},
    {"exception=OSError(98, \"error while attempting to bind on address ('0.0.0.0', 52415): address already in use\")>",
     MESSAGE_IN_USE, "0.0.0.0:52415/tcp"},
    {"12-Sep-2023 14:36:24.676625 ERROR asab.web.container Cannot start web server: address (0.0.0.0, 8080) is already "
     "in use.",
     MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"[2024-01-05 10:11:12 +0000] [4127] [ERROR] Connection in use: ('0.0.0.0', 8000)", MESSAGE_IN_USE,
     "0.0.0.0:8000/tcp"},
    {"[ERROR] Connection in use: ('', 8000)", MESSAGE_IN_USE, "8000/tcp"},
    {"Address already in use\nPort 5000 is in use by another program. Either identify and stop that program, or start "
     "the server with a different port.",
     MESSAGE_IN_USE, "5000/tcp"},
    {"Error: That port is already in use.", MESSAGE_IN_USE, ""},
    {"  File \"/usr/lib/python3.7/socketserver.py\", line 466, in server_bind\n"
     "    self.socket.bind(self.server_address)\nOSError: [Errno 98] Address already in use",
     MESSAGE_IN_USE, ""},
    {"INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)\nINFO:     Started reloader process "
     "[6593]\nOSError: [Errno 98] Adresse d\xc3\xa9j\xc3\xa0 utilis\xc3\xa9"
     "e",
     MESSAGE_IN_USE, "127.0.0.1:8000/tcp"},
    {"twisted.internet.error.CannotListenError: Couldn't listen on any:8080: [Errno 98] Address already in use.",
     MESSAGE_IN_USE, "8080/tcp"},
    {"RuntimeError: Failed to bind to address [::]:50051; set GRPC_VERBOSITY=debug environment variable to see "
     "detailed "
     "error message.",
     MESSAGE_UNKNOWN, "[::]:50051/tcp"},
    {"E0226 17:32:01.333655913   71004 tcp_server_posix.c:284]     bind addr=[::ffff:127.0.0.1]:50051: Address already "
     "in use",
     MESSAGE_IN_USE, "127.0.0.1:50051/tcp"},
    {"IOError: Port 8080 not free on '0.0.0.0'", MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"PermissionError: [Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied",
     MESSAGE_DENIED, "0.0.0.0:80/tcp"},
    {"HTTPConnectionPool(host='10.0.0.5', port=8888): Max retries exceeded with url: / (Caused by NewConnectionError("
     "'<urllib3.connection.HTTPConnection object at 0x7fc1089f04a8>: Failed to establish a new connection: [Errno 99] "
     "Cannot assign requested address',))",
     MESSAGE_NOT_AVAILABLE, "10.0.0.5:8888/tcp", true},
    {"httpcore.ConnectError: [Errno 99] Cannot assign requested address", MESSAGE_NOT_AVAILABLE, "", true},
};

static const struct message_sample java[] = {
    {"Web server failed to start. Port 8080 was already in use.", MESSAGE_IN_USE, "8080/tcp"},
    {"The Tomcat connector configured to listen on port 8080 failed to start. The port may already be in use or the "
     "connector may be misconfigured.",
     MESSAGE_IN_USE, "8080/tcp"},
    {"2016-12-11 03:12:06.364 ERROR 20786 --- [main] o.a.coyote.http11.Http11NioProtocol : Failed to start end point "
     "associated with ProtocolHandler [http-nio-8080]\n\njava.net.BindException: Address already in use\n"
     "\tat sun.nio.ch.Net.bind(Net.java:433) ~[na:1.8.0_102]",
     MESSAGE_IN_USE, "8080/tcp"},
    {"Failed to start component [Connector[HTTP/1.1-8081]]\nCaused by: java.net.BindException: Address already in use",
     MESSAGE_IN_USE, "8081/tcp"},
    {"java.net.BindException: Address already in use (Bind failed)\n\tat java.net.PlainSocketImpl.socketBind(Native "
     "Method)\n\tat java.net.ServerSocket.bind(ServerSocket.java:390)",
     MESSAGE_IN_USE, ""},
    {"BindHttpException[Failed to bind to [33321]]; nested: ChannelException[Failed to bind to: /127.0.0.1:33321]; "
     "nested: BindException[Address already in use];",
     MESSAGE_IN_USE, "127.0.0.1:33321/tcp"},
    {"org.elasticsearch.transport.BindTransportException: Failed to bind to [9300-9400]", MESSAGE_UNKNOWN, "9300/tcp"},
    {"[2014-06-13 13:03:55,566][WARN ][org.eclipse.jetty.util.component.AbstractLifeCycle] [Primary node] FAILED "
     "SelectChannelConnector@0.0.0.0:9200: java.net.BindException: Address already in use",
     MESSAGE_IN_USE, "0.0.0.0:9200/tcp"},
    {"Caused by: java.io.IOException: Failed to bind to 0.0.0.0/0.0.0.0:8080\nCaused by: java.net.BindException: "
     "Address "
     "already in use",
     MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"java.net.BindException: Address already in use: /0:0:0:0:0:0:0:0:8080", MESSAGE_IN_USE, "[::]:8080/tcp"},
    {"java.net.BindException: Problem binding to [0.0.0.0:50070] java.net.BindException: Address already in use; For "
     "more details see:  http://wiki.apache.org/hadoop/BindException",
     MESSAGE_IN_USE, "0.0.0.0:50070/tcp"},
    {"Error: Exception thrown by the agent : java.rmi.server.ExportException: Port already in use: 9010; nested "
     "exception is: \n        java.net.BindException: Address already in use (Bind failed)",
     MESSAGE_IN_USE, "9010/tcp"},
    {"org.apache.kafka.common.KafkaException: Socket server failed to bind to 0.0.0.0:9092: Address already in use.",
     MESSAGE_IN_USE, "0.0.0.0:9092/tcp"},
    {"ERROR: transport error 202: bind failed: Address already in use\nERROR: JDWP Transport dt_socket failed to "
     "initialize, TRANSPORT_INIT(510)",
     MESSAGE_IN_USE, ""},
    {"Failed to bind to server socket: tcp://0.0.0.0:61616?maximumConnections=1000 due to: java.net.BindException: "
     "Address already in use",
     MESSAGE_IN_USE, "0.0.0.0:61616/tcp"},
    {"java.lang.RuntimeException: Address already in use: localhost/127.0.0.1:7000", MESSAGE_IN_USE,
     "127.0.0.1:7000/tcp"},
    {"java.net.ConnectException: Cannot assign requested address (connect failed)", MESSAGE_NOT_AVAILABLE, "", true},
};

static const struct message_sample others[] = {
    {".../puma/binder.rb:334:in `initialize': Address already in use - bind(2) for \"0.0.0.0\" port 9292 "
     "(Errno::EADDRINUSE)",
     MESSAGE_IN_USE, "0.0.0.0:9292/tcp"},
    {"/usr/lib64/ruby/2.1.0/socket.rb:206:in `bind': Address already in use - bind(2) for 127.0.0.1:7585 "
     "(Errno::EADDRINUSE)",
     MESSAGE_IN_USE, "127.0.0.1:7585/tcp"},
    {"INFO  WEBrick 1.3.1\nWARN  TCPServer Error: Address already in use - bind(2)\nINFO  WEBrick::HTTPServer#start: "
     "pid=23793 port=4567",
     MESSAGE_IN_USE, "4567/tcp"},
    {"Address already in use - \"/tmp/server.sock\" (Errno::EADDRINUSE)", MESSAGE_IN_USE, ""},
    {"Address already in use - connect(2) (Errno::EADDRINUSE)", MESSAGE_IN_USE, "", true},
    {"thread 'main' panicked at 'error binding to 0.0.0.0:4347: error creating server listener: Address already in use "
     "(os error 98)'",
     MESSAGE_IN_USE, "0.0.0.0:4347/tcp"},
    {"panicked at 'Failed to serve: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }', "
     "src/net/server/mod.rs:77:26",
     MESSAGE_IN_USE, ""},
    {"Error: Cannot start UDP server on 127.0.0.1:51820: Address in use (os error 98)", MESSAGE_IN_USE,
     "127.0.0.1:51820/udp"},
    {"Error { repr: Os { code: 49, message: \"Can\\'t assign requested address\" } }", MESSAGE_NOT_AVAILABLE, ""},
    {"System.IO.IOException: Failed to bind to address http://127.0.0.1:5000: address already in use.\n ---> "
     "System.Net.Sockets.SocketException (98): Address already in use",
     MESSAGE_IN_USE, "127.0.0.1:5000/tcp"},
    {"System.IO.IOException: Failed to bind to address https://10.0.0.x:443: address already in use.", MESSAGE_IN_USE,
     "443/tcp"},
    {"Failed to bind to address http://[::]:52353: address already in use.", MESSAGE_IN_USE, "[::]:52353/tcp"},
    {"System.Net.Sockets.SocketException (10048): Only one usage of each socket address (protocol/network "
     "address/port) is normally permitted.",
     MESSAGE_IN_USE, ""},
    {"15:48:53.381 [error] Failed to start Ranch listener 'ejabberd_cowboy_127.0.0.1_8088' in "
     "ranch_tcp:listen([{port,8088},{ip,{127,0,0,1}}]) for reason eaddrinuse (address already in use)",
     MESSAGE_IN_USE, "8088/tcp"},
    {"[error] Running Chat.Endpoint with Cowboy on http://localhost:4000 failed, port already in use", MESSAGE_IN_USE,
     "4000/tcp"},
    {"[Sun May 15 22:48:57 2016] Failed to listen on localhost:8000 (reason: Address already in use)", MESSAGE_IN_USE,
     "8000/tcp"},
    {"[12-Nov-2024 10:08:57] ERROR: unable to bind listening socket for address '127.0.0.1:9000': Address in use (98)",
     MESSAGE_IN_USE, "127.0.0.1:9000/tcp"},
    {"socket_bind(): unable to bind address [98]: Address already in use in /var/www/websockets.php on line 23",
     MESSAGE_IN_USE, ""},
};

static void messages_of_go_are_read(void **state)
{
    (void)state;
    message_sample_check_all(go, MESSAGE_SAMPLE_COUNT(go));
}

static void messages_of_node_are_read(void **state)
{
    (void)state;
    message_sample_check_all(node, MESSAGE_SAMPLE_COUNT(node));
}

static void messages_of_python_are_read(void **state)
{
    (void)state;
    message_sample_check_all(python, MESSAGE_SAMPLE_COUNT(python));
}

static void messages_of_java_are_read(void **state)
{
    (void)state;
    message_sample_check_all(java, MESSAGE_SAMPLE_COUNT(java));
}

static void messages_of_other_languages_are_read(void **state)
{
    (void)state;
    message_sample_check_all(others, MESSAGE_SAMPLE_COUNT(others));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_go_are_read),
        cmocka_unit_test(messages_of_node_are_read),
        cmocka_unit_test(messages_of_python_are_read),
        cmocka_unit_test(messages_of_java_are_read),
        cmocka_unit_test(messages_of_other_languages_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
