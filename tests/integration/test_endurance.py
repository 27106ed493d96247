"""However often things change, the agent holds no more than it needs for what is."""

import contextlib
import unittest

from lab import sockets
from lab.agent import Agent
from lab.footprint import footprint
from lab.pki import Certificate, bcrypt
from lab.secured import write
from lab.settings import Settings, hang_up
from lab.soak import check_steady
from lab.suite import main
from lab.waiting import until

MAX_PORTS = 64
LISTENERS = 500
FIRST_PORT = 10_001
SETS = 4
WAVES = 20
REREADS = 300
GROWTH_KIB = 256


class Endurance(unittest.TestCase):
    def check_repeated(self, agent, count, act):
        """act(number) so often: the second half of it adds nothing to what the agent holds, but for the events."""
        for number in range(count):
            act(number)
            if number == count // 2:
                before = footprint(agent)
        after = until(lambda: (now := footprint(agent)).descriptors <= before.descriptors and now,
                      "no more descriptors are open")
        print(f"{before}, after {count - count // 2 - 1} times more {after}")
        self.assertLess(after.anonymous - before.anonymous, GROWTH_KIB)
        self.assertEqual(after.threads, before.threads)

    def test_ten_thousand_ports_come_and_go(self):
        def come_and_go(wave):
            first = FIRST_PORT + wave % SETS * LISTENERS
            with contextlib.ExitStack() as held:
                for port in range(first, first + LISTENERS):
                    held.enter_context(sockets.listener("127.0.0.1", port, reuseaddr=True))
                agent.next_round()
            agent.next_round()
            self.assertLessEqual(len(agent.json("/api/v1/ports")["ports"]), MAX_PORTS)

        with Agent(f"--max-ports={MAX_PORTS}") as agent:
            self.check_repeated(agent, WAVES, come_and_go)

    def test_the_configuration_is_read_hundreds_of_times(self):
        """With other watches, another certificate and another password each time."""
        settings = Settings(self)
        authority = Certificate(settings.room, "authority", "ca")
        names = ("localhost", "other")
        for name in names:
            Certificate(settings.room, name, "server", authority)
        hashes = [bcrypt(f"password {number}") for number in range(2)]

        def change(number):
            name = names[number % 2]
            write(settings.room / "web.yml", f"tls_server_config:\n  cert_file: {name}.pem\n  key_file: {name}.key\n"
                                             f"basic_auth_users:\n  ann: {hashes[number % 2]}\n")
            settings.write("interval: 50ms", "cpu-budget: 100%", "web.config.file: web.yml",
                           f"watch: [{8001 + number % 7}-8020=free]", f"max-ports: {100 + number % 2}")

        def reread(number):
            change(number)
            hang_up(agent, says="configuration reread")

        change(0)
        with Agent(settings.flag, quick=False, ready=False) as agent:
            self.check_repeated(agent, REREADS, reread)

    def test_a_life_of_one_minute(self):
        check_steady(self, 60, 20)


if __name__ == "__main__":
    main()
