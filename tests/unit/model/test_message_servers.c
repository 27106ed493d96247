#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "message_sample.h"

static const struct message_sample containers[] = {
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

static const struct message_sample servers[] = {
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

static void messages_of_containers_are_read(void **state)
{
    (void)state;
    message_sample_check_all(containers, MESSAGE_SAMPLE_COUNT(containers));
}

static void messages_of_servers_are_read(void **state)
{
    (void)state;
    message_sample_check_all(servers, MESSAGE_SAMPLE_COUNT(servers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_containers_are_read),
        cmocka_unit_test(messages_of_servers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
