"""Faults that the world found once, by the shortest history that shows each."""

from __future__ import annotations

import pytest

from chatbridge.links import Link
from chatbridge.testing.world.histories import History, beginning, run
from chatbridge.testing.world.operations import perform, prepare
from chatbridge.testing.world.stage import SITE, World

FOUND = {
    "who stood still takes away no link that moved with its chat":
        '["opened","webhook",2,false,[["run",0],["arms","malformed",3],["commands",2,"/more"],'
        '["delivers",2],["says",2],["pass",11],["run",0],["pass",130],["migrates"],'
        '["arms","pause",19],["run",0],["run",1],["delivers",2]],"data_center"]',
    "one altered link does not stop the feed of its site":
        '["two","poll",2,false,[["alters","link",0,"tag"],["comments",0],["comments",1]]]',
    "a backup that is put back knows no later move":
        '["group","poll",2,false,[["backs_up"],["migrates"],["run",0],["restores"]]]',
    "a cut-off worker loses no message":
        '["opened","poll",1,false,[["says",0],["arms","cancel",2],["run",0]]]',
    "a cut-off worker loses no comment":
        '["opened","poll",1,false,[["comments",0],["arms","cancel",3],["run",0]]]',
    "who stood still before a write leaves it to the one that took over":
        '["opened","poll",1,false,[["says",0],["arms","pause",12],["run",0]]]',
    "who stood still compares nothing old with a newer record":
        '["opened","poll",1,false,[["says",0],["comments",0],["arms","pause",25],["run",0]]]',
    "a message is not stuck whose request went while its outcome was unknown":
        '["opened","poll",2,false,[["arms","after",4],["deletes",2],["says",0],["run",0]]]',
    "nobody is told of a failure while the outcome is open":
        '["two","poll",2,false,[["replies",1],["arms","late",4],["commands",0,"/status"],'
        '["says",2],["jump",0,90000],["jump",1,90000],["replies",1],["run",2]]]',
    "what is done stays known when its chat moves":
        '["opened","poll",2,false,[["says",2],["arms","after",4],["migrates"],["run",1]]]',
    "an apology finds a chat that moved":
        '["group","webhook",2,false,[["arms","nothing",1],["replies",2],["migrates"],'
        '["delivers",0],["jump",1,300000000.0]]]',
    "agents are told once they can be":
        '["opened","poll",2,false,[["behaves","access",false],["says",1],["blocks",1],["run",0]]]',
    "our own comment does not change the wording of an answer between its parts":
        '["two","poll",2,false,[["says",2],["run",0],["says",0],["replies",2],["says",1],'
        '["comments",1,"long"],["pass",61],["arms","after",19],["run",0]]]',
    "an older comment waits for the parts of a begun one":
        '["opened","poll",1,false,[["run",2],["arms","before",5],["pass",11],'
        '["comments",2,"long"],["run",1],["flips",0,-2]]]',
    "a message ends whose request is linked to the new place of its chat":
        '["opened","webhook",2,false,[["says",2],["says",2],["says",2],["delivers",1],["run",2],'
        '["migrates"],["arms","lost",9],["delivers",2],["stop",2],["delivers",2]]]',
    "a late repeat of a block does not undo the unblock":
        '["group","poll",3,false,[["says",0],["replies",0],["arms","outage",23],["blocks",2],'
        '["run",2],["unblocks",2],["pass",61],["run",1],["pass",130]]]',
    "two processes tell the agents once":
        '["opened","poll",1,false,[["blocks",0],["replies",0],["arms","aside",17],["run",0]]]',
    "a loss is told again where nobody knows whether it was":
        '["opened","poll",2,false,[["behaves","file_limit",20],["says",1],["run",0],'
        '["sends",1,"document"],["arms","nothing",2],["run",2]]]',
    "a request that could be opened in part is linked":
        '["opened","poll",2,false,[["behaves","access",false],["sends",2,"bare photo"],["run",0]]]',
    "a sender is told of a file that was left out, whoever finishes the message":
        '["opened","webhook",2,false,[["arms","late",3],["comments",0,"bare file"],'
        '["sends",2,"document"],["edits",0],["behaves","file_limit",0],["arms","after",11],'
        '["run",0],["delivers",0]]]',
    "who stood still in an edit leaves no older wording":
        '["opened","poll",2,false,[["changes",0,0],["arms","meanwhile",18,["changes",0,0]],'
        '["arms","pause",20],["run",0]]]',
    "a wait is kept that was named for what may fail":
        '["opened","poll",1,false,[["sends",0,"album"],["arms","too_many",8],["run",0]]]',
    "a late word that somebody left does not stop answers to who has written since":
        '["opened","webhook",1,false,[["blocks",0],["arms","before",1],["delivers",0],["says",0],'
        '["delivers",0],["run",0],["pass",3],["delivers",0],["run",0],["comments",0],["run",0]],'
        '"cloud","viber"]',
    "a link keeps no ids of messages that cannot be changed":
        '["opened","webhook",2,false,[["many_comments",0,5],["comments",0,"file"],'
        '["comments",0,"long"],["run",0],["many_comments",0,5]],"cloud","viber"]',
    "a loss is told once the webhook is set again":
        '["opened","webhook",2,false,[["jump",0,300000000.0],["sends",2,"sticker"],'
        '["arms","before",4],["delivers",1],["loses_webhook"],["carries_on",0,600]],'
        '"data_center","viber"]',
    "no note to agents takes the place of another":
        '["opened","webhook",2,false,[["fails",0],["arms","meanwhile",13,["blocks",0]],'
        '["refuses",99],["comments",0,"files"],["run",2],["flips",2,-2],["pass",130],'
        '["arms","outage",24],["run",2],["crash",2],["says",0]],"data_center","viber"]',
    "a request that came in part before time was over is linked":
        '["opened","webhook",1,false,[["jump",1,300000000.0],["run",0],["arms","after",19],'
        '["says",0],["says",0],["delivers",0],["stop",0],["many_comments",0,14],'
        '["sends",2,"sticker"],["run",2],["carries_on",2,600]],"data_center","viber"]',
    "a wait that the site names for a file is kept, and its answer comes once":
        '["opened","webhook",1,true,[["comments",0,"files"],["comments",0,"bare file"],'
        '["arms","too_many",7],["delivers",0],["run",0]]]',
    "a chat that still gets its answers has not joined by them":
        '["opened","webhook",1,false,[["arms","after",4],["comments",0,"files"],["invites",0],'
        '["opens_link",1],["opens_link",0],["delivers",0],["run",0],["delivers",0],["run",0],'
        '["run",0],["arms","before",6],["pass",61],["run",0]],"cloud","viber"]',
    "who joined is told so though nobody heard that the invitation is finished":
        '["opened","webhook",1,false,[["arms","lost",17],["says",1],["invites",0],'
        '["opens_link",1],["delivers",0],["run",0],["delivers",0],["run",0]]]',
    "a request that came without its file is linked though its sender is told at the second try":
        '["opened","poll",2,true,[["run",1],["sends",2,"document"],["run",2],["sets_status",1,'
        '"Waiting for support"],["comments",0,"long"],["comments",1,"restricted"],'
        '["arms","pause",22],["flips",1,0],["comments",2,"restricted"],["sets_status",2,'
        '"Resolved"],["alters","link",2,"format"],["refuses",99],["jump",2,90000],'
        '["carries_on",2,4000]],"data_center","viber"]',
}  # fmt: skip
"""Promise -> the history that once broke it."""


