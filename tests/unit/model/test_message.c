#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/message.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What programs print, word by word; "" as endpoint: none is named. */
struct sample {
    const char *text;
    enum message_trouble trouble;
    const char *endpoint;
    bool outgoing;
};

static const struct sample go[] = {
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

static const struct sample containers[] = {
    {"docker: Error response from daemon: driver failed programming external connectivity on endpoint serene_lalande "
     "(08bb0bd9684c0f92db7b736986bf894d3a57a714324405823496d13e175e7491): Error starting userland proxy: Bind for "
     "0.0.0.0:49161 failed: port is already allocated.",
     MESSAGE_IN_USE, "0.0.0.0:49161/tcp"},
    {"(HTTP code 500) server error - driver failed programming external connectivity on endpoint db "
     "(0d28a52286a8d0277723001a45a9abad14a193f196118234948c6d1ead9b5a57): Bind for 0.0.0.0:5436 failed: port is "
     "already allocated",
     MESSAGE_IN_USE, "0.0.0.0:5436/tcp"},
    {"Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use", MESSAGE_IN_USE,
     "0.0.0.0:80/tcp"},
    {"failed to set up container networking: driver failed programming external connectivity on endpoint web "
     "(1dbdc0fe764a): failed to bind host port for 0.0.0.0:53:172.17.0.2:53/udp: address already in use",
     MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"failed to bind host port 0.0.0.0:8080/tcp: address already in use", MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"Ports are not available: exposing port UDP 0.0.0.0:53 -> 0.0.0.0:0: listen udp 0.0.0.0:53: bind: address already "
     "in use",
     MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"Error: rootlessport cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to "
     "/etc/sysctl.conf (currently 1024), or choose a larger port number (>= 1024): listen tcp 0.0.0.0:80: bind: "
     "permission denied",
     MESSAGE_DENIED, "0.0.0.0:80/tcp"},
    {"Unable to listen on port 8080: Listeners failed to create with the following errors: [unable to create listener: "
     "Error listen tcp4 127.0.0.1:8080: bind: address already in use unable to create listener: Error listen tcp6 "
     "[::1]:8080: bind: address already in use]\n"
     "error: unable to listen on any of the requested ports: [{8080 9090}]",
     MESSAGE_IN_USE, "127.0.0.1:8080/tcp"},
    {"\t[ERROR Port-6443]: Port 6443 is in use", MESSAGE_IN_USE, "6443/tcp"},
};

static const struct sample node[] = {
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

static const struct sample python[] = {
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

static const struct sample java[] = {
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

static const struct sample others[] = {
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

static const struct sample servers[] = {
    {"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", MESSAGE_IN_USE, "0.0.0.0:80/tcp"},
    {"nginx: [emerg] bind() to [::]:443 failed (98: Address already in use)", MESSAGE_IN_USE, "[::]:443/tcp"},
    {"nginx: [emerg] bind() to 192.168.1.100:80 failed (99: Cannot assign requested address)", MESSAGE_NOT_AVAILABLE,
     "192.168.1.100:80/tcp"},
    {"nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", MESSAGE_DENIED, "0.0.0.0:80/tcp"},
    {"nginx: [emerg] bind() to unix:/run/nginx.sock failed (98: Address already in use)", MESSAGE_IN_USE, ""},
    {"connect() to 127.0.0.1:9000 failed (99: Cannot assign requested address) while connecting to upstream, client: "
     "10.0.0.7, server: _, upstream: \"fastcgi://127.0.0.1:9000\"",
     MESSAGE_NOT_AVAILABLE, "127.0.0.1:9000/tcp", true},
    {"(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80\nno listening sockets "
     "available, shutting down\nAH00015: Unable to open logs",
     MESSAGE_IN_USE, "[::]:80/tcp"},
    {"(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80", MESSAGE_DENIED,
     "0.0.0.0:80/tcp"},
    {"[ALERT] 213/135403 (26245) : Starting proxy socks5_speed_check: cannot bind socket [0.0.0.0:8889]",
     MESSAGE_UNKNOWN, "0.0.0.0:8889/tcp"},
    {"[ALERT]    (1036) : Starting proxy warelucent: cannot bind socket (Address already in use) [0.0.0.0:5672]",
     MESSAGE_IN_USE, "0.0.0.0:5672/tcp"},
    {"[ALERT]    (91760) : Binding [/usr/local/etc/haproxy.conf:43] for frontend test_frontend: cannot bind socket "
     "(Permission denied) for [172.168.0.11:443]",
     MESSAGE_DENIED, "172.168.0.11:443/tcp"},
    {"[ALERT] (1) : Binding [/etc/haproxy.cfg:34] for frontend web: cannot bind socket (Address already in use) for "
     "[:::80]",
     MESSAGE_IN_USE, "[::]:80/tcp"},
    {"Error adding/updating listener(s) envoy-gateway-proxy-ready-0.0.0.0-19003: cannot bind '0.0.0.0:19003': Address "
     "already in use",
     MESSAGE_IN_USE, "0.0.0.0:19003/tcp"},
    {"ssh.socket: Failed to create listening socket ([::]:22): Address already in use", MESSAGE_IN_USE, "[::]:22/tcp"},
    {"systemd[1]: Failed to create listening socket: Address already in use", MESSAGE_IN_USE, ""},
    {"sshd[812]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.", MESSAGE_IN_USE, "0.0.0.0:22/tcp"},
    {"sshd[98]: error: Bind to port 22 on :: failed: Cannot assign requested address.", MESSAGE_NOT_AVAILABLE,
     "[::]:22/tcp"},
    {"bind [127.0.0.1]:8080: Address already in use\nchannel_setup_fwd_listener_tcpip: cannot listen to port: 8080",
     MESSAGE_IN_USE, "127.0.0.1:8080/tcp"},
    {"bind: Address already in use\nchannel_setup_fwd_listener: cannot listen to port: 8080", MESSAGE_IN_USE,
     "8080/tcp"},
    {"ssh: connect to host 10.0.0.9 port 22: Cannot assign requested address", MESSAGE_NOT_AVAILABLE, "10.0.0.9:22/tcp",
     true},
    {"1:C 05 Jan 2024 10:11:12.123 # Warning: Could not create server TCP listening socket *:6379: bind: Address "
     "already in use",
     MESSAGE_IN_USE, "6379/tcp"},
    {"# Warning: Could not create server TCP listening socket ::1:6379: bind: Cannot assign requested address",
     MESSAGE_NOT_AVAILABLE, "[::1]:6379/tcp"},
    {"2023-07-05 16:16:31.548 UTC [1] LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use\n"
     "2023-07-05 16:16:31.548 UTC [1] HINT:  Is another postmaster already running on port 5432? If not, wait a few "
     "seconds and retry.",
     MESSAGE_IN_USE, "127.0.0.1:5432/tcp"},
    {"LOG:  could not bind IPv4 socket: Can't assign requested address\nHINT:  Is another postmaster already running "
     "on "
     "port 5432? If not, wait a few seconds and retry.",
     MESSAGE_NOT_AVAILABLE, "5432/tcp"},
    {"2019-07-17 00:07:39 23162 [ERROR] Can't start server: Bind on TCP/IP port: Address already in use\n"
     "2019-07-17 00:07:39 23162 [ERROR] Do you already have another mysqld server running on port: 3306 ?",
     MESSAGE_IN_USE, "3306/tcp"},
    {"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5:3306' (99)", MESSAGE_NOT_AVAILABLE,
     "10.0.0.5:3306/tcp", true},
    {"E NETWORK  [initandlisten] listen(): bind() failed errno:98 Address already in use for socket: 0.0.0.0:27017",
     MESSAGE_IN_USE, "0.0.0.0:27017/tcp"},
    {"I CONTROL  [initandlisten] MongoDB starting : pid=7462 port=27017 dbpath=/data/db 64-bit host=db1\n"
     "E STORAGE  [initandlisten] Failed to set up listener: SocketException: Address already in use",
     MESSAGE_IN_USE, "27017/tcp"},
    {"dnsmasq: failed to create listening socket for port 53: Address already in use", MESSAGE_IN_USE, "53/tcp"},
    {"dnsmasq: failed to create listening socket for 127.0.0.1: Address already in use", MESSAGE_IN_USE, ""},
    {"[1649494428] unbound[3438:0] error: can't bind socket: Cannot assign requested address for ::1 port 8953",
     MESSAGE_NOT_AVAILABLE, "[::1]:8953/tcp"},
    {"listening on IPv4 interface lo, 127.0.0.1#53\nbinding UDP socket: address in use", MESSAGE_IN_USE,
     "127.0.0.1:53/tcp"},
    {"TCP/UDP: Socket bind failed on local address [AF_INET]10.8.0.1:1194: Cannot assign requested address (errno=99)",
     MESSAGE_NOT_AVAILABLE, "10.8.0.1:1194/tcp"},
    {"fatal: bind 0.0.0.0 port 25: Address already in use", MESSAGE_IN_USE, "0.0.0.0:25/tcp"},
    {"Failed binding to 0.0.0.0, port 21: Address already in use", MESSAGE_IN_USE, "0.0.0.0:21/tcp"},
    {"Error: service(imap-login): listen(*, 143) failed: Address already in use", MESSAGE_IN_USE, "143/tcp"},
    {"socket bind() to port 25 for address (any IPv4) failed: Address already in use: daemon abandoned", MESSAGE_IN_USE,
     "25/tcp"},
    {"commBind: Cannot bind socket FD 12 to [::]:3128: (98) Address already in use", MESSAGE_IN_USE, "[::]:3128/tcp"},
    {"failed to listen on TCP port 11211: Address already in use", MESSAGE_IN_USE, "11211/tcp"},
    {"1704449472: Opening ipv4 listen socket on port 1883.\n1704449472: Opening ipv4 listen socket on port 8883.\n"
     "1704449472: Error: Address already in use",
     MESSAGE_IN_USE, "8883/tcp"},
    {"socat[31337] E bind(5, {AF=2 0.0.0.0:8080}, 16): Address already in use", MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"socat[98] E bind(5, {AF=10 [0000:0000:0000:0000:0000:0000:0000:0000]:8080}, 28): Address already in use",
     MESSAGE_IN_USE, "[::]:8080/tcp"},
    {"tcpsocket creation failed for port 29015: address already in use.", MESSAGE_IN_USE, "29015/tcp"},
    {"probably another instance of uWSGI is running on the same address (127.0.0.1:3031).\nbind(): Address already in "
     "use [core/socket.c line 769]",
     MESSAGE_IN_USE, "127.0.0.1:3031/tcp"},
    {"ERROR Unable to start the server: Specified port '9000' is already in use", MESSAGE_IN_USE, "9000/tcp"},
    {"bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EADDRINUSE (Address "
     "already in use)",
     MESSAGE_IN_USE, "0.0.0.0:8080/tcp"},
    {"bind(3, {sa_family=AF_INET6, sin6_port=htons(8080), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"::\", "
     "&sin6_addr), sin6_scope_id=0}, 28) = -1 EADDRINUSE (Address already in use)",
     MESSAGE_IN_USE, "[::]:8080/tcp"},
    {"dial tcp 127.0.0.1:0->10.0.0.5:5432: bind: address already in use", MESSAGE_IN_USE, "10.0.0.5:5432/tcp", true},
    {"dial tcp 10.0.0.1:40000->10.0.0.5:5432: connect: cannot assign requested address", MESSAGE_NOT_AVAILABLE,
     "10.0.0.5:5432/tcp", true},
    {"2021/03/31 12:30:13 dial:dial tcp 10.1.2.3:80: connect: cannot assign requested address", MESSAGE_NOT_AVAILABLE,
     "10.1.2.3:80/tcp", true},
    {"dial tcp db.example.com:5432: connect: cannot assign requested address", MESSAGE_NOT_AVAILABLE, "5432/tcp", true},
    {"Error: Failed to bind /dns/localhost/tcp/8080/http. Address already in use (os error 98)", MESSAGE_IN_USE,
     "8080/tcp"},
    {"udp/53: address in use", MESSAGE_IN_USE, "53/udp"},
    {"bind: address in use (port 53, UDP)", MESSAGE_IN_USE, "53/udp"},
    {"[Server thread/INFO]: Starting Minecraft server on *:25565\n[Server thread/WARN]: **** FAILED TO BIND TO PORT!\n"
     "[Server thread/WARN]: The exception was: java.net.BindException: Address already in use\n",
     MESSAGE_IN_USE, "25565/tcp"},
    {"   Listen: [::]:2200 (Stream)\nssh.socket: Failed to listen on sockets: Address already in use", MESSAGE_IN_USE,
     "[::]:2200/tcp"},
    {"hitch[18741]: {backend-connect}: Cannot assign requested address", MESSAGE_NOT_AVAILABLE, "", true},
};

/* Each sign of trouble alone; numbers tell it in every language. */
static const struct sample signs[] = {
    {"EADDRINUSE", MESSAGE_IN_USE, ""},
    {"WSAEADDRINUSE", MESSAGE_IN_USE, ""},
    {"kind: AddrInUse", MESSAGE_IN_USE, ""},
    {"Another program is already listening on a port that one of our HTTP servers is configured to use.",
     MESSAGE_IN_USE, ""},
    {"[Errno 98] Adresse d\303\251j\303\240 utilis\303\251e", MESSAGE_IN_USE, ""},
    {"[Errno 10048] Normalmente solo se permite un uso", MESSAGE_IN_USE, ""},
    {"bind failed with error 10048", MESSAGE_IN_USE, ""},
    {"bind failed, error 98", MESSAGE_IN_USE, ""},
    {"[WinError 10048] Solo se permite un uso de cada direcci\303\263n de socket", MESSAGE_IN_USE, ""},
    {"(10048): Normalerweise darf jede Socketadresse nur einmal verwendet werden", MESSAGE_IN_USE, ""},
    {"(98: Adresse wird bereits verwendet)", MESSAGE_IN_USE, ""},
    {"Die Adresse wird bereits verwendet (os error 98)", MESSAGE_IN_USE, ""},
    {"Die Adresse wird bereits verwendet (errno=98)", MESSAGE_IN_USE, ""},
    {"EADDRNOTAVAIL", MESSAGE_NOT_AVAILABLE, ""},
    {"WSAEADDRNOTAVAIL", MESSAGE_NOT_AVAILABLE, ""},
    {"kind: AddrNotAvailable", MESSAGE_NOT_AVAILABLE, ""},
    {"Address not available", MESSAGE_NOT_AVAILABLE, ""},
    {"The requested address is not valid in its context", MESSAGE_NOT_AVAILABLE, ""},
    {"[Errno 99] ...", MESSAGE_NOT_AVAILABLE, ""},
    {"errno=99", MESSAGE_NOT_AVAILABLE, ""},
    {"os error 99", MESSAGE_NOT_AVAILABLE, ""},
    {"[WinError 10049] ...", MESSAGE_NOT_AVAILABLE, ""},
    {"SocketException (10049)", MESSAGE_NOT_AVAILABLE, ""},
    {"EACCES", MESSAGE_DENIED, ""},
    {"WSAEACCES", MESSAGE_DENIED, ""},
    {"kind: PermissionDenied", MESSAGE_DENIED, ""},
    {"bind: Operation not permitted", MESSAGE_DENIED, ""},
    {"[Errno 13] ...", MESSAGE_DENIED, ""},
    {"errno=13", MESSAGE_DENIED, ""},
    {"os error 13", MESSAGE_DENIED, ""},
    {"[WinError 10013] ...", MESSAGE_DENIED, ""},
    {"SocketException (10013)", MESSAGE_DENIED, ""},
};

/* Which of several things in a line counts. */
static const struct sample choices[] = {
    {"bind 0.0.0.0:80 for the backend port 8081: address in use", MESSAGE_IN_USE, "0.0.0.0:80/tcp"},
    {"tcp proxy: bind 0.0.0.0:53/udp: address in use", MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"address in use: 0.0.0.0:53, neither UDP nor TCP", MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"cannot bind port 22 on 0.0.0.0: in use", MESSAGE_IN_USE, "0.0.0.0:22/tcp"},
    {"in use: port 22 on ::.", MESSAGE_IN_USE, "[::]:22/tcp"},
    {"in use: port 22 on eth0", MESSAGE_IN_USE, "22/tcp"},
    {"Connection in use: ('web-1', 8000)", MESSAGE_IN_USE, "8000/tcp"},
    {"bind [2001:db8::1%eth0]:80: in use", MESSAGE_IN_USE, "80/tcp"},
    {"endpoint udp:161 is in use", MESSAGE_IN_USE, "161/udp"},
    {"could not bind IPv4 address \"127.0.0.1\": in use\nfailed to bind 0.0.0.0:80", MESSAGE_IN_USE, "0.0.0.0:80/tcp"},
    {"peer address 10.0.0.9 seen\naddress in use\nport: 80", MESSAGE_IN_USE, "80/tcp"},
};

/* No endpoint, and no trouble with one. */
static const struct sample nothing[] = {
    {"", MESSAGE_UNKNOWN, ""},
    {"\n\n\n", MESSAGE_UNKNOWN, ""},
    {"8080", MESSAGE_UNKNOWN, ""},
    {"hello", MESSAGE_UNKNOWN, ""},
    {"Server listening on port 8080", MESSAGE_UNKNOWN, ""},
    {"INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", MESSAGE_UNKNOWN, ""},
    {"dial tcp 10.0.0.5:5432: connect: connection refused", MESSAGE_UNKNOWN, ""},
    {"failed to connect to 10.0.0.5:5432: timeout, will listen later", MESSAGE_UNKNOWN, ""},
    {"the user space of a port that is reused", MESSAGE_UNKNOWN, ""},
    {"connect() to 127.0.0.1:8080 failed (13: Permission denied) while connecting to upstream", MESSAGE_UNKNOWN, ""},
    {"  syscall: 'connect',\n  address: '10.0.0.5',\n  port: 5432\n", MESSAGE_UNKNOWN, ""},
    {"  syscall: 'connect'", MESSAGE_UNKNOWN, ""},
    {"this error code 99 of line 98", MESSAGE_UNKNOWN, ""},
};

/* Numbers in a message about a trouble that are none of a port. */
static const struct sample no_port[] = {
    {"sshd[8080]: fatal: Address already in use", MESSAGE_IN_USE, ""},
    {"pid 8080: Address already in use", MESSAGE_IN_USE, ""},
    {"pid:8080 Address already in use", MESSAGE_IN_USE, ""},
    {"app.js:8080: Address already in use", MESSAGE_IN_USE, ""},
    {"at Server.listen (net.js:1447:7) EADDRINUSE", MESSAGE_IN_USE, ""},
    {"src/main.c:80: bind: Address already in use", MESSAGE_IN_USE, ""},
    {"line 8080: Address already in use", MESSAGE_IN_USE, ""},
    {"19:04:12 Address already in use", MESSAGE_IN_USE, ""},
    {"at 19:04 Address already in use", MESSAGE_IN_USE, ""},
    {"port 19:04:12 Address already in use", MESSAGE_IN_USE, ""},
    {"2024-01-05T19:04:12.8080Z Address already in use", MESSAGE_IN_USE, ""},
    {"2001:db8::10:80 Address already in use", MESSAGE_IN_USE, ""},
    {"fe80::80 Address already in use", MESSAGE_IN_USE, ""},
    {"::1 Address already in use", MESSAGE_IN_USE, ""},
    {"1:2:3:4:5:6:7:80 Address already in use", MESSAGE_IN_USE, ""},
    {"52:54:00:12:34:56 Address already in use", MESSAGE_IN_USE, ""},
    {"errno:98 Address already in use", MESSAGE_IN_USE, ""},
    {"errno: -98, code: 98: Address already in use", MESSAGE_IN_USE, ""},
    {"{\"errno\":98,\"fd\":4,\"file_line\":307,\"os_error\":\"Address already in use\"}", MESSAGE_IN_USE, ""},
    {"10.0.0.1 8080 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:0 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:65536 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:080 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:80th Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.256:80 Address already in use", MESSAGE_IN_USE, ""},
    {"v1.2.3.4:80 Address already in use", MESSAGE_IN_USE, ""},
    {"container nginx:80 Address already in use", MESSAGE_IN_USE, ""},
    {"port 80.5 Address already in use", MESSAGE_IN_USE, ""},
    {"port 0x50 Address already in use", MESSAGE_IN_USE, ""},
    {"airport 80, transport 90: Address already in use", MESSAGE_IN_USE, ""},
    {"sin6_port 80, port1, ports 2: Address already in use", MESSAGE_IN_USE, ""},
    {"from 10.0.0.1, 80, 81: Address already in use", MESSAGE_IN_USE, ""},
    {"('10.0.0.1', 80 retries): Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1]:80 Address already in use", MESSAGE_IN_USE, ""},
    {"Server.listen(3000, 128): Address already in use", MESSAGE_IN_USE, ""},
    {"service failed after 16 retries (starting from 4040): Address already in use", MESSAGE_IN_USE, ""},
    {"bind() failed: Address already in use (address-family 2)", MESSAGE_IN_USE, ""},
};

static struct message read_text(const char *text)
{
    struct message message;
    message_read(text, strlen(text), &message);
    return message;
}

static void assert_all(const struct sample *samples, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct message message = read_text(samples[i].text);
        char endpoint[ENDPOINT_TEXT_MAX] = "";
        if (message.has_endpoint)
            endpoint_format(&message.endpoint, endpoint);
        if (message.trouble == samples[i].trouble && strcmp(endpoint, samples[i].endpoint) == 0 &&
            message.outgoing == samples[i].outgoing)
            continue;
        print_error("%s\n  read as \"%s\", trouble %d, outgoing %d\n", samples[i].text, endpoint, message.trouble,
                    message.outgoing);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void messages_of_go_are_read(void **state)
{
    (void)state;
    assert_all(go, COUNT_OF(go));
}

static void messages_of_containers_are_read(void **state)
{
    (void)state;
    assert_all(containers, COUNT_OF(containers));
}

static void messages_of_node_are_read(void **state)
{
    (void)state;
    assert_all(node, COUNT_OF(node));
}

static void messages_of_python_are_read(void **state)
{
    (void)state;
    assert_all(python, COUNT_OF(python));
}

static void messages_of_java_are_read(void **state)
{
    (void)state;
    assert_all(java, COUNT_OF(java));
}

static void messages_of_other_languages_are_read(void **state)
{
    (void)state;
    assert_all(others, COUNT_OF(others));
}

static void messages_of_servers_are_read(void **state)
{
    (void)state;
    assert_all(servers, COUNT_OF(servers));
}

static void each_sign_of_trouble_is_known(void **state)
{
    (void)state;
    assert_all(signs, COUNT_OF(signs));
}

static void what_says_most_of_the_endpoint_counts(void **state)
{
    (void)state;
    assert_all(choices, COUNT_OF(choices));
}

static void what_is_no_trouble_has_no_endpoint(void **state)
{
    (void)state;
    assert_all(nothing, COUNT_OF(nothing));
}

static void a_number_is_a_port_only_where_the_form_says_so(void **state)
{
    (void)state;
    assert_all(no_port, COUNT_OF(no_port));
}

static void letter_case_does_not_matter(void **state)
{
    (void)state;
    struct message message = read_text("LISTEN UDP LOCALHOST:53: BIND: ADDRESS ALREADY IN USE");
    assert_int_equal(message.trouble, MESSAGE_IN_USE);
    assert_true(message.has_endpoint);
    assert_int_equal(message.endpoint.protocol, PROTOCOL_UDP);
    assert_int_equal(message.endpoint.port, 53);
}

static void the_first_line_with_trouble_and_endpoint_counts(void **state)
{
    (void)state;
    const struct sample samples[] = {
        {"open /etc/app.key: permission denied\nlisten tcp :80: bind: address already in use\n"
         "listen tcp :81: bind: permission denied",
         MESSAGE_IN_USE, "80/tcp"},
        {"failed to bind to 0.0.0.0:70\nlisten tcp :80: bind: address already in use", MESSAGE_IN_USE, "80/tcp"},
        {"failed to bind to 0.0.0.0:70\nfailed to bind to 0.0.0.0:80\naddress already in use", MESSAGE_IN_USE,
         "0.0.0.0:70/tcp"},
        {"listening on 127.0.0.1:70\nconnected to 10.0.0.5:5432\nfailed to connect to 10.0.0.6:5432, will listen\n"
         "address already in use\nlistening on 127.0.0.1:71",
         MESSAGE_IN_USE, "127.0.0.1:70/tcp"},
        {"address already in use\r\nlistening on 127.0.0.1:71\r\nlistening on 127.0.0.1:72\r\n", MESSAGE_IN_USE,
         "127.0.0.1:71/tcp"},
    };
    assert_all(samples, COUNT_OF(samples));
}

static void bytes_of_any_kind_are_no_hindrance(void **state)
{
    (void)state;
    static const char text[] = "\0\xff\xfe\x1b[31mlisten tcp :80\0: bind: address already in use\0:81";
    struct message message;
    message_read(text, sizeof(text) - 1, &message);
    assert_int_equal(message.trouble, MESSAGE_IN_USE);
    assert_true(message.has_endpoint);
    assert_int_equal(message.endpoint.port, 80);
}

static double seconds_to_read(const char *pattern, size_t length)
{
    char *text = malloc(length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++)
        text[i] = pattern[i % strlen(pattern)];
    struct timespec begin;
    struct timespec end;
    struct message message;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin), 0);
    message_read(text, length, &message);
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end), 0);
    free(text);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Of a quarter of a mebibyte: linear work takes less than a tenth of a second, quadratic work half a minute. */
static void the_work_is_linear(void **state)
{
    (void)state;
    const char *const patterns[] = {":",     ":1",       "::1:3 ",   "[:",   "]:1 ",     "',1)",
                                    "port ", "port 1x ", "address ", "(98x", "port x\n", "listen ea ::1:3x "};
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        double seconds = seconds_to_read(patterns[i], 1 << 18);
        if (seconds > 5)
            fail_msg("\"%s\" took %.1f s", patterns[i], seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_go_are_read),
        cmocka_unit_test(messages_of_containers_are_read),
        cmocka_unit_test(messages_of_node_are_read),
        cmocka_unit_test(messages_of_python_are_read),
        cmocka_unit_test(messages_of_java_are_read),
        cmocka_unit_test(messages_of_other_languages_are_read),
        cmocka_unit_test(messages_of_servers_are_read),
        cmocka_unit_test(each_sign_of_trouble_is_known),
        cmocka_unit_test(what_says_most_of_the_endpoint_counts),
        cmocka_unit_test(what_is_no_trouble_has_no_endpoint),
        cmocka_unit_test(a_number_is_a_port_only_where_the_form_says_so),
        cmocka_unit_test(letter_case_does_not_matter),
        cmocka_unit_test(the_first_line_with_trouble_and_endpoint_counts),
        cmocka_unit_test(bytes_of_any_kind_are_no_hindrance),
        cmocka_unit_test(the_work_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
