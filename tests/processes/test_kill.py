"""`chatbridge run` as a real process, killed and frozen at random moments while both sides talk."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbridge.cli.demo_stage import eventually

COMPANIES = 4
KILLS = 52
FREEZES = 4


def kill_often(company, seed, kills):
    """Kill and restart the bridge while both sides write; return how often an answer came again."""
    chance = random.Random(seed)
    company.open()
    for turn in range(kills):
        company.talk(f"{turn}", customer=chance.randint(0, 2), agent=chance.randint(0, 2))
        time.sleep(chance.uniform(0, 1.2))
        company.kill_bridge()
        company.start_bridge()
    company.settled(120)
    assert company.stop_bridge() == 0
    return company.check(most_doubled=kills)


def freeze_often(company, seed, freezes):
    """Freeze one of two bridges for longer than a lease, again and again; return the repeats."""
    chance = random.Random(seed)
    company.open()
    pids = [company._bridge.pid, company.start_another().pid]
    for turn in range(freezes):
        frozen = pids[turn % 2]
        company.talk(f"{turn}", customer=2, agent=2)
        time.sleep(chance.uniform(0, 1.0))
        os.kill(frozen, signal.SIGSTOP)
        company.talk(f"{turn}-ice", customer=1, agent=1)
        time.sleep(chance.uniform(1.5, 3.0))
        os.kill(frozen, signal.SIGCONT)
    company.settled(120)
    return company.check(most_doubled=freezes)


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7")
def test_a_killed_bridge_loses_nothing(company):
    """(M5) A few kills at random moments lose no message and double none in Jira."""
    kill_often(company, seed=1, kills=2)


@pytest.mark.fault("F2", "F3", "F36", "F37")
@pytest.mark.invariant("I1", "I2", "I3", "I6", "I7")
@pytest.mark.heavy
def test_hundreds_of_kills_lose_nothing(open_company, record_property, block):
    """(M5) Hundreds of kills at random moments lose no message and double none in Jira."""
    started = time.monotonic()
    companies = [open_company(f"company-{number}") for number in range(COMPANIES)]
    seeds = range(block * COMPANIES, (block + 1) * COMPANIES)
    with ThreadPoolExecutor(COMPANIES) as pool:
        doubled = list(pool.map(kill_often, companies, seeds, [KILLS] * COMPANIES))
    said = sum(len(each.said["customer"]) + len(each.said["agent"]) for each in companies)
    report = (
        f"{COMPANIES * KILLS} kills in {time.monotonic() - started:.0f} s, {said} messages: "
        f"0 lost, 0 leaked, 0 doubled in Jira, {sum(doubled)} shown twice"
    )
    record_property("kills", report)
    sys.stdout.write(report + "\n")


@pytest.mark.heavy
def test_a_bridge_frozen_past_its_lease_goes_on(company):
    """(F6) A bridge that was frozen for longer than a lease goes on, and nothing comes twice."""
    company.open()
    os.kill(company._bridge.pid, signal.SIGSTOP)
    company.talk("slept")
    time.sleep(1.5)
    os.kill(company._bridge.pid, signal.SIGCONT)
    assert company.settled()
    assert company.stop_bridge() == 0
    company.check(most_doubled=0)


@pytest.mark.heavy
def test_frozen_bridges_beside_others_lose_nothing(open_company, record_property):
    """(F6) One of two bridges frozen past its lease: nothing lost, at most one repeat a freeze."""
    companies = [open_company(f"company-{number}") for number in range(3)]
    with ThreadPoolExecutor(len(companies)) as pool:
        doubled = list(pool.map(freeze_often, companies, range(3), [FREEZES * 2] * 3))
    record_property("freezes", f"{FREEZES * 6} freezes, {sum(doubled)} shown twice")


@pytest.mark.heavy
def test_two_bridges_share_one_database(company):
    """(F5) Two bridges on one database carry everything once, and one of them alone goes on."""
    company.open()
    other = company.start_another()
    company.talk("both", customer=3, agent=3)
    assert company.settled()
    company.kill_bridge()
    company.talk("one", customer=1, agent=1)
    assert company.settled()
    other.terminate()
    assert other.wait(30) == 0
    company.check(most_doubled=0)
    assert eventually(lambda: other.poll() is not None)