@pytest.mark.parametrize("promise", FOUND)
def test_what_was_found_stays_mended(promise: str) -> None:
    """Each history that once broke an invariant keeps all of them."""
    assert () == run(History.from_text(FOUND[promise])).problems


def test_work_that_is_quicker_than_the_first_look_is_done() -> None:
    """A link that is woken before anybody read the projects is worked on, not dropped."""
    world = prepare(World(beginning("opened", "poll")))
    perform(world, ("comments", 0))
    word = max(world.truth.words)
    engine = world.open_bridge("p0").engine
    engine.work(world.vault.key(Link, SITE, next(iter(world.desk.state.issues))))
    assert 1 == world.truth.shown[word]


@pytest.mark.parametrize("countdown", range(1, 16))
def test_a_look_that_began_too_early_proves_nothing(countdown: int) -> None:
    """Standing still between the look for a late write and its judgement makes no second write."""
    steps = (
        ("says", 0), ("arms", "late", 1), ("run", 0), ("pass", 20), ("stop", 0),
        ("arms", "pause", countdown), ("run", 0),
    )  # fmt: skip
    assert () == run(History(steps)).problems


@pytest.mark.fault("F39")
@pytest.mark.invariant("I7")
@pytest.mark.parametrize("mode", ["before", "after", "lost", "pause", "aside"])
@pytest.mark.parametrize("countdown", [*range(1, 22, 3)])
def test_of_a_doubled_request_one_survives(mode: str, countdown: int) -> None:
    """Whatever fails while a double is repaired, one request is linked and the other says so."""
    steps = (
        ("says", 0), ("arms", "overdue", 1), ("run", 0), ("pass", 130), ("run", 0), ("pass", 11),
        ("run", 0), ("pass", 700), ("arms", mode, countdown), ("run", 0), ("run", 1), ("pass", 61),
        ("run", 1),
    )  # fmt: skip
    assert () == run(History(steps, "nothing", processes=2)).problems
